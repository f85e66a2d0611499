// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/slot_mark.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/mirror_record.h"

namespace kevy_replica {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

}  // namespace

std::string ToString(const SlotMark& mark) {
  return mark.loading ? absl::StrCat(kLoading, " ", mark.next)
                      : ToString(FeedPosition{mark.generation, mark.next});
}

std::optional<SlotMark> ParseSlotMark(absl::string_view text) {
  SlotMark mark;
  if (absl::ConsumePrefix(&text, kLoading)) {
    if (!absl::ConsumePrefix(&text, " ") ||
        !absl::SimpleAtoi(text, &mark.next)) {
      return std::nullopt;
    }
    return mark;
  }
  const std::optional<FeedPosition> position = ParseFeedPosition(text);
  if (!position.has_value()) return std::nullopt;
  mark.loading = false;
  mark.generation = position->generation;
  mark.next = position->next_offset;
  return mark;
}

std::string SlotKey(absl::string_view position_key, uint16_t slot) {
  return absl::StrCat(position_key, ":{", SlotTag(slot), "}");
}

bool IsSlotKey(absl::string_view position_key, absl::string_view key) {
  return absl::ConsumePrefix(&key, position_key) && absl::StartsWith(key, ":{");
}

std::string DecidedField(size_t shard) {
  return absl::StrCat("decided-", shard);
}

SlotMarks::SlotMarks(size_t shards)
    : marks_(shards, std::vector<SlotMark>(kSlots)), decided_(shards) {}

int64_t SlotMarks::decided(size_t shard, uint16_t slot) const {
  const auto& all = decided_[shard];
  const auto found =
      std::lower_bound(all.begin(), all.end(), std::make_pair(slot, kLeast));
  return found != all.end() && found->first == slot ? found->second : 0;
}

void SlotMarks::set_decided(size_t shard, uint16_t slot, int64_t decided) {
  auto& all = decided_[shard];
  const auto found =
      std::lower_bound(all.begin(), all.end(), std::make_pair(slot, kLeast));
  if (found != all.end() && found->first == slot) {
    found->second = decided;
  } else if (decided != 0) {
    all.insert(found, {slot, decided});
  }
}

void SlotMarks::Reset(size_t shard, const SlotMark& mark) {
  marks_[shard].assign(kSlots, mark);
  decided_[shard].clear();
}

}  // namespace kevy_replica
