// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Receives a primary's writes, snapshots and links.
//
//   class Index : public FollowerHandler {
//    public:
//     absl::Status OnFrames(absl::Span<const FrameView> frames,
//                           const FeedPosition&) override {
//       for (const FrameView& frame : frames) Apply(frame.argv());
//       return absl::OkStatus();  // All of them are applied.
//     }
//     absl::Status OnReset(const FeedPosition&) override { return Clear(); }
//     absl::Status OnSnapshotBegin() override { return loading_.Clear(); }
//     absl::Status OnSnapshotChunk(absl::string_view bytes) override {
//       return loading_.Add(bytes);
//     }
//     absl::Status OnSnapshotEnd(const FeedPosition&) override {
//       return ReplaceBy(&loading_);
//     }
//   };

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_HANDLER_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_HANDLER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"

namespace kevy_replica {

// All calls come from the follower's thread, one at a time, in the order of the
// stream. Reading waits until a call returns: a slow handler slows its stream
// through TCP, and memory does not grow. The primary goes on, and sends a
// snapshot if its backlog no longer reaches back to this reader. (An embedded
// writer closes a replica that lets 4 MiB pile up; the follower then resumes.)
//
// Time chart of the calls:
//
//   OnPrimary, OnNoPrimary        with kevy:// only; at any time between others
//   OnLinkUp                      a primary answered
//     OnReset                     at most once, before the first OnFrames
//     OnFrames, OnFlush           OnFlush after the last OnFrames at hand
//     OnHeartbeat                 between any two others, snapshots included
//     OnSnapshotBegin
//       OnSnapshotChunk; or OnRecords and OnPayload
//     OnSnapshotEnd
//     OnSnapshotVoid              instead of OnSnapshotEnd; or after it, if the
//                                 snapshot was not applied when the link ended
//   OnLinkDown                    also after a failed attempt, without OnLinkUp
//
// OK from OnFrames() and OnSnapshotEnd() means applied: that position is
// acknowledged, stored and resumed from. A handler that applies elsewhere sets
// FollowerOptions::applied_on_return to false and calls Follower::Applied().
// After a link's end it gets delivered but unapplied frames again (see
// OnLinkUp), and an unapplied snapshot as a new one (OnSnapshotVoid tells).
//
// An error stops the follower with that status, and the call's data counts as
// not applied. OnSnapshotVoid() and OnLinkDown() may still follow; the first
// error stays. After Follower::Stop() an error of these two is that of Run().
// An error of ReplicaErrorKind::kPayload, as from the handler's own
// PayloadDecoder, is the primary's fault: it ends only the link.
//
// `position` is the position behind the delivered data. A handler that stores
// it with its data, in one transaction, and gives it to the next follower as
// FollowerOptions::from, applies every write exactly once. Its generation is 0
// while it is unknown; OnHeartbeat() then tells it.
//
// With protocol 1 (kevy before 4.0) the generation is unknown at the start of
// every link, and only a heartbeat tells it. A handler that is killed before
// the first heartbeat may resume in another history, unnoticed. With 2.0.20,
// which does not send heartbeats, this may happen at every link.
//
// Views are valid until the call returns.
class FollowerHandler {
 public:
  virtual ~FollowerHandler() = default;

  // One or more frames with consecutive offsets.
  virtual absl::Status OnFrames(absl::Span<const FrameView> frames,
                                const FeedPosition& position) = 0;

  // The frames at hand were delivered. Called once after OnFrames(), before the
  // follower waits, delivers anything else, or stops. A handler that gathers
  // frames over several calls applies them now; it sets `applied_on_return` to
  // false.
  virtual absl::Status OnFlush() { return absl::OkStatus(); }

  // A history follows from its first write on, without a snapshot: drop the
  // held data. (Primaries before 5.0 do this while their backlog holds the
  // whole history.) `position` is {its generation, 0}; the generation is 0
  // while it is unknown.
  virtual absl::Status OnReset(const FeedPosition& position) = 0;

  // A snapshot: its chunks' bytes, joined, are the payload. At its end it
  // replaces the held data as a whole. Until then the held data must stand,
  // unless SnapshotOptions::in_place is set.
  //
  // With SnapshotPolicy::kRecords, OnPayload() gets the payload's events, from
  // PayloadHeader to PayloadEnd and the PayloadTrailer behind it, instead of
  // chunks. A payload that cannot be read ends the link with
  // ReplicaErrorKind::kPayload. A handler that overrides OnRecords() gets most
  // records there, many in one call, and all other events by OnPayload():
  // cut records, streams, field expiries, the header and the end.
  virtual absl::Status OnSnapshotBegin() = 0;
  virtual absl::Status OnSnapshotChunk(absl::string_view /*bytes*/) {
    return absl::UnimplementedError(
        "a snapshot's bytes came: override OnSnapshotChunk(), or set "
        "snapshots.policy to kRecords and override OnPayload()");
  }
  virtual absl::Status OnPayload(const PayloadEvent& /*event*/) {
    return absl::UnimplementedError(
        "a snapshot's records came: override OnPayload(), or set "
        "snapshots.policy to kChunks and override OnSnapshotChunk()");
  }
  // Default: calls OnPayload() for each event of the records, up to its first
  // error.
  virtual absl::Status OnRecords(absl::Span<const PayloadRecord> records);
  virtual absl::Status OnSnapshotEnd(const FeedPosition& position) = 0;
  // The link ended inside the snapshot, or before it was applied: the snapshot
  // is void, and another one follows.
  virtual absl::Status OnSnapshotVoid() { return absl::OkStatus(); }

  // The primary is alive, and tells its own next offset.
  virtual absl::Status OnHeartbeat(const Heartbeat& /*heartbeat*/,
                                   const FeedPosition& /*position*/) {
    return absl::OkStatus();
  }

  // With kevy://: the primary was found, has moved, or its warning has changed.
  // Links to it follow. Each shard's handler gets this call.
  virtual void OnPrimary(const Primary& /*primary*/) {}
  // With kevy://: no node is the primary now. `status` tells each node's
  // answer, or names those that all claim that role. The search goes on. Comes
  // again when that text changes.
  virtual void OnNoPrimary(const absl::Status& /*status*/) {}

  // The primary has answered. Frames go on at `link.from`, or at the offset
  // applied since: a handler that holds later, unapplied frames gets them
  // again. Or a snapshot follows.
  virtual void OnLinkUp(const LinkUp& /*link*/) {}
  // A link ended, or an attempt at one failed. After link.resync the held data
  // does not count, until a snapshot or OnReset(): a handler that stores the
  // position with its data stores {0, 0} here.
  virtual absl::Status OnLinkDown(const LinkDown& /*link*/) {
    return absl::OkStatus();
  }
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_HANDLER_H_
