// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A mirror over the time of one connection to its target.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/tools/common/payload_commands.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/open_target.h"
#include "kevy_replica/tools/mirror/snapshot_loader.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/mirror/transactions.h"

namespace kevy_replica {

// Writes the events of all shards to one target. The shards take turns on its
// one link. Their handlers share one thread.
//
//   MirrorSession::Open()        OpenTarget(): checks, positions
//   handler(i)->OnReset()        EmptyTarget(), if the database must be empty
//     OnFrames(), OnFlush()      Transactions, then applied(i, offset)
//   handler(i)->OnSnapshot...()  EmptyTarget(), SnapshotLoader, the position
//   handler(i)->OnHeartbeat()    the position, if its generation is new
//   Finish()                     the last replies
//
// Invariants:
//
// 1. Either transactions or a snapshot's commands are on their way. Each waits
//    for the other's replies before it sends.
// 2. applied(i, offset) follows only when the target holds shard i up to there,
//    with the position.
// 3. A shard's field of the record is "loading" from the first command of a new
//    history until the target holds it up to a position.
// 4. A shard that needs a new history while the target holds data ends the
//    session if there are several shards (MirrorState::reload). All are loaded
//    again, because one shard's keys cannot be told from another's.
class MirrorSession {
 public:
  // Opens the target: see OpenTarget() for the errors. `counters` and `state`
  // must outlive the session.
  static absl::StatusOr<std::unique_ptr<MirrorSession>> Open(
      std::unique_ptr<TargetLink> link, const MirrorOptions& options,
      MirrorCounters* counters, MirrorState* state);
  ~MirrorSession();

  // Waits for the replies of the executing transaction, if any. A command that
  // the target has rejected there is an error, as in the handlers.
  // Precondition: the handlers get no more events.
  absl::Status Finish();

  // The shard's position in the target. {0, 0}: a fresh start.
  const FeedPosition& position(size_t shard) const;
  FollowerHandler* handler(size_t shard);

  // The callbacks. Set all of them before the first event.
  //
  // The target holds the shard up to `next_offset`.
  std::function<void(size_t shard, uint64_t next_offset)> applied;
  // A handler is about to return an error: end all shards.
  std::function<void()> failed;
  // A primary has closed its link.
  std::function<void()> closed;

  // Not OK from the link's first error on: open a new session.
  const absl::Status& link_status() const { return link_->status(); }

 private:
  class Shard;

  MirrorSession(std::unique_ptr<CheckedLink> link, const MirrorOptions& options,
                const OpenedTarget& opened, MirrorCounters* counters,
                MirrorState* state);

  absl::Status Settle();
  absl::Status BeginHistory(Shard* shard);
  absl::Status StoreField(Shard* shard, absl::string_view value);
  absl::Status StorePosition(Shard* shard, const FeedPosition& position);
  void Stored(size_t shard, const FeedPosition& position);

  const std::unique_ptr<CheckedLink> link_;
  const MirrorOptions options_;
  MirrorCounters* const counters_;
  MirrorState* const state_;
  const PayloadCommands::Target features_;
  CommandFilter filter_;
  bool empty_first_;  // As OpenedTarget::empty_first, until it is done.
  Transactions transactions_;
  LoadQueue load_queue_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_
