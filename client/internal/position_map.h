// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Positions by name, as the stores hold them.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_POSITION_MAP_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_POSITION_MAP_H_

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/position_store.h"

namespace kevy_replica {
namespace client_internal {

using PositionMap = std::map<std::string, FeedPosition, std::less<>>;

// As PositionStore::Load() and Store(). A malformed name is kInvalidArgument,
// and leaves `*map` unchanged.
absl::StatusOr<std::optional<FeedPosition>> FindPosition(
    const PositionMap& map, absl::string_view name);
absl::Status UpdatePositions(absl::Span<const NamedPosition> positions,
                             PositionMap* map);

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_POSITION_MAP_H_
