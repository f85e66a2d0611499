// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A mirror over the time of one connection to its target.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/frame_rewriter.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/snapshot_loader.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Writes the events of all shards to one MirrorTarget. Their handlers share one
// thread. The target's calls:
//
//   handler(i)->OnReset()        Empty(), if the target must be empty
//     OnFrames(), OnFlush()      Add() or PassOver(), Send(); Commit(), then
//                                applied(i, offset)
//   handler(i)->OnSnapshot...()  the same, SnapshotLoader, StorePosition(); and
//                                Swap() behind the last snapshot
//   handler(i)->OnHeartbeat()    StorePosition(), if its generation is new
//   Finish()                     End()
//
// Invariants:
//
// 1. The target stays as it is until a snapshot's payload header has been read.
// 2. applied(i, offset) follows only when the target holds shard i up to there,
//    with the position.
// 3. A shard's field of the record begins with "loading" from the first command
//    of a new history until the target holds it up to a position.
// 4. A shard that needs a new history while the target holds data ends the
//    session if there are several shards (MirrorState::reload). All are loaded
//    again, because one shard's keys cannot be told from another's: kevy does
//    not document the rule by which it chooses a key's shard, and neither a
//    snapshot's record nor a frame tells it.
// 5. A record that differs from the session's own memory ends the session,
//    before anything is written. The record is right: it was stored with the
//    data. So a target that has gone back, to a lagging replica say, is resumed
//    from its own position. A record that is gone, or that tells of a snapshot
//    that is not whole, is a lost target: see OnLostTarget.
// 6. With a spare database a new history goes there, and the readers' database
//    keeps the old one. The two are swapped when each shard is whole: its
//    snapshot has ended; or, of a history without a snapshot, a heartbeat has
//    found it caught up.
class MirrorSession {
 public:
  // Over an opened target. `counters` and `state` must outlive the session.
  static std::unique_ptr<MirrorSession> Create(
      std::unique_ptr<MirrorTarget> target, const MirrorOptions& options,
      MirrorCounters* counters, MirrorState* state);

  // Over one server: ServerTarget::Open(), then Create(). After a broken link
  // the target connects again by itself: the primaries' links stay.
  static absl::StatusOr<std::unique_ptr<MirrorSession>> Open(
      TargetConnector connect, std::shared_ptr<Interrupter> interrupter,
      const MirrorOptions& options, MirrorCounters* counters,
      MirrorState* state);
  ~MirrorSession();

  // Waits for the replies of the executing transaction, if any, and notes in
  // the record that all is told. A command that the target has rejected there
  // is an error, as in the handlers. After an error of a handler, returns it.
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

  // The first error of a handler. kAborted: open a new session.
  const absl::Status& status() const { return status_; }

 private:
  class Shard;

  MirrorSession(std::unique_ptr<MirrorTarget> target,
                const MirrorOptions& options, MirrorCounters* counters,
                MirrorState* state);

  absl::Status KeepAlive();
  void TakePrimary(const Primary& primary);
  void CountReason(size_t shard, const FrameView& frame,
                   const Rewriting& rewriting);
  absl::Status ApplyDeadlines(PassedDeadlines* deadlines, uint64_t offset);
  absl::Status BeginHistory(Shard* shard);
  absl::Status EmptyDatabase();
  absl::Status SwapIfWhole();
  absl::Status StoreField(Shard* shard, absl::string_view value);
  absl::Status StorePosition(Shard* shard, const FeedPosition& position);
  void Stored(size_t shard, const FeedPosition& position);

  const std::unique_ptr<MirrorTarget> target_;
  const MirrorOptions options_;
  MirrorCounters* const counters_;
  MirrorState* const state_;
  FrameRewriter rewriter_;
  uint64_t now_ms_ = 0;  // When the frames at hand were delivered.
  std::vector<std::unique_ptr<Shard>> shards_;
  // Whether the target was sent something since the last heartbeat.
  bool used_since_heartbeat_ = false;
  absl::Status status_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_
