// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/follower_driver.h"

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/transport/pending_connection.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

// Calls the handler's function for an event.
struct Handing {
  absl::Status operator()(absl::Span<const FrameView> frames) const {
    return handler->OnFrames(frames, position);
  }
  absl::Status operator()(const Heartbeat& heartbeat) const {
    return handler->OnHeartbeat(heartbeat, position);
  }
  absl::Status operator()(const HistoryReset&) const {
    return handler->OnReset();
  }
  absl::Status operator()(const SnapshotBegin&) const {
    return handler->OnSnapshotBegin();
  }
  absl::Status operator()(const SnapshotChunk& chunk) const {
    return handler->OnSnapshotChunk(chunk.bytes);
  }
  absl::Status operator()(const SnapshotEnd&) const {
    return handler->OnSnapshotEnd(position);
  }
  absl::Status operator()(const SnapshotVoid&) const {
    return handler->OnSnapshotVoid();
  }
  absl::Status operator()(const LinkUp& link) const {
    handler->OnLinkUp(link);
    return absl::OkStatus();
  }
  absl::Status operator()(const LinkDown& link) const {
    handler->OnLinkDown(link);
    return absl::OkStatus();
  }

  FollowerHandler* handler;
  FeedPosition position;  // Behind the event.
};

// What is applied once the handler has taken the event.
std::optional<uint64_t> NextOffsetOf(const FollowerEvent& event) {
  if (const auto* frames = std::get_if<absl::Span<const FrameView>>(&event)) {
    return frames->back().offset() + 1;
  }
  if (const auto* end = std::get_if<SnapshotEnd>(&event)) {
    return end->next_offset;
  }
  return std::nullopt;
}

}  // namespace

FollowerDriver::FollowerDriver(FollowerDriverOptions options, Poller* poller,
                               uint64_t id)
    : options_(std::move(options)),
      poller_(poller),
      id_(id),
      session_(options_.session, options_.now()),
      snapshot_reader_(options_.session.limits, options_.now_ms),
      handed_end_(session_.handed_end()) {
  Publish(options_.now());
}

FollowerDriver::~FollowerDriver() { CloseLink(); }

void FollowerDriver::Step(absl::Duration read_timeout) {
  CountWait();
  UpdateLink();
  if (transport_ != nullptr && !session_.stopping() && !events_left_) {
    Read(read_timeout);
  }
  Dispatch();
  if (!ready_) FlushOrStop();
  StoreDue(options_.now());
  const absl::Time now = options_.now();  // Storing takes its time.
  Transmit(now);
  // A link that has ended is closed now, not when the next one is due.
  UpdateLink();
  Publish(now);
}

absl::Time FollowerDriver::deadline() const {
  absl::Time result = std::min(session_.PollTimeout(), pending_until_);
  if (!options_.applied_on_return && session_.awaits_applied()) {
    // Another thread is at work: see how far it is. Not without a pause, even
    // if acknowledgements are to go out at once, nor a long one, since what is
    // applied is to be stored, too.
    result = std::min(
        result,
        options_.now() + std::clamp(options_.session.ack_interval,
                                    absl::Milliseconds(1), absl::Seconds(1)));
  }
  return result;
}

void FollowerDriver::Stop(const absl::Status& status) {
  if (!session_.stopping()) FlushOrStop();
  TakeApplied();
  session_.HandleStop(status);
  Transmit(options_.now());  // The last acknowledgement.
}

void FollowerDriver::Retarget(std::string address) {
  options_.factory = nullptr;
  options_.address = std::move(address);
  session_.HandleRetarget();
}

void FollowerDriver::Applied(uint64_t next_offset) {
  if (next_offset > handed_end_.load(std::memory_order_acquire)) return;
  uint64_t before = applied_.load(std::memory_order_relaxed);
  while (before <= next_offset &&
         !applied_.compare_exchange_weak(before, next_offset + 1,
                                         std::memory_order_acq_rel)) {
  }
}

FollowerStats FollowerDriver::Stats() const {
  FollowerStats stats;
  std::optional<absl::Time> last_byte;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stats = stats_;
    last_byte = last_byte_;
  }
  if (last_byte.has_value())
    stats.since_last_byte = options_.now() - *last_byte;
  return stats;
}

absl::Status FollowerDriver::EndStatus() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return end_status_;
}

