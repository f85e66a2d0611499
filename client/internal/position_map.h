// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

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

// As PositionStore's Load() and Store(): kInvalidArgument for what is no name,
// with `*map` as it was.
absl::StatusOr<std::optional<FeedPosition>> FindPosition(
    const PositionMap& map, absl::string_view name);
absl::Status UpdatePositions(absl::Span<const NamedPosition> positions,
                             PositionMap* map);

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_POSITION_MAP_H_
