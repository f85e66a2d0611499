// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/session.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/handshake_failure.h"

namespace kevy_replica {
namespace {

HandshakeRequest RequestOf(absl::string_view replica_id,
                           const FeedPosition& from, Protocol protocol) {
  HandshakeRequest request;
  request.protocol = protocol;
  // Only a request of protocol 2 has a generation.
  request.generation = protocol == Protocol::kV2 ? from.generation : 0;
  request.offset = from.next_offset;
  request.replica_id = replica_id;
  return request;
}

// The generation to present, so that a primary sends a snapshot if `from` is a
// fresh start. A drawn one is above every counter and below 2^53, as kevy's own
// random ones.
uint64_t Presented(const LinkOptions& options, const FeedPosition& from) {
  if (from != FeedPosition{0, 0}) return from.generation;
  if (options.fresh_generation != 0) return options.fresh_generation;
  absl::BitGen random;
  return absl::Uniform<uint64_t>(random, uint64_t{1} << 52, uint64_t{1} << 53);
}

int Number(Protocol protocol) { return static_cast<int>(protocol); }

}  // namespace

Session::Session(LinkOptions options, const FeedPosition& from)
    : options_(std::move(options)),
      from_(from),
      presented_generation_(Presented(options_, from)),
      protocol_(options_.protocol == ProtocolChoice::kV1 ? Protocol::kV1
                                                         : Protocol::kV2),
      decoder_(options_.limits),
      received_(from) {
  std::string ignored;
  if (Append(RequestOf(options_.replica_id, from_, protocol_), &ignored) !=
      WireError::kNone) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("replica_id must be non-empty UTF-8, but is ",
                     Escaped(options_.replica_id))));
  }
}

std::optional<uint64_t> Session::lag() const {
  if (!primary_next_offset_.has_value() || in_snapshot()) return std::nullopt;
  // Frames may have come since the heartbeat.
  return *primary_next_offset_ -
         std::min(*primary_next_offset_, position().next_offset);
}

void Session::HandleConnected(absl::Time now) {
  if (done()) return;
  state_ = State::kAnswer;
  decoder_ = StreamDecoder(options_.limits);
  send_request_ = true;
  bytes_received_ = 0;
  connected_ = waiting_since_ = now;
  element_begun_ = rest_untaken_ = false;
  without_byte_ = without_data_ = in_element_ = absl::ZeroDuration();
}

void Session::HandleRead(size_t n, absl::Time now) {
  steady_ = acked_this_read_ = false;
  rest_untaken_ = true;
  decoder_.Commit(n);
  bytes_received_ += n;
  CountWait(now);
  without_byte_ = absl::ZeroDuration();
}

void Session::HandleEof() {
  if (state_ == State::kStream) {
    if (decoder_.at_boundary()) {
      state_ = State::kDone;
    } else {
      Fail(ReplicaError(
          ReplicaErrorKind::kTruncated,
          absl::StrCat("the stream ended inside ",
                       in_snapshot() ? "a snapshot" : "an element", Where())));
    }
    return;
  }
  if (state_ != State::kAnswer) return;
  if (bytes_received_ > 0) {
    Fail(ReplicaError(
        ReplicaErrorKind::kTruncated,
        absl::StrCat("the stream ended inside the handshake's answer",
                     Where())));
  } else {
    Refused("");
  }
}

void Session::Refused(absl::string_view how) {
  if (options_.protocol == ProtocolChoice::kAuto &&
      protocol_ == Protocol::kV2) {
    protocol_ = Protocol::kV1;
    state_ = State::kReconnect;
    return;
  }
  Fail(ReplicaError(
      ReplicaErrorKind::kHandshakeRejected,
      absl::StrCat("the primary closed the connection without an answer to the "
                   "handshake of protocol ",
                   options_.protocol == ProtocolChoice::kAuto
                       ? "2, then of protocol 1"
                       : absl::StrCat(Number(protocol_)),
                   how)));
}

void Session::HandleFailure(const absl::Status& status) {
  if (done()) return;
  if (state_ == State::kAnswer && bytes_received_ == 0 &&
      absl::IsUnavailable(status) && !IsHandshakeFailure(status)) {
    Refused(absl::StrCat(": ", status.message()));
  } else {
    Fail(status);
  }
}

