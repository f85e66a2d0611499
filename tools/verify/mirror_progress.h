// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The mirror's progress through the primary's writes.
//
//   MirrorProgress progress(options, &primary, &target);
//   absl::Status status = progress.Begin(0);
//   ...                          // Read from the primary.
//   const auto token = progress.Token();
//   status = progress.WaitFor(*token);
//   ...                          // The target has all that was read.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_MIRROR_PROGRESS_H_
#define KEVY_REPLICA_TOOLS_VERIFY_MIRROR_PROGRESS_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/verify/server.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

struct MirrorProgressOptions {
  // The key of the mirror's record in the target.
  std::string position_key = "kevy_mirror";
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
//                        shards
class MirrorProgress {
 public:
  MirrorProgress(MirrorProgressOptions options, Server* primary,
                 Server* target);

  // Takes the number of shards from the primary's token, and reads the record.
  // `shards` must be that number, or 0.
  absl::Status Begin(size_t shards);

  // REPL.TOKEN: the ends of the primary's shards.
  absl::StatusOr<ReplicationToken> Token();

  // Waits until the target holds every shard up to `token`. If the mirror
  // follows another history than the token's, takes a new token: the primary
  // has begun a new one, after FLUSHALL or a failover. kDeadlineExceeded if the
  // record does not change for `timeout`.
  absl::Status WaitFor(ReplicationToken token);

  // Whether the target holds every shard up to `begin`, and none beyond `end`,
  // without waiting. A null `end` is no limit.
  absl::StatusOr<bool> IsBetween(const ReplicationToken& begin,
                                 const ReplicationToken* end);

  const std::string& position_key() const { return options_.position_key; }

 private:
  absl::StatusOr<MirrorRecord> Record();

  const MirrorProgressOptions options_;
  Server* const primary_;
  Server* const target_;
  size_t shards_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_MIRROR_PROGRESS_H_
