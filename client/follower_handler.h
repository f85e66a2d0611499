// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What a follower hands over: the writes of a primary, to be applied.
//
//   class Index : public FollowerHandler {
//    public:
//     absl::Status OnFrames(absl::Span<const FrameView> frames,
//                           const FeedPosition&) override {
//       for (const FrameView& frame : frames) Apply(frame.argv());
//       return absl::OkStatus();  // All of them are applied.
//     }
//     absl::Status OnReset() override { return Clear(); }
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
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"

namespace kevy_replica {

// All calls come from the thread that runs the follower, one at a time, in the
// order of the stream. While one lasts nothing is read: a slow handler slows
// the primary, by TCP's own means, and no memory grows. (A primary of kevy
// closes a replica that lets 4 MiB pile up; the follower then resumes.)
//
// OK from OnFrames() and OnSnapshotEnd() says: applied. That position is what
// is acknowledged, stored, and resumed from. A handler that hands its work on
// sets FollowerOptions::applied_on_return to false and calls
// Follower::Applied() when it is done; it then has to know that what it has got
// but not applied comes again when the link was down: frames (see OnLinkUp),
// and a snapshot whole (OnSnapshotVoid tells).
//
// An error stops the follower with that status: what the call handed over
// counts as not applied. OnSnapshotVoid() and OnLinkDown() may still come, and
// change nothing about that status. (But for a ReplicaErrorKind::kPayload, as
// from a PayloadDecoder of the handler's own: that is the primary's, and ends
// the link.)
//
// `position` is where the stream stands behind what is handed over. A handler
// that keeps it with its data, in one transaction, and gives it to the next
// follower as FollowerOptions::from, applies every write exactly once. Its
// generation is 0 where it is not known yet; OnHeartbeat() then tells it.
//
// That holds with protocol 2. With protocol 1, kevy before 4.0, the generation
// is unknown at the start of every link, and a history that changed while there
// was none is noticed only by the first heartbeat: a handler that is killed
// before it may go on in another history, unnoticed. Primaries that send no
// heartbeats, 2.0.20, cannot tell histories apart at all.
//
// Views are valid until the call returns.
class FollowerHandler {
 public:
  virtual ~FollowerHandler() = default;

  // Frames that follow each other: at least one.
  virtual absl::Status OnFrames(absl::Span<const FrameView> frames,
                                const FeedPosition& position) = 0;

  // No more frames are at hand: called once behind OnFrames(), before the
  // follower waits, hands over anything else, or stops. For those who gather
  // frames, over several calls, to apply them together: now is the time. They
  // set `applied_on_return` to false.
  virtual absl::Status OnFlush() { return absl::OkStatus(); }

  // The primary's history follows from its very first write on, without a
  // snapshot: what is held, if anything, is to be dropped. (Older primaries do
  // so while their backlog still has it all.)
  virtual absl::Status OnReset() = 0;

  // A snapshot: its chunks' bytes, joined, are the payload. At its end they
  // replace what is held, as a whole. Until then what was held must stand,
  // unless FollowerOptions::snapshot_in_place is set.
  //
  // With FollowerOptions::decode_snapshots OnPayload() gets the payload's
  // events, from PayloadHeader to PayloadEnd, in the chunks' place. One that
  // cannot be read ends the link with a ReplicaErrorKind::kPayload.
  virtual absl::Status OnSnapshotBegin() = 0;
  virtual absl::Status OnSnapshotChunk(absl::string_view /*bytes*/) {
    return absl::UnimplementedError("OnSnapshotChunk() of this handler");
  }
  virtual absl::Status OnPayload(const PayloadEvent& /*event*/) {
    return absl::UnimplementedError("OnPayload() of this handler");
  }
  virtual absl::Status OnSnapshotEnd(const FeedPosition& position) = 0;
  // The link has ended inside the snapshot, or before it was applied: what has
  // come of it is void, and another will come.
  virtual absl::Status OnSnapshotVoid() { return absl::OkStatus(); }

  virtual absl::Status OnHeartbeat(const Heartbeat& /*heartbeat*/,
                                   const FeedPosition& /*position*/) {
    return absl::OkStatus();
  }

  // The primary has answered. Frames go on from `link.from`, or from what was
  // applied since that was asked for: a handler that holds later ones, not
  // applied yet, is given those again. (Or a snapshot comes.)
  virtual void OnLinkUp(const LinkUp& /*link*/) {}
  // A link has ended, or could not be made. Behind LinkEnd::kOffsetGap what is
  // held is of no known history, until a snapshot or OnReset() comes: a handler
  // that keeps the position with its data should forget it here.
  virtual void OnLinkDown(const LinkDown& /*link*/) {}
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_HANDLER_H_
