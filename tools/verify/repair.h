// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Rewrites a key of the target from the primary.
//
// The mirror goes on while it happens, so a repair must not undo a frame that
// the mirror has applied, nor bring a frame that the mirror will apply again.
// Both hold if the written value is the primary's at the position in the
// mirror's record. One try:
//
//   primary  WATCH key                   1. no write may come until 5.
//   primary  REPL.TOKEN                  2. all its writes lie before this
//   target   (wait for the mirror)          the record has reached the token
//   primary  (read the value)
//   target   WATCH record key, HGETALL   4. the position may not move any more
//   primary  MULTI, PING, EXEC           5. runs only if the key stood still:
//                                           it has this value at the position
//   target   MULTI, the value, EXEC      6. runs only if position and key stood
//                                           still
//
// If the position moves before EXEC, 4. and 6. are tried again while it is not
// beyond a token that was taken after the value was read: the key stood still
// up to there.
//
// A value over 1 MiB is sent to the target between 4. and 5., piece by piece.
// Otherwise nothing is written, and it is tried again.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_REPAIR_H_
#define KEVY_REPLICA_TOOLS_VERIFY_REPAIR_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/verify/mirror_progress.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {

// The number of tries for one key.
inline constexpr int kMaxRepairs = 50;

// Makes the target's key equal to the primary's, or deletes it if the primary
// lacks it, in one transaction. Needs the memory of Walk(), and 1 MiB.
// The target's server holds the whole transaction.
//
// Left out: the time that a stream's consumer was last seen; deadlines of hash
// fields, unless both sides know them; what a target cannot hold, as a pending
// entry without its message.
//
// Returns:
//   ""            the key is repaired
//   a reason      it is not. `kMaxRepairs` tries met newer writes, or a side
//                 refuses a command: the target's key is as it was, unless the
//                 refused command is one of the transaction's
//   other errors  Server's and MirrorProgress's
absl::StatusOr<std::string> RepairKey(absl::string_view key,
                                      MirrorProgress* progress, Server* primary,
                                      Server* target);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_REPAIR_H_