void Session::HandleSnapshotFailure(const absl::Status& status) {
  received_.Lose();
  HandleFailure(status);
}

void Session::HandleTimeout(absl::Time now) {
  if (state_ == State::kAnswer &&
      now - connected_ >= options_.handshake_timeout) {
    Fail(absl::DeadlineExceededError(
        absl::StrCat("no answer to the handshake within ",
                     absl::FormatDuration(options_.handshake_timeout),
                     " (handshake_timeout)")));
    return;
  }
  if (state_ != State::kStream) return;
  CountWait(now);
  if (Patience() > absl::ZeroDuration()) return;
  if (without_byte_ >= LongestSilence()) {
    Fail(absl::DeadlineExceededError(absl::StrCat(
        "nothing came within ", absl::FormatDuration(LongestSilence()),
        LongestSilence() == options_.idle_timeout ? " (idle_timeout)"
                                                  : " (heartbeat_timeout)",
        Where())));
  } else if (element_begun_ && in_element_ >= options_.element_timeout) {
    Fail(absl::DeadlineExceededError(
        absl::StrCat("an element has begun, but did not end within ",
                     absl::FormatDuration(options_.element_timeout),
                     " (element_timeout)", Where())));
  } else {
    Fail(ReplicaError(
        ReplicaErrorKind::kStalled,
        absl::StrCat("nothing but heartbeats came within ",
                     absl::FormatDuration(options_.stall_timeout),
                     " (stall_timeout), although the primary is at offset ",
                     *primary_next_offset_, Where())));
  }
}

void Session::HandleApplied(uint64_t next_offset) {
  if (in_snapshot() || of_foreign_history()) return;
  if (next_offset > position().next_offset) return;
  applied_ = std::max(next_offset, applied_.value_or(0));
}

absl::Status Session::AckNow(uint64_t next_offset) {
  if (state_ != State::kStream || in_snapshot()) {
    return absl::FailedPreconditionError(
        in_snapshot() ? "nothing can be acknowledged inside a snapshot"
                      : "there is no stream to acknowledge on");
  }
  if (of_foreign_history()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "nothing can be acknowledged to generation ", stream_generation_,
        ": the data is of generation ", position().generation));
  }
  if (next_offset > position().next_offset) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot acknowledge ", next_offset,
                     ": the received offset is ", position().next_offset));
  }
  HandleApplied(next_offset);
  ack_now_ = true;
  return absl::OkStatus();
}

const StreamEvent* Session::PollEvent() {
  if (state_ != State::kStream && !PollAnswer()) return nullptr;
  switch (decoder_.Next()) {
    case Outcome::kNeedMore:
      TakeRest();
      return nullptr;
    case Outcome::kError:
      FailDecode();
      return nullptr;
    case Outcome::kDone:
      break;
  }
  const StreamEvent& event = decoder_.event();
  if (const auto* frame = std::get_if<FrameView>(&event)) {
    return TakeFrames(absl::MakeConstSpan(frame, 1)) ? &event : nullptr;
  }
  return TakeElement(event) ? &event : nullptr;
}

bool Session::PollTransmit(absl::Time now, std::string* out) {
  if (done()) return false;
  waiting_since_ = now;
  if (send_request_) {
    send_request_ = false;
    out->clear();
    return Append(
               RequestOf(options_.replica_id,
                         {presented_generation_, from_.next_offset}, protocol_),
               out) == WireError::kNone;
  }
  if (now < AckDue()) return false;
  acked_ = applied_;
  ack_now_ = false;
  acked_this_read_ = true;
  last_ack_ = now;
  out->clear();
  return Append(Ack{*acked_}, out) == WireError::kNone;
}

absl::Time Session::PollTimeout() const {
  switch (state_) {
    case State::kAnswer:
      return connected_ + options_.handshake_timeout;
    case State::kStream:
      return std::min(waiting_since_ + Patience(), AckDue());
    default:
      return absl::InfiniteFuture();
  }
}

void Session::CountWait(absl::Time now) {
  const absl::Duration waited =
      std::max(now - waiting_since_, absl::ZeroDuration());
  without_byte_ += waited;
  if (awaits_data()) without_data_ += waited;
  if (element_begun_) in_element_ += waited;
  waiting_since_ = now;
}

