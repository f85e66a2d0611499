// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The protocol's state on one replication link, without I/O and without a
// clock: for ReplicaClient, for an event loop of your own, and for tests that
// own time and the network.
//
// Functions fall into classes. Getters tell. Handle...() says what happened out
// there. Poll...() asks what is to be done: an event for the application, bytes
// for the wire, a time at which to call HandleTimeout(). `now` is always handed
// in, from any clock that does not go back; only differences count.
//
//   Session session(options);
//   session.HandleConnected(now);
//   while (!session.done()) {
//     if (session.wants_reconnect()) {  // The other protocol's turn.
//       Connect();
//       session.HandleConnected(now);
//     }
//     while (const StreamEvent* event = session.PollEvent()) Apply(*event);
//     if (session.PollTransmit(now, &out)) Write(out);
//     absl::Span<char> room = session.PrepareRead();
//     switch (WaitUntil(session.PollTimeout())) {      // Read, or time out.
//       case kRead:    session.HandleRead(n, now); break;
//       case kEof:     session.HandleEof(); break;
//       case kTimeout: session.HandleTimeout(now); break;
//     }
//   }
//   if (!session.status().ok()) ...

#ifndef KEVY_REPLICA_CLIENT_SESSION_H_
#define KEVY_REPLICA_CLIENT_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/stream_decoder.h"

namespace kevy_replica {

// Which protocol to ask for. A primary that does not speak the one asked for
// closes without a word, so kAuto asks for 2, and after such an end, on a new
// connection, for 1.
enum class ProtocolChoice : uint8_t { kAuto, kV1, kV2 };

struct SessionOptions {
  // How the primary's INFO names this replica. Non-empty UTF-8.
  std::string replica_id;
  // Where to go on: {0, 0} for a fresh replica, which a current primary answers
  // with a snapshot.
  FeedPosition from;
  ProtocolChoice protocol = ProtocolChoice::kAuto;
  Limits limits;
  // From the connection's standing to the answer.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // Without any byte, heartbeats included. kevy 3.14 and later send a heartbeat
  // every second; older ones may rightly be silent for hours.
  absl::Duration idle_timeout = absl::InfiniteDuration();
  // Without a heartbeat, where they are expected: with protocol 2, and once one
  // has come. Where none can come, inside a snapshot and inside an element that
  // takes several reads, any byte counts as one. (An embedded writer that
  // speaks protocol 2 sends none: leave it infinite for those.)
  absl::Duration heartbeat_timeout = absl::InfiniteDuration();
  // The least time between two acknowledgements while frames flow.
  absl::Duration ack_interval = absl::Milliseconds(100);
};

// Not thread-safe.
class Session {
 public:
  explicit Session(SessionOptions options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // ---- Getters.

  // Whether the link is at its end: clean if status() is OK, failed otherwise.
  bool done() const { return state_ == State::kDone; }

  // Whether to connect anew and call HandleConnected() again: the primary does
  // not speak the protocol asked for, the other is still to be tried.
  bool wants_reconnect() const { return state_ == State::kReconnect; }

  // OK until the link has failed; then why, for ever.
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return status_;
  }

  // The primary's answer, once there is one: from then on frames may come.
  const std::optional<HandshakeAnswer>& answer() const
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return answer_;
  }

  // What has been received, so also: where to resume if all of it was applied.
  // It is right after every event. It starts as `options.from`, moves with each
  // frame and each snapshot end, and does not move inside a snapshot. (Where
  // the application could not take a snapshot it is {0, 0}:
  // HandleSnapshotFailure().)
  //
  // The generation is 0, unknown, after a snapshot that may be of a new one
  // (any but that which a fresh or refused replica gets at once), and with
  // protocol 1, until a heartbeat tells it.
  FeedPosition position() const { return position_; }

