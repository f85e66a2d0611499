// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/position_store.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/position_map.h"
#include "kevy_replica/codec/escape.h"

namespace kevy_replica {

void AppendText(const NamedPosition& named, std::string* out) {
  absl::StrAppend(out, named.name, "=");
  AppendText(named.position, out);
}

absl::Status CheckPositionName(absl::string_view name) {
  const auto fits = [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\'';
  };
  if (!name.empty() && std::all_of(name.begin(), name.end(), fits)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a position's name must be of printable ASCII without "
                   "spaces and quotes: ",
                   Escaped(name)));
}

namespace client_internal {

absl::StatusOr<std::optional<FeedPosition>> FindPosition(
    const PositionMap& map, absl::string_view name) {
  if (absl::Status status = CheckPositionName(name); !status.ok()) {
    return status;
  }
  const auto found = map.find(name);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

absl::Status UpdatePositions(absl::Span<const NamedPosition> positions,
                             PositionMap* map) {
  for (const NamedPosition& p : positions) {
    if (absl::Status status = CheckPositionName(p.name); !status.ok()) {
      return status;
    }
  }
  for (const NamedPosition& p : positions) (*map)[p.name] = p.position;
  return absl::OkStatus();
}

}  // namespace client_internal

struct InMemoryPositionStore::State {
  std::mutex mutex;
  client_internal::PositionMap positions;
};

InMemoryPositionStore::InMemoryPositionStore()
    : state_(std::make_unique<State>()) {}

InMemoryPositionStore::~InMemoryPositionStore() = default;

absl::StatusOr<std::optional<FeedPosition>> InMemoryPositionStore::Load(
    absl::string_view name) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return client_internal::FindPosition(state_->positions, name);
}

absl::Status InMemoryPositionStore::Store(
    absl::Span<const NamedPosition> positions) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return client_internal::UpdatePositions(positions, &state_->positions);
}

}  // namespace kevy_replica
