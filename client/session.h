// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The protocol on one replication link, without I/O and without a clock.
//
// Use it in an event loop of your own, and in tests that own time and the
// network. ReplicaClient puts it over a Transport, FollowerSession over many
// links.
//
// Functions fall into three classes:
//   a. Getters tell the state.
//   b. Handle...() tells the session an event of the connection or the clock.
//   c. Poll...() asks the session for work: an event, bytes to send, a time.
// `now` comes from any monotonic clock. Only differences count.
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
//
// Order of polling: 1. PollEvent() until null, or PollFrames() until empty,
// 2. PollTransmit(), 3. PollTimeout(). PollEvent() may make an acknowledgement
// due, and PollTransmit() moves the time that PollTimeout() tells.

#ifndef KEVY_REPLICA_CLIENT_SESSION_H_
#define KEVY_REPLICA_CLIENT_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/holding.h"
#include "kevy_replica/client/link_options.h"
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

// Not thread-safe.
class Session {
 public:
  // Starts at `from`. {0, 0} is a fresh start. With protocol 2 the request then
  // presents a made-up generation (see LinkOptions::fresh_generation), and the
  // primary answers with a snapshot. With protocol 1 it asks for offset 0, and
  // the primary may answer from its backlog, without data of before its last
  // restart. An id that cannot be sent ends the session at once, with
  // kInvalidArgument.
  explicit Session(LinkOptions options, const FeedPosition& from = {});
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // ---- Getters.

  // Whether the link is at its end: clean if status() is OK, failed otherwise.
  bool done() const { return state_ == State::kDone; }

  // Whether the primary refused protocol 2 and protocol 1 is still to be tried:
  // connect anew and call HandleConnected() again.
  bool wants_reconnect() const { return state_ == State::kReconnect; }

