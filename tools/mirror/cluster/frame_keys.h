// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The keys of a command.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_FRAME_KEYS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_FRAME_KEYS_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/command_table.h"

namespace kevy_replica {

// The places of the keys in `argv`, ascending, by the target's own description.
// Empty: the target does not know the command, it has none, or they cannot be
// told.
std::vector<size_t> KeyPlaces(absl::Span<const absl::string_view> argv,
                              const CommandTable& table);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_FRAME_KEYS_H_