absl::Duration Session::LongestSilence() const {
  return last_heartbeat_.has_value()
             ? std::min(options_.idle_timeout, options_.heartbeat_timeout)
             : options_.idle_timeout;
}

absl::Duration Session::Patience() const {
  absl::Duration left = LongestSilence() - without_byte_;
  if (element_begun_) {
    left = std::min(left, options_.element_timeout - in_element_);
  }
  if (awaits_data()) {
    left = std::min(left, options_.stall_timeout - without_data_);
  }
  return left;
}

absl::Time Session::AckDue() const {
  if (state_ != State::kStream || in_snapshot() || !applied_.has_value()) {
    return absl::InfiniteFuture();
  }
  if (ack_now_) return absl::InfinitePast();
  if (applied_ == acked_) return absl::InfiniteFuture();
  return last_ack_ + options_.ack_interval;
}

bool Session::PollAnswer() {
  if (state_ != State::kAnswer) return state_ == State::kStream;
  HandshakeAnswer answer;
  switch (decoder_.DecodeAnswer(&answer)) {
    case Outcome::kNeedMore:
      return false;
    case Outcome::kError:
      FailDecode();
      return false;
    case Outcome::kDone:
      break;
  }
  if (answer.protocol != protocol_) {
    Fail(ReplicaError(
        ReplicaErrorKind::kAckMalformed,
        absl::StrCat("the answer is of protocol ", Number(answer.protocol),
                     ", the handshake was of protocol ", Number(protocol_))));
    return false;
  }
  if (protocol_ == Protocol::kV2 && answer.generation == 0) {
    Fail(ReplicaError(ReplicaErrorKind::kAckMalformed,
                      "the answer names generation 0, which means unknown"));
    return false;
  }
  answer_ = answer;
  stream_generation_ = answer.generation;
  received_.LinkUp(from_, protocol_);
  state_ = State::kStream;
  return true;
}

bool Session::TakeElement(const StreamEvent& event) {
  steady_ = false;
  HandleElement(/*is_data=*/!std::holds_alternative<Heartbeat>(event));
  bool taken = true;
  if (const auto* heartbeat = std::get_if<Heartbeat>(&event)) {
    taken = TakeHeartbeat(*heartbeat);
  } else if (std::holds_alternative<SnapshotBegin>(event)) {
    TakeSnapshotBegin();
  } else if (const auto* end = std::get_if<SnapshotEnd>(&event)) {
    TakeSnapshotEnd(*end);
  }
  first_element_ = false;
  return taken;
}

// The first frames since a read or another element, and unexpected ones.
bool Session::TakeOddFrames(absl::Span<const FrameView> frames) {
  first_element_ = false;
  HandleElement(/*is_data=*/true);
  const uint64_t expected = position().next_offset;
  const FrameView& first = frames.front();
  const absl::string_view last = frames.back().wire();
  const uint64_t begin =
      decoder_.bytes_decoded() -
      static_cast<uint64_t>(last.data() + last.size() - first.wire().data());
  if (first.offset() != expected) {
    Fail(OffsetGapError({expected, first.offset()},
                        absl::StrCat("expected the frame at offset ", expected,
                                     ", got ", first.offset(), Where(begin))));
    return false;
  }
  if (received_.needs_reset()) {
    // The history's first write over empty data, which fits any generation.
    received_.Reset();
    if (stream_generation_ != 0 && !received_.Told(stream_generation_)) {
      return false;
    }
  } else if (of_foreign_history()) {
    FailForeign(begin);
    return false;
  }
  const uint64_t end = first.offset() + frames.size();
  received_.Delivered(end);
  steady_ = received_.Applied(end);
  return steady_;
}

