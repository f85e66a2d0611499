// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reloading into a spare database, which is swapped in when it is whole.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_SWAP_DATABASE_H_
#define KEVY_REPLICA_TOOLS_MIRROR_SWAP_DATABASE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_state.h"

namespace kevy_replica {

// MirrorOptions::swap_database is the spare database, MirrorOptions::database
// the readers'. The steps of a reload:
//
// | call            | readers' database | spare database                  |
// |-----------------|-------------------|---------------------------------|
// | OpenSpare()     | old data, record  | emptied, if a mirror left data  |
// | EnterSpare()    | the same          | selected                        |
// | EmptyTarget()   | the same          | a new record, with spare_of     |
// | snapshots       | the same          | new data, record                |
// | SwapDatabases() | new data, record  | old data, with spare_of alone;  |
// |                 |                   | then emptied by FLUSHDB ASYNC   |
//
// SwapDatabases() is one transaction up to the semicolon.
//
// Invariants:
//
// 1. The spare database is emptied only if it has the field spare_of, with the
//    number of the readers' database, at the position key. No other program's
//    keys are deleted.
// 2. The record is a key of its database, so data and position are swapped
//    together. A mirror that is killed at any step resumes from the record in
//    the readers' database, the old one or the new one.
// 3. MirrorState::in_spare tells which of the two the link has selected.
//
// The target holds both copies until the swap: it needs twice the memory. It
// frees the old one on a thread of its own.
//
// Every function returns:
//   OK                   done
//   kFailedPrecondition  the target cannot swap, or the spare database holds
//                        other keys; the message names the remedy
//   other errors         CheckedLink::Ask()'s

// The contents of the spare database.
enum class SpareContent : uint8_t {
  kEmpty,
  kNewData,  // Of a reload that is not whole.
  kOldData,  // Of the time before a swap.
  kForeign,  // Keys that this mirror did not write.
};

// Precondition: the spare database is selected.
absl::StatusOr<SpareContent> ReadSpare(const MirrorOptions& options,
                                       CheckedLink* link);

// The error of a spare database that is kForeign.
absl::Status ForeignSpare(const MirrorOptions& options);

// Goes on over a new link. Without `in_spare`: checks that the target can swap,
// and empties the spare database. With it: selects the spare database; if the
// target has executed SwapDatabases(), completes that instead.
absl::Status OpenSpare(const MirrorOptions& options, CheckedLink* link,
                       MirrorState* state);

// Selects the spare database, for EmptyTarget() to begin with.
absl::Status EnterSpare(const MirrorOptions& options, CheckedLink* link,
                        MirrorState* state);

// Swaps the two databases, selects the readers', and empties the spare one.
// Does nothing if `in_spare` is false, so it may be repeated.
absl::Status SwapDatabases(const MirrorOptions& options, CheckedLink* link,
                           MirrorState* state);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_SWAP_DATABASE_H_
