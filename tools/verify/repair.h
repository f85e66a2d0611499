// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Rewrites a key of the target from the primary.
//
// The mirror goes on while it happens, so a repair must not undo a frame that
// the mirror has applied, nor bring a frame that the mirror will apply again.
// Both hold if the written value is the primary's at the position in the
// mirror's record. One try:
//
//   1. primary  WATCH key                 no write may come until 6.
//   2. primary  REPL.TOKEN                all its writes lie before this
//   3. target   wait for the mirror       the record has reached the token
//   4. primary  read the value
//   5. target   WATCH record key, HGETALL the position may not move any more
//   6. primary  MULTI, PING, EXEC         runs only if the key stood still: it
//                                         has this value at the position
//   7. target   MULTI, the value, EXEC    runs only if record and key stood
//                                         still
//
// If 5. or 7. fail because the position has moved, they are tried again while
// it is not beyond a second token, which is taken after 4.: the key stood still
// up to there. If another step fails, nothing is written, and all is tried
// again. A value over 1 MiB is sent to the target during 4., piece by piece,
// behind 5. In a cluster the key of the slot's position stands in the place of
// the record's.

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