bool Session::TakeHeartbeat(const Heartbeat& heartbeat) {
  last_heartbeat_ = heartbeat;
  if (!awaits_data()) without_data_ = absl::ZeroDuration();
  primary_next_offset_ = heartbeat.next_offset;
  if (applied_.has_value() && !acked_this_read_) ack_now_ = true;
  if (heartbeat.generation != 0) {
    if (in_snapshot() || stream_generation_ == 0) {
      stream_generation_ = heartbeat.generation;
      if (!received_.Told(heartbeat.generation)) {
        FailForeign(decoder_.bytes_decoded());
        return false;
      }
    } else if (stream_generation_ != heartbeat.generation) {
      Fail(ReplicaError(
          ReplicaErrorKind::kGenerationChanged,
          absl::StrCat("a heartbeat of generation ", heartbeat.generation,
                       " in a stream of generation ", stream_generation_,
                       Where())));
      return false;
    }
  }
  if (!received_.reaches_beyond(stream_generation_, heartbeat.next_offset)) {
    return true;
  }
  Fail(ShortHistoryError({received_.assumed_generation(), heartbeat.generation},
                         position().next_offset, heartbeat.next_offset,
                         Where()));
  return false;
}

void Session::TakeSnapshotBegin() {
  received_.SnapshotBegins();
  // A snapshot right behind an answer with another generation than the
  // request's has that generation. Any other snapshot may have a new one, which
  // only a heartbeat tells.
  if (!first_element_ || answer_->generation == presented_generation_) {
    stream_generation_ = 0;
  }
  primary_next_offset_.reset();
  // The acknowledged offsets belong to the data that this snapshot replaces.
  applied_.reset();
  acked_.reset();
  ack_now_ = false;
}

void Session::TakeSnapshotEnd(const SnapshotEnd& end) {
  received_.SnapshotEnds({stream_generation_, end.next_offset});
  (void)received_.Applied(end.next_offset);
}

void Session::HandleElement(bool is_data) {
  element_begun_ = false;
  in_element_ = absl::ZeroDuration();
  if (is_data) without_data_ = absl::ZeroDuration();
}

void Session::TakeRest() {
  if (!std::exchange(rest_untaken_, false)) return;
  const absl::string_view rest = decoder_.Excerpt(1);
  element_begun_ = !rest.empty();
  // Of a frame or a chunk. A line is short, and may be a heartbeat.
  if (element_begun_ && rest[0] != '+') without_data_ = absl::ZeroDuration();
}

void Session::Fail(absl::Status status) {
  status_ = std::move(status);
  state_ = State::kDone;
}

void Session::FailForeign(uint64_t at) {
  Fail(ForeignHistoryError({received_.assumed_generation(), stream_generation_},
                           Where(at)));
}

void Session::FailDecode() {
  const WireError error = decoder_.error();
  ReplicaErrorKind kind = ReplicaErrorKind::kFrame;
  if (state_ == State::kAnswer) {
    kind = ReplicaErrorKind::kAckMalformed;
  } else if (error == WireError::kUnexpectedInSnapshot) {
    kind = ReplicaErrorKind::kUnexpectedInSnapshot;
  }
  const std::string limit =
      IsLimit(error) ? absl::StrCat(" (limit ", LimitName(error), ")") : "";
  // Replication listeners never answer "-".
  const absl::string_view hint =
      state_ == State::kAnswer && absl::StartsWith(decoder_.Excerpt(), "-")
          ? ": this is a client port; give the replication listener (by "
            "default the client port + 10000), or a kevy:// URL"
          : "";
  Fail(ReplicaWireError(
      kind, error, absl::StrCat(WireErrorName(error), limit, Where(), hint)));
}

// `at` counts the bytes of the stream. The excerpt lies there.
std::string Session::Where(uint64_t at) const {
  return absl::StrCat(
      ", at byte ", at, " of the stream, where the next offset is ",
      position().next_offset, ", near ", Escaped(decoder_.Excerpt()));
}

absl::Status Session::CheckInvariants() const {
  if (acked_.value_or(0) > applied_.value_or(0)) {
    return absl::InternalError("Session acknowledged more than is applied");
  }
  if (!in_snapshot() && applied_.value_or(0) > position().next_offset) {
    return absl::InternalError("Session applied more than is received");
  }
  if (in_snapshot() != (received_.snapshot() == Holding::Snapshot::kArriving)) {
    return absl::InternalError("Session and its Holding disagree: snapshot");
  }
  if (presented_generation_ == 0 && from_ == FeedPosition{0, 0}) {
    return absl::InternalError("Session presents no generation");
  }
  if (in_element_ > absl::ZeroDuration() && !element_begun_) {
    return absl::InternalError("Session counts time without an element");
  }
  if (answer_.has_value() && state_ == State::kAnswer) {
    return absl::InternalError("Session has an answer and waits for it");
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
