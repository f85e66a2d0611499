// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A replica's state over many links, without I/O and without a clock. It
// decides where the next link starts and when to connect. It decides which
// offset to acknowledge and which position to store.
//
// Follower and Fleet drive it. Use it directly in an event loop of your own, or
// in tests that own time, chance and the network. For one link alone use
// Session. follower.h has a table: which class is yours.
//
// It is built like Session: a. getters, b. Handle...(), c. Poll...(). One turn
// of an event loop (all of it in follower_session_example_test.cc):
//
//   if (session.PollLink(now) != link) {  // A new number, or 0.
//     transport = nullptr;    // Politely: see polite_end.h.
//     link = session.PollLink(now);
//     if (link != 0) Connect();  // Then HandleConnected(now), or
//   }                            // HandleConnectFailed(status).
//   while (const FollowerEvent* event = session.PollEvent(now)) {
//     StoreDue();    // PollStore(), then HandleStored().
//     Take(*event);  // HandleApplied() follows, now or later.
//   }
//   StoreDue();
//   if (session.PollTransmit(now, &out)) Write(out);
//   if (session.PollLink(now) == link) WaitUntil(session.PollTimeout());
//
// After the wait: HandleRead(n, now), HandleEof(), HandleFailure(status) or
// HandleTimeout(now). After HandleStop(), call PollTransmit() before the next
// PollEvent(), which ends the link. Then go on with turns until done().
//
// Order of polling: 1. PollLink(), 2. PollEvent() with PollStore() for each
// event, 3. PollStore(), 4. PollTransmit(), 5. PollTimeout().
//
// When a link ends, RecommendedAction() of its status decides:
//
// | action             | next link starts at | wait: evenly from 0 to         |
// |--------------------|---------------------|--------------------------------|
// | closed cleanly,    | applied position    | initial_backoff, doubled for   |
// | reconnect, and     |                     | each attempt since the waits   |
// | every timeout      |                     | began anew, up to max_backoff  |
// | resync, and the    | {0, 0}              | the same                       |
// | second stall at    |                     |                                |
// | one position       |                     |                                |
// | back off           | applied position    | max_backoff. (The first        |
// |                    |                     | refusal after another protocol |
// |                    |                     | has worked waits only as long  |
// |                    |                     | as a reconnect: the primary    |
// |                    |                     | may have been replaced.)       |
// | locate primary     | applied position    | none: HandleLocated() begins   |
// |                    |                     | the next link                  |
//
// A limit that was passed (LimitName()) would be passed again: the wait is then
// max_backoff, undrawn.
//
// The waits begin anew with a link that delivered something, and then lived
// longer than the last wait. But an error at the same position as an earlier
// one, and a resync that follows a resync, only end with a link that delivered
// something a minute or more ago. Deliveries are frames, a whole snapshot, and
// a heartbeat outside a snapshot.
//
// A snapshot is costly. Once two in a row did not lead to such a minute, the
// next fresh start waits until max_backoff after the last one was connected.
// So does a resume after a snapshot that broke off, and after a link that began
// with a snapshot. HandleRetarget() ends this spacing. HandleLocated() ends it
// unless the last snapshot broke off.
//
// States, each with the held data's states that it can have:
//
//   waiting     for the time of the next attempt. Held: any but Unconfirmed.
//   connecting  PollLink() asked for a connection. Held: as waiting.
//   linked      A connection stands; events come once the primary has answered.
//               Held: any; a snapshot may be arriving or unapplied.
//   stopping    HandleStop() was called. Last events and positions remain.
//               Held: any; after the link's end Nothing, Fresh, At or Unknown.
//   done        All events were polled. Final.
//
//   waiting -> connecting [PollLink()] -> linked [HandleConnected()]
//   linked -> connecting [PollLink(), for the other protocol]
//   connecting, linked -> waiting [PollEvent(), which returns LinkDown]
//   connecting, linked -> stopping [PollEvent(), after kInvalidArgument]
//   any -> stopping [HandleStop()] -> done [PollEvent()]
//
// The held data's own states are in holding.h.

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_SESSION_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/holding.h"
#include "kevy_replica/client/internal/backoff.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/retry_options.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"

namespace kevy_replica {
namespace client_testing {
class TestAccess;
}  // namespace client_testing

struct FollowerSessionOptions {
  FollowerSessionOptions() { link.heartbeat_timeout = absl::Seconds(5); }

  // link.heartbeat_timeout is 5 s by default: see FollowerOptions.
  LinkOptions link;
  // Where the first link starts. Default: {0, 0}, a fresh start.
  FeedPosition from;
  RetryOptions retry;
  // The shortest time between two stores of a moving position. Zero: a store
  // after every batch of frames. Default: 1 s.
  absl::Duration store_interval = absl::Seconds(1);
  // The session acts on `in_place` alone. Its events carry a snapshot's bytes;
  // `policy` and `now_ms` are for the loop that takes them.
  SnapshotOptions snapshots;
  // Whether applied offsets are acknowledged to the primary, so that its WAIT
  // counts this replica. False for an observer. Default: true.
  bool acknowledge = true;
};

// Not thread-safe.
class FollowerSession {
 public:
  // An id that cannot be sent ends it at once.
  FollowerSession(FollowerSessionOptions options, absl::Time now);
  FollowerSession(const FollowerSession&) = delete;
  FollowerSession& operator=(const FollowerSession&) = delete;

