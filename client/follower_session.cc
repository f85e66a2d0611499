// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_session.h"

#include <algorithm>
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
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/holding.h"
#include "kevy_replica/client/internal/backoff.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

FollowerSession::FollowerSession(FollowerSessionOptions options, absl::Time now)
    : options_(std::move(options)),
      retry_at_(now),
      backoff_(options_.retry),
      held_(options_.from, options_.snapshots.in_place
                               ? Holding::Loading::kInPlace
                               : Holding::Loading::kStaged),
      stored_(options_.from),
      last_store_(now) {}

FeedPosition FollowerSession::received() const {
  return answered() ? session_->position() : applied();
}

FollowerStats FollowerSession::stats() const {
  FollowerStats stats = stats_;
  stats.link_up = answered();
  stats.in_snapshot = held_.snapshot() == Holding::Snapshot::kArriving;
  stats.received = received();
  stats.applied = applied();
  if (answered() && held_.snapshot() != Holding::Snapshot::kUnapplied &&
      session_->lag().has_value()) {
    const uint64_t primary = stats.received.next_offset + *session_->lag();
    stats.lag = primary - std::min(primary, applied().next_offset);
  }
  return stats;
}

void FollowerSession::HandleConnected(absl::Time now) {
  if (state_ != State::kConnecting) return;
  state_ = State::kLinked;
  connected_at_ = now;
  session_->HandleConnected(now);
}

void FollowerSession::HandleConnectFailed(const absl::Status& status) {
  if (state_ != State::kConnecting || link_status_.has_value()) return;
  link_status_ = absl::IsInvalidArgument(status) ? status : AsIoError(status);
}

absl::Span<char> FollowerSession::PrepareRead(size_t min,
                                              SharedReadBuffer* shared) {
  if (state_ != State::kLinked) return {};
  return session_->PrepareRead(min, shared);
}

void FollowerSession::GiveBack(SharedReadBuffer* shared) {
  if (session_.has_value()) session_->GiveBack(shared);
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
  if (held_.Applied(next_offset)) Acknowledge();
}

void FollowerSession::HandleStored(const FeedPosition& position,
                                   absl::Time now) {
  stored_ = position;
  last_store_ = now;
}

void FollowerSession::HandleStart(const FeedPosition& position) {
  if (!waiting() || stats_.links > 0) return;
  held_ = Holding(position, options_.snapshots.in_place
                                ? Holding::Loading::kInPlace
                                : Holding::Loading::kStaged);
}

void FollowerSession::HandleNotPrimary(const absl::Status& status) {
  if (state_ == State::kWaiting) {
    retry_at_ = absl::InfiniteFuture();
  } else if (!stopping() && retarget_ == Retarget::kNone) {
    link_status_ = status;
  }
}

void FollowerSession::HandleRetarget() { Go(Retarget::kChosen); }

void FollowerSession::HandleLocated() { Go(Retarget::kLocated); }

void FollowerSession::Go(Retarget retarget) {
  if (stopping()) return;
  if (state_ == State::kWaiting) {
    held_.LeavePrimary();
    ForgetPrimary(retarget);
    retry_at_ =
        snapshot_due_ ? backoff_.snapshot_after() : absl::InfinitePast();
    return;
  }
  retarget_ = retarget;
  link_status_ = absl::CancelledError("retargeted to another primary");
}

void FollowerSession::ForgetPrimary(Retarget retarget) {
  protocol_.reset();
  stalled_at_.reset();
  if (retarget == Retarget::kLocated) {
    backoff_.HandleLocated();
  } else {
    backoff_.Reset();
  }
}

void FollowerSession::HandleStop(const absl::Status& status) {
  if (stopping()) {
    if (!done()) status_.Update(status);
    return;
  }
  status_ = status;
  if (const std::optional<uint64_t> offset = Acknowledgeable()) {
    session_->AckNow(*offset).IgnoreError();  // The session may have failed.
  }
  if (!session_.has_value()) held_.LeavePrimary();
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
  if (!session_.has_value() || state_ == State::kConnecting) return false;
  return session_->PollTransmit(now, out);
}

