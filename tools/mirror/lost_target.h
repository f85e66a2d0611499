// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A target without the mirror's record.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_LOST_TARGET_H_
#define KEVY_REPLICA_TOOLS_MIRROR_LOST_TARGET_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/mirror_state.h"

namespace kevy_replica {

// A change of a target: its key is not there any more.
inline constexpr absl::string_view kRecordGone =
    "it came back empty, or the key was evicted or deleted";

// "shard-0 at 7:39, shard-1 at 8:2": the positions in the target, as far as the
// mirror knows. Empty: none.
std::string HeldPositions(const MirrorState& state);

// The end of a session whose target has lost the record, by
// MirrorOptions::on_lost_target. `change` is the cause.
//
// Returns:
//   kAborted             load everything; `*state` says so
//   kFailedPrecondition  stop; the message names the held positions
absl::Status LostTarget(const MirrorOptions& options, MirrorState* state,
                        absl::string_view change);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_LOST_TARGET_H_