  // ---- Getters.

  // Whether it has ended and all events were polled.
  bool done() const { return state_ == State::kDone; }
  // Whether it is ending. Events may remain to be polled.
  bool stopping() const {
    return state_ == State::kStopping || state_ == State::kDone;
  }
  // The status of HandleStop(), or kInvalidArgument if it ended by itself.
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return status_;
  }

  // The held data's position: resumed from, acknowledged and stored. Its
  // generation is 0 where it is unknown: see Session::position().
  const FeedPosition& applied() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return held_.position();
  }
  // The position behind the last event, or applied() without a stream.
  FeedPosition received() const;

  // Whether it waits for the time of the next attempt at a link.
  bool waiting() const { return state_ == State::kWaiting; }

  // How the last link, or the last attempt at one, has ended: the status of its
  // LinkDown. OK before that.
  const absl::Status& last_link_status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return last_link_status_;
  }

  // Whether delivered data waits for HandleApplied().
  bool awaits_applied() const { return held_.awaits_applied(); }

  // Whether a snapshot is being delivered, or is not applied yet.
  bool in_snapshot() const {
    return held_.snapshot() != Holding::Snapshot::kNone;
  }

  // Whether the position to store differs from the stored one. False while the
  // generation is unconfirmed (protocol 1 before its first heartbeat).
  bool store_pending() const {
    return held_.storable().value_or(stored_) != stored_;
  }

  // One past the last delivered offset: the most that HandleApplied() accepts.
  uint64_t delivered_end() const { return held_.delivered_end(); }

  // Memory for input. Zero without a connection.
  size_t memory_bytes() const {
    return session_.has_value() ? session_->memory_bytes() : 0;
  }

  // All but since_last_byte, which counts from last_byte().
  FollowerStats stats() const;
  const std::optional<absl::Time>& last_byte() const
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return last_byte_;
  }

  // ---- Input.

  // The connection of PollLink() stands, or could not be made. kInvalidArgument
  // (an unusable address) ends the follower.
  void HandleConnected(absl::Time now);
  void HandleConnectFailed(const absl::Status& status);

  // As in Session. Without a connection they are ignored, and the room is
  // empty.
  absl::Span<char> PrepareRead(size_t min = 1,
                               SharedReadBuffer* shared = nullptr)
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  void GiveBack(SharedReadBuffer* shared);
  StreamDecoder::CutElement cut() const {
    return session_.has_value() ? session_->cut() : StreamDecoder::CutElement();
  }
  void HandleWaiting(absl::Time now);
  void HandleRead(size_t n, absl::Time now);
  void HandleEof();
  // Reading or writing failed.
  void HandleFailure(const absl::Status& status);

  // The time of PollTimeout() has come. Earlier calls are harmless.
  void HandleTimeout(absl::Time now);

  // All delivered data below `next_offset` is applied. Ignored: an offset
  // beyond delivered_end(), or not beyond an earlier one. It counts after the
  // link's end, too, with these exceptions:
  //   - after LinkDown::resync and after LinkUp from {0, 0}: offsets of
  //     earlier data;
  //   - from SnapshotBegin to SnapshotEnd; behind SnapshotEnd, offsets below
  //     the snapshot's;
  //   - a snapshot must be applied before its link ends. Otherwise it is void
  //     (SnapshotVoid), and the next link is a fresh start, since the handler
  //     may apply it all the same.
  // The last event stays valid.
  void HandleApplied(uint64_t next_offset);

  // `position`, told by PollStore(), is stored. The last event stays valid.
  void HandleStored(const FeedPosition& position, absl::Time now);

  // Starts at `position` instead of FollowerSessionOptions::from. Ignored
  // unless waiting(), and once a primary has answered.
  void HandleStart(const FeedPosition& position);

  // The node is not the primary; `status` has the kind kNotPrimary. Ends the
  // link, and keeps the held data. HandleLocated() and HandleRetarget()
  // connect again, nothing else does. Without a link it only stops the
  // attempts.
  void HandleNotPrimary(const absl::Status& status);

  // Ends the link and connects at once, to another primary, from the applied
  // position.
  void HandleRetarget();
  // The same for a primary that was located, not chosen by the user: the next
  // link may have to wait, as the spacing of snapshots says.
  void HandleLocated();

  // Ends the follower with `status`. PollTransmit() then returns the last
  // acknowledgement, PollStore() the last position, PollEvent() the last
  // events; then it is done(). Another call before that replaces OK only.
  void HandleStop(const absl::Status& status);

  // ---- Work.

  // The number of the connection that should stand or be made, or 0. A new
  // number asks for a new connection.
  uint64_t PollLink(absl::Time now);

  // As Session::PollTransmit().
  bool PollTransmit(absl::Time now, std::string* out);

  // Whether the next event is a snapshot's begin or the link's end. After that
  // event HandleApplied() may be too late for frames delivered before: a
  // handler that gathers frames applies them now. The last event becomes
  // invalid.
  bool PollFramesEnd();

  // The next event, or null. Valid until the next PollEvent(), PollLink(),
  // PollFramesEnd(), PrepareRead() or HandleRead().
  [[nodiscard]] const FollowerEvent* PollEvent(absl::Time now)
      ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The position to store now. It has moved, and `store_interval` has passed,
  // or it must be stored before the last event is delivered (the held data is
  // lost). The last event stays valid.
  std::optional<FeedPosition> PollStore(absl::Time now) const;

  // When to call HandleTimeout() and all Poll...() again, unless input comes
  // before. absl::InfiniteFuture(): only input counts.
  absl::Time PollTimeout() const;

 private:
  friend class client_testing::TestAccess;

  enum class State : uint8_t {
    // A link ended, or the first is due. Next: kConnecting, kStopping.
    kWaiting,
    // PollLink() asked for a connection. Next: kLinked, kWaiting, kStopping.
    kConnecting,
    // A connection stands. Next: kConnecting, kWaiting, kStopping.
    kLinked,
    // HandleStop() was called. Next: kDone.
    kStopping,
    // All events were polled. Final.
    kDone,
  };

  // kInternal, naming the first invariant that does not hold. For tests.
  absl::Status CheckInvariants() const;

  // Whether the primary has answered.
  bool answered() const {
    return session_.has_value() && session_->answer().has_value();
  }

  void BeginLink();
  void Peek();
  // Each returns whether event_ must be delivered.
  bool PollLinkUp(absl::Time now);
  bool PollStream(absl::Time now);
  bool TakeEvent(const StreamEvent& event);
  bool TakeFrames(absl::Span<const FrameView> frames);
  bool Deliver(absl::Span<const FrameView> frames);
  bool TakeHeartbeat(const Heartbeat& heartbeat);
  bool TakeSnapshotBegin();
  bool TakeSnapshotEnd(const SnapshotEnd& end);
  // Returns false if the held data has another generation than the stream: the
  // session has failed then.
  bool TakeGeneration();
  // The same if the held data reaches beyond the primary's history.
  bool TakePrimaryEnd(const Heartbeat& heartbeat);
  void NoteDelivery() {
    if (!delivered_at_.has_value()) delivered_at_ = polled_at_;
  }
  // The offset to acknowledge, as far as the session knows it.
  std::optional<uint64_t> Acknowledgeable() const;
  // Passes it to the session.
  void Acknowledge();
  // Why the follower goes to another primary.
  enum class Retarget : uint8_t { kNone, kChosen, kLocated };
  void Go(Retarget retarget);
  void ForgetPrimary(Retarget retarget);
  void EndLink(const absl::Status& status, absl::Time now);
  // Whether `status` is the second stall at one position.
  bool StallsAgain(const absl::Status& status);
  // Tells the backoff of this link's end.
  void CountEnd(const absl::Status& status, bool resync, absl::Time now);
  // The wait after a link that ended with `status`.
  absl::Duration Wait(const absl::Status& status);

  const FollowerSessionOptions options_;
  State state_ = State::kWaiting;
  absl::Status status_;
  absl::Time retry_at_;
  client_internal::Backoff backoff_;
  uint64_t link_ = 0;
  std::optional<Session> session_;  // From connecting to the link's end.
  // Why the link ends, if the session does not know.
  std::optional<absl::Status> link_status_;
  Retarget retarget_ = Retarget::kNone;  // At this link's end.
  std::optional<Protocol> protocol_;     // The protocol that worked last.
  absl::Time connected_at_;
  absl::Time linked_at_;                    // When the primary answered.
  absl::Time polled_at_;                    // The last PollEvent().
  std::optional<absl::Time> delivered_at_;  // This link's first delivery.
  uint64_t frames_before_link_ = 0;         // stats_.frames at its begin.
  // This link is a fresh start, or began with a snapshot.
  bool asked_snapshot_ = false;
  // The next link is likely to bring a snapshot.
  bool snapshot_due_ = false;
  std::optional<FeedPosition> stalled_at_;  // The last stall.

  Holding held_;
  FeedPosition stored_;
  absl::Time last_store_;

  // Frames to deliver after HistoryReset.
  absl::Span<const FrameView> held_back_;
  // The session's next frames or event, polled by Peek(). At most one is set.
  absl::Span<const FrameView> next_frames_;
  const StreamEvent* next_event_ = nullptr;

  FollowerEvent event_;
  // Events to deliver after the link's end.
  bool snapshot_void_ = false;
  std::optional<LinkDown> link_down_;
  absl::Status last_link_status_;

  FollowerStats stats_;
  std::optional<absl::Time> last_byte_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_SESSION_H_