bool FollowerSession::PollFramesEnd() {
  if (!session_.has_value()) return snapshot_void_ || link_down_.has_value();
  if (state_ == State::kStopping || link_status_.has_value()) return true;
  if (!answered() || !held_back_.empty()) return false;
  Peek();
  if (next_event_ == nullptr) return next_frames_.empty() && session_->done();
  return std::holds_alternative<SnapshotBegin>(*next_event_);
}

const FollowerEvent* FollowerSession::PollEvent(absl::Time now) {
  polled_at_ = now;
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
  if (std::exchange(snapshot_void_, false)) {
    event_ = SnapshotVoid();
    return &event_;
  }
  if (link_down_.has_value()) {
    event_ = *std::exchange(link_down_, std::nullopt);
    return &event_;
  }
  if (state_ == State::kStopping) state_ = State::kDone;
  return nullptr;
}

std::optional<FeedPosition> FollowerSession::PollStore(absl::Time now) const {
  if (!store_pending()) return std::nullopt;
  if (held_.must_store(stored_) || stopping() ||
      now - last_store_ >= options_.store_interval) {
    return held_.storable();
  }
  return std::nullopt;
}

absl::Time FollowerSession::PollTimeout() const {
  absl::Time result = absl::InfiniteFuture();
  if (state_ == State::kWaiting) result = retry_at_;
  if (state_ == State::kLinked) result = session_->PollTimeout();
  if (store_pending()) {
    result = std::min(result, held_.must_store(stored_)
                                  ? absl::InfinitePast()
                                  : last_store_ + options_.store_interval);
  }
  return result;
}

void FollowerSession::BeginLink() {
  LinkOptions options = options_.link;
  if (options.protocol == ProtocolChoice::kAuto && protocol_.has_value()) {
    options.protocol =
        *protocol_ == Protocol::kV1 ? ProtocolChoice::kV1 : ProtocolChoice::kV2;
  }
  session_.emplace(std::move(options), held_.start());
  state_ = State::kConnecting;
  ++link_;
  ++stats_.connects;
}

bool FollowerSession::PollLinkUp(absl::Time now) {
  if (!session_->PollAnswer()) return false;
  linked_at_ = now;
  ++stats_.links;
  const HandshakeAnswer& answer = *session_->answer();
  protocol_ = answer.protocol;
  held_.LinkUp(session_->from(), answer.protocol);
  asked_snapshot_ = session_->from() == FeedPosition{0, 0};
  frames_before_link_ = stats_.frames;
  event_ = LinkUp{answer, session_->from()};
  return true;
}

void FollowerSession::Peek() {
  if (!next_frames_.empty() || next_event_ != nullptr) return;
  next_frames_ = session_->PollFrames();
  if (next_frames_.empty()) next_event_ = session_->PollEvent();
}

bool FollowerSession::PollStream(absl::Time now) {
  if (!answered()) return PollLinkUp(now);
  if (held_.state() == Holding::State::kDoubtful &&
      now - linked_at_ >= options_.link.heartbeat_timeout) {
    held_.ToldNone();  // This primary does not send heartbeats.
  }
  if (!held_back_.empty() && Deliver(std::exchange(held_back_, {}))) {
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
    if (TakeEvent(*event)) return true;
  }
}

bool FollowerSession::TakeEvent(const StreamEvent& event) {
  if (const auto* frame = std::get_if<FrameView>(&event)) {
    return TakeFrames(absl::MakeConstSpan(frame, 1));
  }
  if (const auto* heartbeat = std::get_if<Heartbeat>(&event)) {
    return TakeHeartbeat(*heartbeat);
  }
  if (const auto* chunk = std::get_if<SnapshotChunk>(&event)) {
    event_ = *chunk;
    return true;
  }
  if (const auto* end = std::get_if<SnapshotEnd>(&event)) {
    return TakeSnapshotEnd(*end);
  }
  return TakeSnapshotBegin();
}

bool FollowerSession::TakeFrames(absl::Span<const FrameView> frames) {
  if (!held_.needs_reset()) return Deliver(frames);
  held_.Reset();
  held_back_ = frames;
  event_ = HistoryReset();
  return true;
}