  // The last heartbeat received.
  const std::optional<Heartbeat>& last_heartbeat() const
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return last_heartbeat_;
  }

  // How many frames the primary had, at its last heartbeat, that have not come
  // yet; nothing before the first heartbeat of a history, or in a snapshot.
  std::optional<uint64_t> lag() const;

  bool in_snapshot() const { return decoder_.in_snapshot(); }

  // Bytes received in all, on this connection.
  uint64_t bytes_received() const { return bytes_received_; }

  // Memory held for input, as StreamDecoder::memory_bytes().
  size_t memory_bytes() const { return decoder_.memory_bytes(); }

  const SessionOptions& options() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return options_;
  }

  // ---- What happened.

  // A connection stands.
  void HandleConnected(absl::Time now);

  // Room to read into: at least `min` bytes, usually more. Ends the validity of
  // the last event.
  absl::Span<char> PrepareRead(size_t min = 1) ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return decoder_.Prepare(min);
  }

  // A wait begins: what passed since the last Handle...() was the application's
  // own time, and does not count as the primary's silence.
  void HandleWaiting(absl::Time now) { waiting_since_ = now; }

  // `n` bytes (1 or more) were read to the front of that room.
  void HandleRead(size_t n, absl::Time now);

  // The primary has closed its side, and all events were polled.
  void HandleEof();

  // The transport failed (AsIoError() gives its status the kind), or the
  // application did: ends the session with `status`, which must not be OK. Does
  // nothing once done().
  void HandleFailure(const absl::Status& status);

  // The same for an application that could not take a snapshot. What it holds
  // now is nobody's history: position() becomes {0, 0}.
  void HandleSnapshotFailure(const absl::Status& status);

  // The time that PollTimeout() told has come (earlier calls do no harm).
  void HandleTimeout(absl::Time now);

  // Everything below `next_offset` was applied. Acknowledged when an
  // acknowledgement is due: `ack_interval` after the last, or after a
  // heartbeat. Never more than was received, nor less than before, and nothing
  // inside a snapshot, which replaces all that was applied: such calls change
  // nothing.
  void HandleApplied(uint64_t next_offset);

  // The same, and due at once. kInvalidArgument if it is more than was
  // received; kFailedPrecondition inside a snapshot, before the answer, or once
  // done().
  absl::Status AckNow(uint64_t next_offset);

  // ---- What to do.

  // Reads no further than the answer. Returns whether there is one. PollEvent()
  // does so too: this is for those who first want to know that it stands.
  bool PollAnswer();

  // The next event, or null: more bytes are needed, or done(). The event is
  // valid until the next non-const call.
  const StreamEvent* PollEvent() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The frames that come next and are all there, at most `max` (1 or more) and
  // StreamDecoder::kBatch of them: the quickest way through many. Empty: what
  // comes next is no whole frame, and PollEvent() tells more; or done().
  // position() is then behind the last of them, and all are valid until the
  // next non-const call.
  absl::Span<const FrameView> PollFrames(size_t max = StreamDecoder::kBatch)
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    if (ABSL_PREDICT_FALSE(state_ != State::kStream) && !PollAnswer()) {
      return {};
    }
    const absl::Span<const FrameView> frames = decoder_.NextFrames(max);
    if (frames.empty() || !TakeFrames(frames)) return {};
    return frames;
  }

  // Replaces `*out` with bytes to be sent now, and returns whether there are
  // any: the handshake's request, an acknowledgement that is due.
  //
  // Call it, or HandleWaiting(), before each wait.
  bool PollTransmit(absl::Time now, std::string* out);

  // When to call HandleTimeout() or PollTransmit() again, if nothing else
  // happens before: absl::InfiniteFuture() if never.
  absl::Time PollTimeout() const;

 private:
  enum class State : uint8_t {
    kIdle,       // Before HandleConnected().
    kAnswer,     // The request is sent or to be sent, no answer yet.
    kStream,     // Answered.
    kReconnect,  // Rejected in the first protocol of two.
    kDone,
  };

  void Fail(absl::Status status);
  void FailDecode();
  void FailForeign(uint64_t held_generation, uint64_t at);
  // Each returns whether the session goes on.
  bool TakeFrames(absl::Span<const FrameView> frames) {
    first_element_ = decoded_none_ = false;
    if (ABSL_PREDICT_FALSE(frames[0].offset() != position_.next_offset ||
                           stream_generation_ != position_.generation) &&
        !TakeOddFrames(frames)) {
      return false;
    }
    position_.next_offset += frames.size();
    return true;
  }
  bool TakeOddFrames(absl::Span<const FrameView> frames);
  bool TakeHeartbeat(const Heartbeat& heartbeat);
  void TakeSnapshotBegin();
  void TakeSnapshotEnd(const SnapshotEnd& end);
  std::string Where(uint64_t at) const;
  std::string Where() const { return Where(decoder_.position()); }
  void CountWait(absl::Time now);
  // How much longer the primary may be silent.
  absl::Duration Patience() const;
  absl::Time AckDue() const;

  const SessionOptions options_;
  State state_ = State::kIdle;
  Protocol protocol_;  // The one asked for on this connection.
  StreamDecoder decoder_;
  absl::Status status_;
  bool send_request_ = false;
  std::optional<HandshakeAnswer> answer_;
  FeedPosition position_;
  // The generation of what comes now: 0 where it is not known yet.
  uint64_t stream_generation_ = 0;
  // What protocol 1 could not claim: to be compared once a heartbeat tells.
  uint64_t unclaimed_generation_ = 0;
  // Nothing but the answer has come on this connection.
  bool first_element_ = true;
  bool snapshot_taken_ = false;  // On this connection.
  // No element has ended since the last read.
  bool decoded_none_ = false;
  std::optional<Heartbeat> last_heartbeat_;
  // The primary's next offset, as far as it is known for this history.
  std::optional<uint64_t> primary_next_offset_;
  uint64_t bytes_received_ = 0;

  std::optional<uint64_t> applied_;
  std::optional<uint64_t> acked_;
  bool ack_now_ = false;
  absl::Time last_ack_ = absl::InfinitePast();
  absl::Time connected_ = absl::InfinitePast();
  // The primary's silence, as far as it was waited for: up to `waiting_since_`.
  absl::Time waiting_since_ = absl::InfinitePast();
  absl::Duration without_byte_;
  absl::Duration without_heartbeat_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SESSION_H_
