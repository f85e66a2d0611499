// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_session.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {

FollowerSession::FollowerSession(FollowerSessionOptions options, absl::Time now)
    : options_(std::move(options)),
      retry_at_(now),
      applied_(options_.from),
      stored_(options_.from),
      last_store_(now),
      handed_begin_(applied_.next_offset),
      handed_end_(applied_.next_offset) {}

FeedPosition FollowerSession::received() const {
  return linked_ ? session_->position() : applied_;
}

FollowerStats FollowerSession::stats() const {
  FollowerStats stats = stats_;
  stats.link_up = linked_;
  stats.in_snapshot = in_snapshot_;
  stats.received = received();
  stats.applied = applied_;
  if (linked_ && !snapshot_unapplied_ && session_->lag().has_value()) {
    const uint64_t primary = stats.received.next_offset + *session_->lag();
    stats.lag = primary - std::min(primary, applied_.next_offset);
  }
  return stats;
}

void FollowerSession::HandleConnected(absl::Time now) {
  if (state_ != State::kConnecting) return;
  state_ = State::kLinked;
  session_->HandleConnected(now);
}

void FollowerSession::HandleConnectFailed(const absl::Status& status) {
  if (state_ != State::kConnecting) return;
  link_status_ = absl::IsInvalidArgument(status) ? status : AsIoError(status);
}

absl::Span<char> FollowerSession::PrepareRead(size_t min) {
  if (state_ != State::kLinked) return {};
  return session_->PrepareRead(min);
}

void FollowerSession::HandleWaiting(absl::Time now) {
  if (state_ == State::kLinked) session_->HandleWaiting(now);
}

void FollowerSession::HandleRead(size_t n, absl::Time now) {
  if (state_ != State::kLinked) return;
  session_->HandleRead(n, now);
  stats_.bytes += n;
  last_byte_ = now;
}

void FollowerSession::HandleEof() {
  if (state_ == State::kLinked) session_->HandleEof();
}

void FollowerSession::HandleFailure(const absl::Status& status) {
  if (session_.has_value()) session_->HandleFailure(AsIoError(status));
}

void FollowerSession::HandleTimeout(absl::Time now) {
  if (state_ == State::kLinked) session_->HandleTimeout(now);
}

void FollowerSession::HandleApplied(uint64_t next_offset) {
  if (in_snapshot_ || next_offset < handed_begin_ ||
      next_offset > handed_end_) {
    return;
  }
  if (snapshot_unapplied_) {
    snapshot_unapplied_ = false;
    ClaimNothing();
    applied_ = {session_->position().generation, next_offset};
  } else if (next_offset > applied_.next_offset) {
    applied_.next_offset = next_offset;
    if (holds_nothing_ && !linked_) applied_.generation = handed_generation_;
  } else {
    return;
  }
  holds_nothing_ = false;
  NoteGeneration();
  PassOnApplied();
}

void FollowerSession::HandleStored(const FeedPosition& position,
                                   absl::Time now) {
  stored_ = position;
  last_store_ = now;
  store_now_ = false;
}

void FollowerSession::HandleRetarget() {
  if (stopping()) return;
  LoseClaim();
  protocol_.reset();
  attempt_ = 0;
  if (state_ == State::kWaiting) {
    retry_at_ = absl::InfinitePast();
    return;
  }
  retargeted_ = true;
  link_status_ = absl::CancelledError("another primary is to be followed");
}

void FollowerSession::HandleStop(const absl::Status& status) {
  if (stopping()) return;
  status_ = status;
  if (options_.acknowledge && linked_ && !in_snapshot_ &&
      !snapshot_unapplied_) {
    session_
        ->AckNow(std::min(applied_.next_offset,
                          session_->position().next_offset))
        .IgnoreError();  // The session may have failed.
  }
  LoseClaim();
  state_ = State::kStopping;
}

uint64_t FollowerSession::PollLink(absl::Time now) {
  if (state_ == State::kWaiting && now >= retry_at_) {
    BeginLink();
  } else if (state_ == State::kLinked && session_->wants_reconnect()) {
    state_ = State::kConnecting;
    ++link_;
    ++stats_.connects;
  }
  return session_.has_value() ? link_ : 0;
}

