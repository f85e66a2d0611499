// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/feed_position.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/decimal.h"

namespace kevy_replica {

std::string ToString(const FeedPosition& position) {
  return absl::StrCat(position.generation, ":", position.next_offset);
}

void AppendText(const FeedPosition& position, std::string* out) {
  absl::StrAppend(out, position.generation, ":", position.next_offset);
}

std::optional<FeedPosition> ParseFeedPosition(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> generation =
      internal::ParseDecimal(text.substr(0, colon));
  const std::optional<uint64_t> offset =
      internal::ParseDecimal(text.substr(colon + 1));
  if (!generation.has_value() || !offset.has_value()) return std::nullopt;
  return FeedPosition{*generation, *offset};
}

}  // namespace kevy_replica
