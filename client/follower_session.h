// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A replica's state over the time of many links, without I/O and without a
// clock: which position to resume from, when to connect again, what to
// acknowledge and what to store. For Follower and Fleet, for an event loop of
// your own, and for tests that own time, chance and the network.
//
// It is to links what Session is to one, and built like it: getters tell,
// Handle...() says what happened, Poll...() asks what is to be done. A turn of
// an event loop (follower_session_example_test.cc has all of it):
//
//   if (session.PollLink(now) != link) {  // Another connection, or none.
//     transport = nullptr;
//     link = session.PollLink(now);
//     if (link != 0) Connect();  // Then HandleConnected(now), or
//   }                            // HandleConnectFailed(status).
//   while (const FollowerEvent* event = session.PollEvent(now)) {
//     StoreDue();    // PollStore(), HandleStored()
//     Take(*event);  // And HandleApplied(), now or later.
//   }
//   StoreDue();
//   if (session.PollTransmit(now, &out)) Write(out);
//   if (session.PollLink(now) == link) WaitUntil(session.PollTimeout());
//
// and behind a wait HandleRead(n, now), HandleEof(), HandleFailure(status) or
// HandleTimeout(now). After HandleStop() PollTransmit() comes first, since the
// next PollEvent() ends the link; then turns as before, until done().
//
// When a link ends, RecommendedAction() of how it ended says what follows:
//
// | action             | the next link starts | after a wait, drawn evenly   |
// |                    | from                 | from 0 to                    |
// |--------------------|----------------------|------------------------------|
// | none (closed);     | the applied position | initial_backoff; twice that  |
// | reconnect; and     |                      | at each further link without |
// | every timeout      |                      | a delivery; max_backoff at   |
// |                    |                      | most                         |
// | resync             | {0, 0}: what is held | the same                     |
// |                    | is of no known       |                              |
// |                    | history              |                              |
// | back off           | the applied position | max_backoff; but as the      |
// |                    |                      | first where another protocol |
// |                    |                      | worked, and this is the      |
// |                    |                      | first refusal                |
//
// A delivery is a frame, a whole snapshot, or a heartbeat outside of one.

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_SESSION_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {

// `SessionOptions::from` is where the first link starts; `heartbeat_timeout` is
// 5 seconds here.
struct FollowerSessionOptions : SessionOptions {
  FollowerSessionOptions() { heartbeat_timeout = absl::Seconds(5); }

  // The ends of the exponential backoff, each more than 0.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(30);
  // The least time between two stores of the position while it moves. Zero:
  // after every batch of frames.
  absl::Duration store_interval = absl::Seconds(1);
  // Whether what is held is gone as soon as a snapshot begins, since it is
  // loaded over it. The position is then {0, 0}, and stored as that before the
  // snapshot is handed over, until all of it is applied.
  bool snapshot_in_place = false;
  // Whether the primary is told what is applied. If not, its WAIT does not
  // count this replica: for onlookers, who hold nothing.
  bool acknowledge = true;
  // A number from 0 up to, not including, 1: for backoff. Must be set.
  std::function<double()> random;
};

// The primary has answered: what comes next starts at `from`, or is a snapshot.
struct LinkUp {
  HandshakeAnswer answer;
  FeedPosition from;
};

// A link has ended, or could not be made.
struct LinkDown {
  absl::Status status;  // OK: the primary has closed, cleanly.
  LinkEnd end = LinkEnd::kClosed;
  int attempt = 0;  // The next one's number since the last delivery: 1, 2...
  absl::Duration retry_in;  // Infinite: it was stopped.
};

// See FollowerHandler::OnReset() and OnSnapshotVoid().
struct HistoryReset {};
struct SnapshotVoid {};

// Frames that follow each other, one or more; what `Session` and
// `StreamDecoder` know; and what only a follower does.
using FollowerEvent = std::variant<absl::Span<const FrameView>, Heartbeat,
                                   HistoryReset, SnapshotBegin, SnapshotChunk,
                                   SnapshotEnd, SnapshotVoid, LinkUp, LinkDown>;

// Not thread-safe.
class FollowerSession {
 public:
  // Begins at `options.from`. An id that cannot be sent ends it at once.
  FollowerSession(FollowerSessionOptions options, absl::Time now);
  FollowerSession(const FollowerSession&) = delete;
  FollowerSession& operator=(const FollowerSession&) = delete;

  // ---- Getters.

  // Whether it has ended, and all events were polled.
  bool done() const { return state_ == State::kDone; }
  // Whether it is at its end, though not all events may have been polled.
  bool stopping() const {
    return state_ == State::kStopping || state_ == State::kDone;
  }
  // What HandleStop() was given, or why it ended by itself (kInvalidArgument).
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return status_;
  }

  // What is resumed from, acknowledged and stored. The generation is 0 where it
  // is not known: see Session::position().
  const FeedPosition& applied() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return applied_;
  }
  // Where the stream stands behind the last event: applied(), where there is
  // no stream.
  FeedPosition received() const;

  // Whether HandleApplied() is still to come for something.
  bool awaits_applied() const {
    return !in_snapshot_ &&
           (snapshot_unapplied_ || applied_.next_offset != handed_end_);
  }

  // Whether applied() is other than what was last stored, and is to be stored.
  // (With protocol 1 it is not, while it is not known yet to be of the history
  // that was resumed from.)
  bool store_pending() const {
    return applied_ != stored_ && claimed_generation_ == 0;
  }

  // Memory held for input: none while there is no connection, nor one wanted.
  size_t memory_bytes() const {
    return session_.has_value() ? session_->memory_bytes() : 0;
  }

  // All but since_last_byte, which is counted from last_byte().
  FollowerStats stats() const;
  const std::optional<absl::Time>& last_byte() const
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return last_byte_;
  }

  // ---- What happened.

  // The connection that PollLink() wanted stands, or could not be made. A
  // status of code kInvalidArgument (an address that is none) ends the
  // follower.
  void HandleConnected(absl::Time now);
  void HandleConnectFailed(const absl::Status& status);

  // As in Session. Without a connection there is no room, and nothing happens.
  absl::Span<char> PrepareRead(size_t min = 1) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  void HandleWaiting(absl::Time now);
  void HandleRead(size_t n, absl::Time now);
  void HandleEof();
  // Reading or writing failed.
  void HandleFailure(const absl::Status& status);

  // The time that PollTimeout() told has come (earlier calls do no harm).
  void HandleTimeout(absl::Time now);

  // Everything below `next_offset`, of what was handed out as events, is
  // applied. Changes nothing if it is more than that, or less than before. It
  // counts after the link's end too, but not what is lost or replaced:
  //   - after LinkEnd::kOffsetGap nothing does;
  //   - from SnapshotBegin to SnapshotEnd nothing does, and behind it only what
  //     it or later events brought;
  //   - a snapshot must be applied before its link ends: else it is void, which
  //     SnapshotVoid tells; and since it may have been applied all the same,
  //     what is held counts as nothing: the next link starts from {0, 0}.
  // The last event stays valid.
  void HandleApplied(uint64_t next_offset);

  // One past the last offset that was handed out and that HandleApplied() may
  // tell.
  uint64_t handed_end() const { return handed_end_; }

  // `position`, which PollStore() told, is stored. The last event stays valid.
  void HandleStored(const FeedPosition& position, absl::Time now);

  // Follow another primary, as after a failover, from the applied position on:
  // ends the link, and connects without a wait.
  void HandleRetarget();

  // Ends the follower with `status`. Then PollTransmit() gives the last
  // acknowledgement, PollStore() the last position, and PollEvent() what the
  // application has to know; then done().
  void HandleStop(const absl::Status& status);

  // ---- What to do. In the order of these functions, until PollEvent() has no
  // more.

  // The number of the connection that should stand now, or be made; 0: none.
  // Another number than before asks for another connection.
  uint64_t PollLink(absl::Time now);

  // Replaces `*out` with bytes to be sent now, and returns whether there are
  // any. Call it before each wait, as Session::PollTransmit().
  bool PollTransmit(absl::Time now, std::string* out);

  // Whether a snapshot or the link's end is what comes next. For those who
  // gather frames: once PollEvent() has told it, HandleApplied() may come too
  // late for what was handed out before. PollEvent() is to follow: the last
  // event does not stay valid.
  bool PollFramesEnd();

  // The next event, or null. It is valid until the next call of PollEvent(),
  // PollLink(), PrepareRead() or HandleRead().
  const FollowerEvent* PollEvent(absl::Time now) ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The position to be stored now, if any: it has moved, and `store_interval`
  // has passed, or it must not wait. To be asked before an event is handed on,
  // too: see FollowerSessionOptions::snapshot_in_place. The last event stays
  // valid.
  std::optional<FeedPosition> PollStore(absl::Time now) const;

  // When to call HandleTimeout() and all Poll...() again, if nothing else
  // happens before: absl::InfiniteFuture() if never.
  absl::Time PollTimeout() const;

 private:
  enum class State : uint8_t {
    kWaiting,     // For `retry_at_`.
    kConnecting,  // PollLink() has asked for a connection.
    kLinked,
    kStopping,  // HandleStop() was called.
    kDone,
  };

  void BeginLink();
  void Peek();
  // Each returns whether there is an event for the application.
  bool PollLinkUp(absl::Time now);
  bool PollStream(absl::Time now);
  bool TakeFrames(absl::Span<const FrameView> frames);
  bool HandOut(absl::Span<const FrameView> frames);
  bool TakeHeartbeat(const Heartbeat& heartbeat);
  bool IsForeign(uint64_t generation);
  bool TakeSnapshotBegin();
  bool TakeSnapshotEnd(const SnapshotEnd& end);
  void NoteGeneration();
  void ClaimNothing();
  void LoseClaim();
  void ResumeClaim();
  // To the session.
  void PassOnApplied();
  void HoldNothing();
  void EndLink(const absl::Status& status, absl::Time now);
  absl::Duration Backoff(const absl::Status& status);

  const FollowerSessionOptions options_;
  State state_ = State::kWaiting;
  absl::Status status_;
  absl::Time retry_at_;
  uint64_t link_ = 0;
  std::optional<Session> session_;  // From connecting to the link's end.
  // Why the link ends, where that is not the session's to tell.
  std::optional<absl::Status> link_status_;
  bool retargeted_ = false;
  std::optional<Protocol> protocol_;  // The one that worked last.
  int attempt_ = 0;

  FeedPosition applied_;
  FeedPosition stored_;
  absl::Time last_store_;
  bool store_now_ = false;
  // With protocol 1 a link says only by its first heartbeat what it is of:
  // until then, what `applied_` was of before it, to be compared.
  uint64_t claimed_generation_ = 0;
  // Frames were handed out meanwhile: what is held now may be of two histories.
  // That is told by a heartbeat, or not at all, within `heartbeat_timeout`.
  bool beyond_claim_ = false;
  absl::Time linked_at_;
  // HandleApplied() takes what lies between these two. `applied_` is of the
  // same history, unless a snapshot was handed out that is not applied yet.
  uint64_t handed_begin_ = 0;
  uint64_t handed_end_ = 0;
  bool snapshot_unapplied_ = false;
  // What was handed out by a link that has ended, on top of nothing that was
  // applied, is of this generation.
  uint64_t handed_generation_ = 0;
  // What was held is of no known history, or was to be dropped, and nothing was
  // applied since: `applied_` is {0, 0}, of no generation.
  bool holds_nothing_ = false;

  // Of the link.
  bool linked_ = false;        // LinkUp was handed out.
  bool starts_fresh_ = false;  // From {0, 0}, and nothing has come.
  bool in_snapshot_ = false;
  absl::Span<const FrameView> held_back_;  // Until HistoryReset is taken.
  // What Peek() has got from the session: one of them, or nothing.
  absl::Span<const FrameView> next_frames_;
  const StreamEvent* next_event_ = nullptr;

  FollowerEvent event_;
  // To be handed out.
  bool snapshot_void_ = false;
  std::optional<LinkDown> link_down_;

  FollowerStats stats_;
  std::optional<absl::Time> last_byte_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_SESSION_H_