bool FollowerSession::PollTransmit(absl::Time now, std::string* out) {
  out->clear();
  if (!session_.has_value() || state_ == State::kConnecting) return false;
  return session_->PollTransmit(now, out);
}

bool FollowerSession::PollFramesEnd() {
  if (!session_.has_value()) return snapshot_void_ || link_down_.has_value();
  if (state_ == State::kStopping || link_status_.has_value()) return true;
  if (!linked_ || !held_back_.empty()) return false;
  Peek();
  if (next_event_ == nullptr) return next_frames_.empty() && session_->done();
  return std::holds_alternative<SnapshotBegin>(*next_event_);
}

const FollowerEvent* FollowerSession::PollEvent(absl::Time now) {
  if (session_.has_value()) {
    if (state_ == State::kLinked && !link_status_.has_value() &&
        PollStream(now)) {
      return &event_;
    }
    if (state_ == State::kStopping) {
      EndLink(absl::CancelledError("stopped"), now);
    } else if (link_status_.has_value()) {
      EndLink(absl::Status(*link_status_), now);
    } else if (session_->done()) {
      EndLink(absl::Status(session_->status()), now);
    }
  }
  if (snapshot_void_) {
    snapshot_void_ = false;
    event_ = SnapshotVoid();
    return &event_;
  }
  if (link_down_.has_value()) {
    event_ = *std::move(link_down_);
    link_down_.reset();
    return &event_;
  }
  if (state_ == State::kStopping) state_ = State::kDone;
  return nullptr;
}

std::optional<FeedPosition> FollowerSession::PollStore(absl::Time now) const {
  if (!store_pending()) return std::nullopt;
  if (store_now_ || stopping() ||
      now - last_store_ >= options_.store_interval) {
    return applied_;
  }
  return std::nullopt;
}

absl::Time FollowerSession::PollTimeout() const {
  absl::Time result = absl::InfiniteFuture();
  if (state_ == State::kWaiting) result = retry_at_;
  if (state_ == State::kLinked) result = session_->PollTimeout();
  if (store_pending()) {
    result =
        std::min(result, store_now_ ? absl::InfinitePast()
                                    : last_store_ + options_.store_interval);
  }
  return result;
}

void FollowerSession::BeginLink() {
  SessionOptions options = options_;
  options.from = applied_;
  // With protocol 2 to claim is to be believed: so only what is certain.
  if (options.from.generation == 0 && !beyond_claim_) {
    options.from.generation = claimed_generation_;
  }
  if (options.protocol == ProtocolChoice::kAuto && protocol_.has_value()) {
    options.protocol =
        *protocol_ == Protocol::kV1 ? ProtocolChoice::kV1 : ProtocolChoice::kV2;
  }
  starts_fresh_ = options.from == FeedPosition{0, 0};
  session_.emplace(std::move(options));
  state_ = State::kConnecting;
  ++link_;
  ++stats_.connects;
}

bool FollowerSession::PollLinkUp(absl::Time now) {
  if (!session_->PollAnswer()) return false;
  linked_ = true;
  linked_at_ = now;
  handed_generation_ = 0;
  ++stats_.links;
  const HandshakeAnswer& answer = *session_->answer();
  protocol_ = answer.protocol;
  const FeedPosition& from = session_->options().from;
  if (!beyond_claim_) {
    claimed_generation_ =
        answer.protocol == Protocol::kV1 ? from.generation : uint64_t{0};
  }
  NoteGeneration();
  event_ = LinkUp{answer, from};
  return true;
}

void FollowerSession::Peek() {
  if (!next_frames_.empty() || next_event_ != nullptr) return;
  next_frames_ = session_->PollFrames();
  if (next_frames_.empty()) next_event_ = session_->PollEvent();
}

