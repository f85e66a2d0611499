// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The mirror's progress through the primary's writes.
//
//   MirrorProgress progress(options, &primary, &target);
//   absl::Status status = progress.Begin(0);
//   ...                          // Read from the primary.
//   const auto token = progress.Token();
//   status = progress.WaitFor(*token, {"cart:7"});
//   ...                          // The target has all of the key's writes.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_MIRROR_PROGRESS_H_
#define KEVY_REPLICA_TOOLS_VERIFY_MIRROR_PROGRESS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/verify/server.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

struct MirrorProgressOptions {
  // The key of the mirror's record in the target.
  std::string position_key = "kevy_mirror";
  // The target is a cluster: each slot has a position of its own. Default:
  // false.
  bool is_cluster = false;
  // The longest wait without a change of the record.
  absl::Duration timeout = absl::Seconds(30);
  // Ends a wait. Must be set.
  std::shared_ptr<Interrupter> interrupter;
};

// Errors of all functions: Server's, and
//
//   kFailedPrecondition  the primary does not know REPL.TOKEN (kevy before
//                        3.0); the target has no mirror's record, or that of a
//                        mirror that has stopped, or of another number of
//                        shards; a slot lacks its position
class MirrorProgress {
 public:
  MirrorProgress(MirrorProgressOptions options, Server* primary,
                 Server* target);

  // Takes the number of shards from the primary's token, and reads the record.
  // `shards` must be that number, or 0.
  absl::Status Begin(size_t shards);

  // REPL.TOKEN: the ends of the primary's shards.
  absl::StatusOr<ReplicationToken> Token();

  // Waits until the target holds the writes of `keys` in every shard up to
  // `token`: all writes of all keys, or in a cluster those of the keys' slots.
  // If the mirror follows another history than the token's, takes a new token:
  // the primary has begun a new one, after FLUSHALL or a failover.
  // kDeadlineExceeded if no position changes for `timeout`.
  absl::Status WaitFor(ReplicationToken token,
                       absl::Span<const std::string> keys);

  // Whether the target holds the writes of `key` in every shard up to `begin`,
  // and none beyond `end`, without waiting. A null `end` is no limit.
  absl::StatusOr<bool> IsBetween(const ReplicationToken& begin,
                                 const ReplicationToken* end,
                                 absl::string_view key);

  // The key of the target that changes with each frame that the mirror applies
  // to `key`: the record's, or in a cluster the one of the key's slot.
  std::string PositionKeyOf(absl::string_view key) const;

  // Whether the mirror keeps a position at this key of the target.
  bool IsOwnKey(absl::string_view key) const;

 private:
  absl::StatusOr<MirrorRecord> Record();
  // The position of each shard at each of `places`, results of
  // PositionKeyOf().
  absl::StatusOr<std::map<std::string, std::vector<ShardRecord>>> Positions(
      const std::set<std::string>& places);
  // Receives the marks of a slot, and puts them into the shards that have their
  // positions in the slots.
  absl::Status ReceiveMarks(const std::string& place,
                            std::vector<ShardRecord>* shards);

  const MirrorProgressOptions options_;
  Server* const primary_;
  Server* const target_;
  size_t shards_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_MIRROR_PROGRESS_H_