// Of the time since the last step, only what was waited for counts as the
// primary's silence.
void FollowerDriver::CountWait() {
  if (!options_.waited) return;
  const absl::Duration waited = options_.waited();
  session_.HandleWaiting(options_.now() - (waited - waited_));
  waited_ = waited;
}

// Makes the connection that stands the one that the session wants.
void FollowerDriver::UpdateLink() {
  // The last link's end comes before the next link.
  if (events_left_) return;
  const uint64_t link = session_.PollLink(options_.now());
  if (link != link_) {
    CloseLink();
    link_ = link;
    if (link == 0) return;
    if (options_.factory == nullptr) {
      pending_.emplace(options_.address, options_.connect);
    } else {
      absl::StatusOr<std::unique_ptr<Transport>> made = options_.factory();
      if (!made.ok()) {
        ConnectFailed(made.status());
      } else if (*made == nullptr) {
        ConnectFailed(absl::InvalidArgumentError("the transport is null"));
      } else {
        Connected(*std::move(made));
      }
    }
  }
  if (pending_.has_value()) PollConnection();
}

void FollowerDriver::PollConnection() {
  Watch(-1, 0);  // It may be another, of the same number, after this:
  absl::StatusOr<std::unique_ptr<SocketTransport>> made = pending_->Poll();
  if (made.ok() && *made == nullptr) {
    Watch(pending_->fd(), POLLOUT);
    pending_until_ = options_.now() + pending_->timeout();
    return;
  }
  pending_.reset();
  pending_until_ = absl::InfiniteFuture();
  if (made.ok()) {
    Connected(*std::move(made));
    bare_socket_ = true;
  } else {
    ConnectFailed(made.status());
  }
}

void FollowerDriver::Connected(std::unique_ptr<Transport> transport) {
  transport_ = std::move(transport);
  const absl::Time now = options_.now();
  session_.HandleConnected(now);
  Transmit(now, options_.write_timeout);
  ready_ = true;
}

void FollowerDriver::ConnectFailed(const absl::Status& status) {
  session_.HandleConnectFailed(status);
  ready_ = true;
}

void FollowerDriver::CloseLink() {
  Watch(-1, 0);
  pending_.reset();
  pending_until_ = absl::InfiniteFuture();
  transport_.reset();
  bare_socket_ = false;
  ready_ = events_left_ = false;
}

// Has the poller watch `fd`, and nothing else.
void FollowerDriver::Watch(int fd, short events) {
  if (poller_ == nullptr || (fd == watched_fd_ && events == watched_events_)) {
    return;
  }
  if (watched_fd_ >= 0 && fd != watched_fd_) poller_->Remove(watched_fd_);
  watched_fd_ = fd;
  watched_events_ = events;
  if (fd < 0) return;
  const absl::Status status = poller_->Set(fd, events, id_);
  if (!status.ok()) HandleFailure(status);
}

// The session has to be asked what follows from it.
void FollowerDriver::HandleFailure(const absl::Status& status) {
  session_.HandleFailure(status);
  ready_ = true;
}

void FollowerDriver::Read(absl::Duration timeout) {
  const absl::Span<char> room = session_.PrepareRead(options_.read_bytes);
  const absl::StatusOr<size_t> n = transport_->Read(room, timeout);
  const absl::Time now = options_.now();
  ready_ = n.ok() && *n > 0;
  if (ready_) {
    session_.HandleRead(*n, now);
    if (bare_socket_ && *n < room.size()) {
      // It had no more, so that to look again would be system calls in vain. A
      // decorator could have more all the same: see Transport::fd().
      ready_ = false;
      Watch(transport_->fd(), POLLIN);
    }
  } else if (n.ok()) {
    session_.HandleEof();
  } else if (absl::IsDeadlineExceeded(n.status())) {
    // Only now: while there are bytes, the primary is not silent.
    session_.HandleTimeout(now);
    Watch(transport_->fd(), POLLIN);
  } else {
    session_.HandleFailure(n.status());
  }
}

