// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Opening the target: the first steps of a connection, and emptying it.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_OPEN_TARGET_H_
#define KEVY_REPLICA_TOOLS_MIRROR_OPEN_TARGET_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"

namespace kevy_replica {

// The facts about a target that a session starts from.
struct OpenedTarget {
  CommandFilter filter;
  PayloadCommandsOptions features;
  bool has_record = false;
  bool is_untold = false;  // As MirrorRecord::is_untold().
  std::vector<ShardRecord> shards;
  // The database must be emptied before the first write: its data is not this
  // mirror's, or is a part of a snapshot. All of `shards` are kLoading then.
  bool empty_first = false;
};

// Asks the target, in this order:
//
//   CLIENT SETNAME, ID, LIST, KILL  ends older connections of this mirror,
//                                   whose commands may still be on their way
//   SWAPDB, SELECT, FLUSHDB ASYNC   only with a spare database: OpenSpare()
//   COMMAND                         the known commands
//   HGETALL <position key>          the record
//   HSET, HDEL <position key>       stores or clears a reason to stop
//   DBSIZE                          only if there is no record
//   INFO memory                     warns if keys may be evicted
//
// The readers' data stays as it is.
//
// Returns:
//   an OpenedTarget      go on from there
//   kFailedPrecondition  the data must not be replaced, or the mirror has
//                        stopped here before; the message names the remedy
//   other errors         CheckedLink::Ask()'s
absl::StatusOr<OpenedTarget> OpenTarget(const MirrorOptions& options,
                                        CheckedLink* link, MirrorState* state);

// Steps of OpenTarget(), for each node of a cluster. Errors:
// CheckedLink::Ask()'s.
//
// Gives the connection its name, and ends the others of this name. A killed
// mirror may have sent commands that the server has yet to read.
absl::Status EndOlderConnections(const MirrorOptions& options,
                                 CheckedLink* link);
// Warns once if the target may drop keys by itself.
absl::Status CheckEviction(const MirrorOptions& options, CheckedLink* link,
                           MirrorState* state);

// Reads the record over `link`, and stores or clears a reason to stop. A record
// that --replace allows to replace does not exist. `in_slots`: the target is a
// cluster. `count_keys` counts all keys of the target; it is called if there is
// no record.
//
// Returns:
//   a record             go on
//   kFailedPrecondition  as OpenTarget()
//   other errors         CheckedLink::Ask()'s; those of `count_keys`
absl::StatusOr<MirrorRecord> OpenRecord(
    const MirrorOptions& options, bool in_slots, CheckedLink* link,
    MirrorState* state,
    const std::function<absl::StatusOr<int64_t>()>& count_keys);

// The commands that a target with `table` lets a snapshot use.
PayloadCommandsOptions FeaturesOf(const MirrorOptions& options,
                                  const CommandTable& table);

// Deletes all keys of the selected database and writes a new record, in one
// transaction. With `in_spare` that is the spare database. A target without
// memory (OOM) executes no transaction: the keys are then deleted before it,
// unless `in_spare`.
//
// Returns:
//   OK                   the database holds the record alone
//   kFailedPrecondition  the target refuses
//   other errors         CheckedLink::Ask()'s
absl::Status EmptyTarget(const MirrorOptions& options, bool in_spare,
                         CheckedLink* link);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_OPEN_TARGET_H_