bool FollowerSession::Deliver(absl::Span<const FrameView> frames) {
  NoteDelivery();
  const uint64_t known = held_.acknowledgeable().value_or(0);
  if (known > frames.front().offset()) {
    // Applied after the end of the link that delivered them.
    frames.remove_prefix(
        std::min<uint64_t>(known - frames.front().offset(), frames.size()));
    Acknowledge();
    if (frames.empty()) return false;
  }
  held_.Delivered(frames.back().offset() + 1);
  stats_.frames += frames.size();
  if (!TakeGeneration()) return false;
  event_ = frames;
  return true;
}

bool FollowerSession::TakeHeartbeat(const Heartbeat& heartbeat) {
  ++stats_.heartbeats;
  if (held_.snapshot() != Holding::Snapshot::kArriving) {
    if (!TakeGeneration()) return false;
    if (heartbeat.generation == 0) held_.ToldNone();  // The older form.
    if (!TakePrimaryEnd(heartbeat)) return false;
    NoteDelivery();
    // Offsets applied before this link count, too.
    Acknowledge();
  }
  event_ = heartbeat;
  return true;
}

bool FollowerSession::TakeSnapshotBegin() {
  held_.SnapshotBegins();
  asked_snapshot_ |= stats_.frames == frames_before_link_;
  event_ = SnapshotBegin();
  return true;
}

bool FollowerSession::TakeSnapshotEnd(const SnapshotEnd& end) {
  NoteDelivery();
  ++stats_.snapshots;
  held_.SnapshotEnds({session_->position().generation, end.next_offset});
  event_ = end;
  return true;
}

bool FollowerSession::TakeGeneration() {
  const uint64_t generation = session_->position().generation;
  if (generation == 0 || held_.Told(generation)) return true;
  session_->HandleFailure(
      ForeignHistoryError({held_.assumed_generation(), generation},
                          ", told by a heartbeat on a later link"));
  return false;
}

bool FollowerSession::TakePrimaryEnd(const Heartbeat& heartbeat) {
  const uint64_t generation = heartbeat.generation != 0
                                  ? heartbeat.generation
                                  : session_->position().generation;
  if (!held_.reaches_beyond(generation, heartbeat.next_offset)) return true;
  session_->HandleFailure(
      ShortHistoryError({held_.assumed_generation(), heartbeat.generation},
                        held_.position().next_offset, heartbeat.next_offset,
                        ", told by a heartbeat on a later link"));
  return false;
}

std::optional<uint64_t> FollowerSession::Acknowledgeable() const {
  if (!options_.acknowledge || !answered()) return std::nullopt;
  const std::optional<uint64_t> offset = held_.acknowledgeable();
  if (!offset.has_value()) return std::nullopt;
  return std::min(*offset, session_->position().next_offset);
}

void FollowerSession::Acknowledge() {
  if (const std::optional<uint64_t> offset = Acknowledgeable()) {
    session_->HandleApplied(*offset);
  }
}

void FollowerSession::EndLink(const absl::Status& status, absl::Time now) {
  const bool payload_failed =
      ReplicaErrorKindOf(status) == ReplicaErrorKind::kPayload;
  const bool stopping =
      state_ == State::kStopping || (absl::IsInvalidArgument(status) &&
                                     !ReplicaErrorKindOf(status).has_value());
  const bool resync =
      RecommendedAction(status) == Action::kResync || StallsAgain(status);
  const bool retargeted = retarget_ != Retarget::kNone;
  const LinkEnd end = state_ == State::kStopping ? LinkEnd::kStopped
                      : retargeted               ? LinkEnd::kRetargeted
                                                 : LinkEndOf(status);
  ++stats_.link_ends[static_cast<size_t>(end)];

  const bool had_data = held_.position() != FeedPosition{0, 0};
  snapshot_void_ = held_.snapshot() != Holding::Snapshot::kNone;
  held_.LinkEnds(stopping || payload_failed
                     ? Holding::VoidSnapshot::kIsNotApplied
                     : Holding::VoidSnapshot::kMayBeApplied);
  if (resync) held_.Lose();
  if (stopping || retargeted) held_.LeavePrimary();
  const bool lost = had_data && held_.state() == Holding::State::kNothing;

  if (answered() && !stopping) CountEnd(status, resync, now);
  if (retargeted) ForgetPrimary(retarget_);
  absl::Duration wait = stopping || retargeted ? backoff_.Skip() : Wait(status);
  if (snapshot_due_) {
    wait = std::max(wait, backoff_.snapshot_after() - now);
  }
  if (!stopping) {
    state_ = State::kWaiting;
    retry_at_ = now + wait;
  } else if (state_ != State::kStopping) {
    state_ = State::kStopping;
    status_ = status;
  }
  last_link_status_ = status;
  link_down_ = LinkDown{status, end, resync || lost, backoff_.attempt(),
                        stopping ? absl::InfiniteDuration() : wait};
  session_.reset();
  delivered_at_.reset();
  link_status_.reset();
  retarget_ = Retarget::kNone;
  held_back_ = next_frames_ = {};
  next_event_ = nullptr;
}