bool FollowerSession::PollStream(absl::Time now) {
  if (!linked_) return PollLinkUp(now);
  if (beyond_claim_ && now - linked_at_ >= options_.heartbeat_timeout) {
    ClaimNothing();  // This primary sends none.
  }
  if (!held_back_.empty() && HandOut(std::exchange(held_back_, {}))) {
    return true;
  }
  while (true) {
    Peek();
    const absl::Span<const FrameView> frames = std::exchange(next_frames_, {});
    if (!frames.empty()) {
      if (TakeFrames(frames)) return true;
      continue;
    }
    const StreamEvent* event = std::exchange(next_event_, nullptr);
    if (event == nullptr) return false;
    if (const auto* frame = std::get_if<FrameView>(event)) {
      if (TakeFrames(absl::MakeConstSpan(frame, 1))) return true;
    } else if (const auto* heartbeat = std::get_if<Heartbeat>(event)) {
      return TakeHeartbeat(*heartbeat);
    } else if (const auto* chunk = std::get_if<SnapshotChunk>(event)) {
      event_ = *chunk;
      return true;
    } else if (const auto* end = std::get_if<SnapshotEnd>(event)) {
      return TakeSnapshotEnd(*end);
    } else {
      return TakeSnapshotBegin();
    }
  }
}

bool FollowerSession::TakeFrames(absl::Span<const FrameView> frames) {
  if (!starts_fresh_) return HandOut(frames);
  // From {0, 0} on, and no snapshot: a history from its first write.
  starts_fresh_ = false;
  held_back_ = frames;
  HoldNothing();
  event_ = HistoryReset();
  return true;
}

bool FollowerSession::HandOut(absl::Span<const FrameView> frames) {
  attempt_ = 0;
  if (!snapshot_unapplied_ && applied_.next_offset > frames.front().offset()) {
    // Applied after the link that brought them had ended.
    const uint64_t known = applied_.next_offset - frames.front().offset();
    frames.remove_prefix(std::min<uint64_t>(known, frames.size()));
    PassOnApplied();
    if (frames.empty()) return false;
  }
  if (claimed_generation_ != 0 && !snapshot_unapplied_) beyond_claim_ = true;
  handed_end_ = std::max(handed_end_, frames.back().offset() + 1);
  stats_.frames += frames.size();
  NoteGeneration();
  event_ = frames;
  return true;
}

bool FollowerSession::TakeHeartbeat(const Heartbeat& heartbeat) {
  ++stats_.heartbeats;
  if (!in_snapshot_) {
    if (IsForeign(heartbeat.generation)) return false;
    if (heartbeat.generation == 0) ClaimNothing();  // The older form.
    attempt_ = 0;
    NoteGeneration();
    // What was applied before the link stood, too.
    PassOnApplied();
  }
  event_ = heartbeat;
  return true;
}

// What the session compares on the link that claims a generation, on the links
// behind it. Ends the link if it is so.
bool FollowerSession::IsForeign(uint64_t generation) {
  if (!beyond_claim_ || snapshot_unapplied_ || protocol_ != Protocol::kV1 ||
      generation == 0 || generation == claimed_generation_) {
    return false;
  }
  const uint64_t offset = session_->position().next_offset;
  session_->HandleFailure(OffsetGapError(
      {offset, offset},
      absl::StrCat("what is held is of generation ", claimed_generation_,
                   " and what came behind it, the primary is in generation ",
                   generation, ", and no snapshot came between")));
  return true;
}

bool FollowerSession::TakeSnapshotBegin() {
  starts_fresh_ = false;
  in_snapshot_ = true;
  snapshot_unapplied_ = false;
  if (options_.snapshot_in_place) HoldNothing();
  event_ = SnapshotBegin();
  return true;
}

bool FollowerSession::TakeSnapshotEnd(const SnapshotEnd& end) {
  attempt_ = 0;
  ++stats_.snapshots;
  in_snapshot_ = false;
  // An offset of no known generation could be taken for one of the new history:
  // it must not be stored when that is held.
  if (applied_.generation == 0) {
    HoldNothing();
  } else if (stored_.generation == 0) {
    store_now_ = store_pending();
  }
  snapshot_unapplied_ = true;
  handed_begin_ = handed_end_ = end.next_offset;
  event_ = end;
  return true;
}