  // OK until the link has failed. After that, always the same error.
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return status_;
  }

  // The primary's answer. Frames may come once it is there.
  const std::optional<HandshakeAnswer>& answer() const
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return answer_;
  }

  // The received position: where to resume if all received data was applied. It
  // starts as `from`, moves with each frame and each snapshot end, and stands
  // still inside a snapshot. It is {0, 0} after HandleSnapshotFailure().
  //
  // The generation is 0 (unknown) in two cases, until a heartbeat tells it:
  // with protocol 1 from the answer on, and after a snapshot in mid-stream. (A
  // snapshot right behind an answer with another generation than the request
  // presented has that one.)
  FeedPosition position() const { return received_.position(); }

  // Where the link started.
  const FeedPosition& from() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return from_;
  }

  // The last heartbeat.
  const std::optional<Heartbeat>& last_heartbeat() const
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return last_heartbeat_;
  }

  // The number of frames that the primary had at its last heartbeat and that
  // have not arrived. Empty before a history's first heartbeat, and inside a
  // snapshot.
  std::optional<uint64_t> lag() const;

  bool in_snapshot() const { return decoder_.in_snapshot(); }

  // Bytes received on this connection.
  uint64_t bytes_received() const { return bytes_received_; }

  // Memory for input, as StreamDecoder::memory_bytes().
  size_t memory_bytes() const { return decoder_.memory_bytes(); }

  const LinkOptions& options() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return options_;
  }

  // ---- Input.

  // A connection stands.
  void HandleConnected(absl::Time now);

  // Room for a read: at least `min` bytes (1 or more), usually more. Valid
  // until the next non-const call. Ends the validity of the last event. Empty
  // if the process has no memory for it. `shared` as in StreamDecoder. Default:
  // 1 byte, in the session's own memory.
  absl::Span<char> PrepareRead(size_t min = 1,
                               SharedReadBuffer* shared = nullptr)
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return decoder_.Prepare(min, shared);
  }

  // As in StreamDecoder. GiveBack() ends the validity of the last event.
  // Precondition: PollEvent() has returned null since the last HandleRead().
  void GiveBack(SharedReadBuffer* shared) { decoder_.GiveBack(shared); }
  StreamDecoder::CutElement cut() const { return decoder_.cut(); }

  // A wait begins. The time since the last Handle...() was the application's
  // own: it does not count as the primary's silence.
  void HandleWaiting(absl::Time now) { waiting_since_ = now; }

  // A read put `n` bytes (1 or more) into the front of that room.
  void HandleRead(size_t n, absl::Time now);

  // The primary closed its side.
  // Precondition: PollEvent() has returned null since the last HandleRead().
  void HandleEof();

  // The transport failed (give its status a kind by AsIoError()), or the
  // application did. Ends the session with `status`, which must not be OK. But
  // kUnavailable from the transport before the first byte of the answer is a
  // refusal, as HandleEof() there: a primary that closes with unread bytes
  // resets the connection. Ignored once done().
  void HandleFailure(const absl::Status& status);

  // The same for an application that could not take a snapshot. The held data
  // stops counting: position() becomes {0, 0}.
  void HandleSnapshotFailure(const absl::Status& status);

  // The time of PollTimeout() has come. Earlier calls are harmless.
  void HandleTimeout(absl::Time now);

  // The application applied everything below `next_offset`. The
  // acknowledgement goes out `ack_interval` after the last one. After a
  // heartbeat it goes out at once, but only one for all heartbeats of a read.
  // Ignored: an offset beyond the received one or below an earlier
  // one, and any offset inside a snapshot, which replaces all applied data, or
  // before the snapshot of a primary that has answered with another generation.
  void HandleApplied(uint64_t next_offset);

  // HandleApplied() makes no acknowledgement due before next_ack(), except if
  // acks_at_once(): after a heartbeat or AckNow().
  absl::Time next_ack() const { return last_ack_ + options_.ack_interval; }
  bool acks_at_once() const { return ack_now_; }

  // The same, but the acknowledgement is due at once. Returns:
  //   kInvalidArgument     the offset lies beyond the received one
  //   kFailedPrecondition  inside a snapshot, before the answer, once done(),
  //                        before the snapshot of another generation
  absl::Status AckNow(uint64_t next_offset);

  // ---- Work.

  // Reads only the answer. Returns whether it has arrived.
  // PollEvent() reads the answer, too.
  bool PollAnswer();

  // The next event, valid until the next non-const call. Null: it needs more
  // bytes, or done().
  [[nodiscard]] const StreamEvent* PollEvent() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The next frames that are whole, at most `max` (1 or more) and
  // StreamDecoder::kBatch of them: the fastest way through many frames. They
  // are valid until the next non-const call, and position() is behind the last.
  // Empty: the next element is not a whole frame, and PollEvent() tells more;
  // or done().
  [[nodiscard]] absl::Span<const FrameView> PollFrames(
      size_t max = StreamDecoder::kBatch) ABSL_ATTRIBUTE_LIFETIME_BOUND {
    if (ABSL_PREDICT_FALSE(state_ != State::kStream) && !PollAnswer()) {
      return {};
    }
    const absl::Span<const FrameView> frames = decoder_.NextFrames(max);
    if (frames.empty() || !TakeFrames(frames)) return {};
    return frames;
  }

  // Replaces `*out` with the bytes to send now (the request, or a due
  // acknowledgement), and returns true. Returns false, with `*out` unchanged,
  // if there are none. Call it, or HandleWaiting(), before each wait.
  bool PollTransmit(absl::Time now, std::string* out);

  // When to call HandleTimeout() and PollTransmit() again, unless input comes
  // before. absl::InfiniteFuture(): only input counts.
  absl::Time PollTimeout() const;

 private:
  friend class client_testing::TestAccess;

  enum class State : uint8_t {
    // Constructed. Next: kAnswer, kDone.
    kIdle,
    // A connection stands, its answer has not come.
    // Next: kStream, kReconnect, kDone.
    kAnswer,
    // The primary answered. Next: kDone.
    kStream,
    // The primary refused protocol 2. Next: kAnswer, kDone.
    kReconnect,
    // The link ended, or failed. Final.
    kDone,
  };

  // kInternal, naming the first invariant that does not hold. For tests.
  absl::Status CheckInvariants() const;

  void Fail(absl::Status status);
  void FailDecode();
  void FailForeign(uint64_t at);
  // The primary refused the handshake; `how` continues the error's message.
  void Refused(absl::string_view how);
  // Each returns whether the session goes on.
  bool TakeFrames(absl::Span<const FrameView> frames) {
    const uint64_t first = frames[0].offset();
    if (ABSL_PREDICT_FALSE(!steady_ ||
                           first != received_.position().next_offset)) {
      return TakeOddFrames(frames);
    }
    received_.Extend(first + frames.size());
    return true;
  }
  // All but frames. Not inlined: PollEvent() with it takes 1.05 of the time a
  // frame (Stream/session_event/set57).
  ABSL_ATTRIBUTE_NOINLINE bool TakeElement(const StreamEvent& event);
  bool TakeOddFrames(absl::Span<const FrameView> frames);
  bool TakeHeartbeat(const Heartbeat& heartbeat);
  void TakeSnapshotBegin();
  void TakeSnapshotEnd(const SnapshotEnd& end);
  std::string Where(uint64_t at) const;
  std::string Where() const { return Where(decoder_.bytes_decoded()); }
  // All received elements were decoded: looks at the bytes behind them.
  void TakeRest();
  void HandleElement(bool is_data);
  // Whether the data is of another history than the stream, so that a snapshot
  // must come before any frame.
  bool of_foreign_history() const {
    return !received_.needs_reset() &&
           stream_generation_ != position().generation;
  }
  // Whether the last heartbeat says that the primary has more data.
  bool awaits_data() const {
    return primary_next_offset_.has_value() &&
           (in_snapshot() || *primary_next_offset_ > position().next_offset);
  }
  void CountWait(absl::Time now);
  // The longest silence: of idle_timeout, and heartbeat_timeout once it counts.
  absl::Duration LongestSilence() const;
  // How much longer the wait may last.
  absl::Duration Patience() const;
  absl::Time AckDue() const;

  const LinkOptions options_;
  const FeedPosition from_;
  // The generation of a request of protocol 2.
  const uint64_t presented_generation_;
  State state_ = State::kIdle;
  Protocol protocol_;  // The protocol asked for on this connection.
  StreamDecoder decoder_;
  absl::Status status_;
  bool send_request_ = false;
  std::optional<HandshakeAnswer> answer_;
  // The received data, as if all of it was applied.
  Holding received_;
  // The generation of arriving frames. 0: not told yet.
  uint64_t stream_generation_ = 0;
  // A frame came since the last read, and no other element behind it: a frame
  // at the next offset only extends the data.
  bool steady_ = false;
  // Only the answer has arrived on this connection.
  bool first_element_ = true;
  // Bytes came since TakeRest().
  bool rest_untaken_ = false;
  // An element has begun and not ended.
  bool element_begun_ = false;
  std::optional<Heartbeat> last_heartbeat_;
  // The primary's next offset in this history, by its last heartbeat.
  std::optional<uint64_t> primary_next_offset_;
  uint64_t bytes_received_ = 0;

  std::optional<uint64_t> applied_;
  std::optional<uint64_t> acked_;
  bool ack_now_ = false;
  bool acked_this_read_ = false;
  absl::Time last_ack_ = absl::InfinitePast();
  absl::Time connected_ = absl::InfinitePast();
  // The waits below are counted up to here.
  absl::Time waiting_since_ = absl::InfinitePast();
  absl::Duration without_byte_;
  // Since awaits_data() became true, or since the last byte of another element
  // than a heartbeat.
  absl::Duration without_data_;
  absl::Duration in_element_;  // Since the element has begun.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SESSION_H_