bool FollowerSession::StallsAgain(const absl::Status& status) {
  // Inside a snapshot the held data is not at fault, and the next link brings
  // another snapshot.
  if (ReplicaErrorKindOf(status) != ReplicaErrorKind::kStalled ||
      held_.snapshot() == Holding::Snapshot::kArriving) {
    return false;
  }
  const FeedPosition at = session_->position();
  return std::exchange(stalled_at_, at) == at;
}

void FollowerSession::CountEnd(const absl::Status& status, bool resync,
                               absl::Time now) {
  client_internal::EndedLink link;
  link.connected = connected_at_;
  if (delivered_at_.has_value()) link.followed = now - *delivered_at_;
  link.asked_snapshot = asked_snapshot_;
  link.snapshot_broke_off = snapshot_void_ || !delivered_at_.has_value();
  if (!status.ok()) link.failed_at = session_->position().next_offset;
  link.resync = resync;
  backoff_.HandleEnd(link);
  // A primary that answered one resume by a snapshot may answer the next alike.
  snapshot_due_ =
      snapshot_void_ || asked_snapshot_ || held_.start() == FeedPosition{0, 0};
}

absl::Duration FollowerSession::Wait(const absl::Status& status) {
  if (WireErrorOf(status).has_value() && IsLimit(*WireErrorOf(status))) {
    return backoff_.Whole();
  }
  if (ReplicaErrorKindOf(status) == ReplicaErrorKind::kPayload) {
    return backoff_.Longest();
  }
  if (RecommendedAction(status) == Action::kLocatePrimary) {
    backoff_.Skip();
    return absl::InfiniteDuration();
  }
  if (RecommendedAction(status) != Action::kBackOff) return backoff_.Next();
  // A primary that was replaced may speak another protocol than before. After
  // its first refusal, wait only as long as for a reconnect.
  const bool other_protocol_is_left =
      options_.link.protocol == ProtocolChoice::kAuto && protocol_.has_value();
  protocol_.reset();
  return other_protocol_is_left ? backoff_.Next() : backoff_.Longest();
}

absl::Status FollowerSession::CheckInvariants() const {
  const struct {
    bool holds;
    const char* invariant;
  } kInvariants[] = {
      {session_.has_value() ==
               (state_ == State::kConnecting || state_ == State::kLinked) ||
           state_ == State::kStopping,
       "a session stands from connecting to the link's end"},
      {state_ != State::kDone ||
           (!session_.has_value() && !link_down_.has_value()),
       "all events are polled once done"},
      {answered() || held_.snapshot() == Holding::Snapshot::kNone,
       "a snapshot ends with its link"},
      {answered() || held_.state() != Holding::State::kUnconfirmed,
       "a generation is unconfirmed only on a link"},
      {held_back_.empty() || held_.state() == Holding::State::kFresh,
       "frames are held back behind a reset only"},
      {answered() || !delivered_at_.has_value(),
       "only an answered link delivers"},
      {next_frames_.empty() || next_event_ == nullptr,
       "one peeked item at a time"},
  };
  for (const auto& [holds, invariant] : kInvariants) {
    if (holds) continue;
    return absl::InternalError(
        absl::StrCat("FollowerSession breaks the invariant: ", invariant));
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