// The session learns of a generation later than of what belongs to it.
void FollowerSession::NoteGeneration() {
  if (!linked_ || snapshot_unapplied_ || starts_fresh_ || holds_nothing_) {
    return;
  }
  applied_.generation = session_->position().generation;
  if (applied_.generation != 0) ClaimNothing();
}

void FollowerSession::ClaimNothing() {
  claimed_generation_ = 0;
  beyond_claim_ = false;
}

// What is held may be of two histories. The primary's next heartbeat would
// tell, but not another primary's, nor once this object is gone.
void FollowerSession::LoseClaim() {
  if (beyond_claim_) HoldNothing();
  ResumeClaim();
}

// Where no frames came, what is held is still what it was.
void FollowerSession::ResumeClaim() {
  if (beyond_claim_ || claimed_generation_ == 0) return;
  applied_.generation = claimed_generation_;
  ClaimNothing();
}

void FollowerSession::PassOnApplied() {
  if (!options_.acknowledge || !linked_ || snapshot_unapplied_) return;
  session_->HandleApplied(
      std::min(applied_.next_offset, session_->position().next_offset));
}

void FollowerSession::HoldNothing() {
  holds_nothing_ = true;
  applied_ = FeedPosition();
  ClaimNothing();
  handed_begin_ = handed_end_ = 0;
  handed_generation_ = 0;
  store_now_ = store_pending();
}

void FollowerSession::EndLink(const absl::Status& status, absl::Time now) {
  const bool stopping =
      state_ == State::kStopping || (absl::IsInvalidArgument(status) &&
                                     !ReplicaErrorKindOf(status).has_value());
  const LinkEnd end = state_ == State::kStopping ? LinkEnd::kStopped
                      : retargeted_              ? LinkEnd::kRetargeted
                                                 : LinkEndOf(status);
  ++stats_.link_ends[static_cast<size_t>(end)];

  snapshot_void_ = in_snapshot_ || snapshot_unapplied_;
  if (snapshot_void_) {
    // It comes again, and whatever was handed out before it may.
    handed_begin_ = handed_end_ = applied_.next_offset;
    // It may have been applied all the same, only told too late: what is
    // resumed from must fit that, too.
    if (snapshot_unapplied_ && !stopping &&
        ReplicaErrorKindOf(status) != ReplicaErrorKind::kPayload) {
      HoldNothing();
    }
  } else if (linked_ && holds_nothing_) {
    handed_generation_ = session_->position().generation;
  }
  in_snapshot_ = snapshot_unapplied_ = false;
  ResumeClaim();
  if (RecommendedAction(status) == Action::kResync) HoldNothing();

  ++attempt_;
  absl::Duration retry_in = absl::InfiniteDuration();
  if (!stopping) {
    retry_in = retargeted_ ? absl::ZeroDuration() : Backoff(status);
    state_ = State::kWaiting;
    retry_at_ = now + retry_in;
  } else if (state_ != State::kStopping) {
    state_ = State::kStopping;
    status_ = status;
  }
  link_down_ = LinkDown{status, end, attempt_, retry_in};
  session_.reset();
  link_status_.reset();
  retargeted_ = linked_ = starts_fresh_ = false;
  held_back_ = next_frames_ = {};
  next_event_ = nullptr;
}

absl::Duration FollowerSession::Backoff(const absl::Status& status) {
  absl::Duration most = std::min(
      options_.max_backoff, options_.initial_backoff * std::exp2(attempt_ - 1));
  if (ReplicaErrorKindOf(status) == ReplicaErrorKind::kPayload) {
    most = options_.max_backoff;
  } else if (RecommendedAction(status) == Action::kBackOff) {
    // A primary that was exchanged may speak another protocol than before: that
    // is no refusal yet.
    const bool another_is_left =
        options_.protocol == ProtocolChoice::kAuto && protocol_.has_value();
    if (!another_is_left) most = options_.max_backoff;
    protocol_.reset();
  }
  return most * options_.random();
}

}  // namespace kevy_replica