void FollowerDriver::Dispatch() {
  events_left_ = false;
  while (true) {
    TakeApplied();
    // What is applied by it must count yet.
    if (to_flush_ && session_.PollFramesEnd()) FlushOrStop();
    absl::Time now = options_.rough_now();
    const FollowerEvent* event = session_.PollEvent(now);
    handed_end_.store(session_.handed_end(), std::memory_order_release);
    if (event == nullptr) return;
    // Where it cannot be stored nothing more is handed over, but for how what
    // was has ended.
    const bool is_end = std::holds_alternative<SnapshotVoid>(*event) ||
                        std::holds_alternative<LinkDown>(*event);
    const bool stored = StoreDue(now);
    const absl::Status status = stored || is_end ? Take(*event) : store_status_;
    now = options_.rough_now();
    if (!status.ok()) {
      TakeApplied();
      session_.HandleStop(status);
    }
    // Not only at the end: many events may lie in the buffer, each taken
    // slowly.
    StoreDue(now);
    Transmit(now);
    if (now != published_at_) Publish(now);
    if (options_.interrupted && !session_.stopping() &&
        options_.interrupted()) {
      ready_ = events_left_ = true;
      return;
    }
  }
}

absl::Status FollowerDriver::Take(const FollowerEvent& event) {
  // Where the loss of the position could not be stored, none was begun.
  if (std::holds_alternative<SnapshotVoid>(event) && !snapshot_begun_) {
    return absl::OkStatus();
  }
  snapshot_begun_ |= std::holds_alternative<SnapshotBegin>(event);
  if (std::holds_alternative<absl::Span<const FrameView>>(event)) {
    to_flush_ = true;
  } else {
    const absl::Status flushed = Flush();
    if (!flushed.ok()) return flushed;
  }
  const absl::Status status = HandOver(event);
  if (ReplicaErrorKindOf(status) == ReplicaErrorKind::kPayload) {
    // The primary's fault, not the handler's.
    HandleFailure(status);
    return absl::OkStatus();
  }
  if (!status.ok() || !options_.applied_on_return) return status;
  const std::optional<uint64_t> next_offset = NextOffsetOf(event);
  if (next_offset.has_value()) session_.HandleApplied(*next_offset);
  return status;
}

absl::Status FollowerDriver::HandOver(const FollowerEvent& event) {
  if (options_.decode_snapshots) {
    if (const auto* chunk = std::get_if<SnapshotChunk>(&event)) {
      return snapshot_reader_.Take(
          chunk->bytes, [this](const PayloadEvent& payload_event) {
            return options_.handler->OnPayload(payload_event);
          });
    }
    if (std::holds_alternative<SnapshotBegin>(event)) snapshot_reader_.Begin();
    if (std::holds_alternative<SnapshotEnd>(event)) {
      const absl::Status status = snapshot_reader_.End();
      if (!status.ok()) return status;
    }
  }
  return std::visit(Handing{options_.handler, session_.received()}, event);
}

absl::Status FollowerDriver::Flush() {
  if (!std::exchange(to_flush_, false)) return absl::OkStatus();
  return options_.handler->OnFlush();
}

void FollowerDriver::FlushOrStop() {
  const absl::Status status = Flush();
  TakeApplied();
  if (status.ok()) return;
  session_.HandleStop(status);
  ready_ = true;  // Nothing else need come: the end is to be handed over.
}

void FollowerDriver::TakeApplied() {
  const uint64_t applied = applied_.exchange(0, std::memory_order_acquire);
  if (applied != 0) session_.HandleApplied(applied - 1);
}

// Stores what is due. False: what was due is not stored, for the first time.
bool FollowerDriver::StoreDue(absl::Time now) {
  const std::optional<FeedPosition> position = session_.PollStore(now);
  if (!position.has_value() || !store_status_.ok()) return true;
  store_status_ = options_.store(*position);
  if (store_status_.ok()) {
    session_.HandleStored(*position, now);
  } else {
    session_.HandleStop(store_status_);
  }
  return store_status_.ok();
}

// By default without waiting: an acknowledgement is a line, and a primary that
// has not taken those of hours is not there.
void FollowerDriver::Transmit(absl::Time now, absl::Duration timeout) {
  if (transport_ == nullptr || !session_.PollTransmit(now, &out_)) return;
  const absl::Status status = transport_->Write(out_, timeout);
  // A primary that has closed may have sent much before that is still to be
  // read: how reading ends is what counts.
  if (!status.ok() && !absl::IsUnavailable(status)) HandleFailure(status);
}

void FollowerDriver::Publish(absl::Time now) {
  FollowerStats stats = session_.stats();
  const std::lock_guard<std::mutex> lock(mutex_);
  stats_ = std::move(stats);
  last_byte_ = session_.last_byte();
  if (done()) end_status_ = status();
  published_at_ = now;
}

}  // namespace client_internal
}  // namespace kevy_replica
