// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/shard.h"

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
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/link_target.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/transport/pending_connection.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

// The pause between two looks at an ending link that the poller cannot watch.
constexpr absl::Duration kBlindInterval = absl::Milliseconds(10);

// Two copies of so many bytes, out of the loop's buffer and in again, take
// longer than another system call.
constexpr size_t kLargeCut = 1024;

// Calls the handler's function for an event.
struct HandlerCall {
  absl::Status operator()(absl::Span<const FrameView> frames) const {
    return handler->OnFrames(frames, position);
  }
  absl::Status operator()(const Heartbeat& heartbeat) const {
    return handler->OnHeartbeat(heartbeat, position);
  }
  absl::Status operator()(const HistoryReset&) const {
    return handler->OnReset(position);
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
    return handler->OnLinkDown(link);
  }

  FollowerHandler* handler;
  FeedPosition position;  // Behind the event.
};

// The applied offset once the handler has taken the event.
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

absl::Status CheckSnapshotPolicy(SnapshotPolicy policy) {
  if (policy == SnapshotPolicy::kChunks || policy == SnapshotPolicy::kRecords) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "snapshots.policy is ", SnapshotPolicyName(policy),
      ", but a follower needs snapshots: choose kChunks or kRecords"));
}

Shard::Shard(ShardOptions options, Poller* poller, uint64_t id)
    : options_(std::move(options)),
      poller_(poller),
      id_(id),
      session_(options_.session, options_.now()),
      pump_(&session_, options_.read_bytes, options_.shared_buffer,
            options_.now),
      parked_(options_.located),
      snapshot_reader_(options_.session.link.limits,
                       options_.session.snapshots.now_ms),
      delivered_end_(session_.delivered_end()) {
  Publish(options_.now());
}

Shard::~Shard() { Unwatch(); }

Shard::Next Shard::Step(const Turn& turn) {
  CountWait(turn.waited);
  if (events_left_) {
    Transmit(options_.rough_now());
  } else {
    UpdateLink();
    if (pump_.transport() != nullptr && !session_.stopping()) Read();
  }
  bool store_due = DeliverEvents(turn.store_at);
  if (!events_left_ && ReadRest()) store_due = DeliverEvents(turn.store_at);
  if (!events_left_ && !ready_) FlushOrFail();
  const absl::Time now = options_.now();
  if (!store_due && StoreIsDue(now, turn.store_at)) {
    store_due = events_left_ = true;
  }
  if (!events_left_) {
    Transmit(now);
    // A link that has ended is closed now, not when the next one is due.
    UpdateLink();
  }
  Publish(now);
  return {store_due, ready_ || events_left_ || end_ready_,
          std::exchange(link_ended_, false), Deadline()};
}

void Shard::GiveBack() {
  if (!events_left_) session_.GiveBack(options_.shared_buffer);
}

void Shard::HandleStored(const FeedPosition& position) {
  session_.HandleStored(position, options_.now());
}

void Shard::Stop(const absl::Status& status) {
  if (!session_.stopping()) FlushOrFail();
  TakeApplied();
  session_.HandleStop(status);
  Transmit(options_.now());  // The last acknowledgement.
}

void Shard::Retarget(LinkTarget target) {
  options_.factory = nullptr;
  options_.target = std::move(target);
  options_.located = parked_ = false;
  session_.HandleRetarget();
}

void Shard::Locate(TransportWrapper wrap) {
  options_.factory = nullptr;
  options_.target = {"", std::move(wrap)};
  options_.located = true;
  connect_due_ = false;  // No address is known.
  session_.HandleRetarget();
  // Otherwise the link's end parks it.
  parked_ = session_.waiting();
}

void Shard::HandlePrimary(const Primary& primary,
                          const std::optional<FeedPosition>& tail, bool tell) {
  if (session_.stopping()) return;
  if (tell) options_.handler->OnPrimary(primary);
  if (!std::exchange(parked_, false)) return;
  if (wants_tail() && tail.has_value()) session_.HandleStart(*tail);
  const std::string& address = primary.shards[id_];
  if (address == options_.target.address) return;  // The backoff goes on.
  options_.target.address = address;
  session_.HandleLocated();
}

void Shard::HandleDemoted(const absl::Status& status) {
  session_.HandleNotPrimary(status);
  if (!session_.waiting()) return;  // The link's end parks it.
  options_.target.address.clear();
  parked_ = true;
}

void Shard::HandleNoPrimary(const absl::Status& status) {
  if (!session_.stopping()) options_.handler->OnNoPrimary(status);
}

void Shard::Applied(uint64_t next_offset) {
  if (next_offset > delivered_end_.load(std::memory_order_acquire)) return;
  uint64_t before = applied_.load(std::memory_order_relaxed);
  while (before <= next_offset &&
         !applied_.compare_exchange_weak(before, next_offset + 1,
                                         std::memory_order_acq_rel)) {
  }
}

FollowerStats Shard::Stats() const {
  FollowerStats stats;
  std::optional<absl::Time> last_byte;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stats = stats_;
    last_byte = last_byte_;
  }
  if (last_byte.has_value()) {
    stats.since_last_byte = options_.now() - *last_byte;
  }
  return stats;
}

absl::Status Shard::EndStatus() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return end_status_;
}

void Shard::CountWait(absl::Duration waited) {
  session_.HandleWaiting(options_.now() - (waited - waited_));
  waited_ = waited;
}

// Makes the connection that the session asks for, and ends any other.
void Shard::UpdateLink() {
  if (parked_) ready_ = false;
  const uint64_t link = parked_ ? 0 : session_.PollLink(options_.now());
  if (link != link_) {
    EndLink();
    link_ = link;
    connect_due_ = link != 0;
  }
  if (end_.has_value()) PollEnd();
  if (!end_.has_value() && std::exchange(connect_due_, false)) Connect();
  if (pending_.has_value()) PollConnection();
}

void Shard::PollEnd() {
  const absl::Time now = options_.now();
  const PoliteEnd::Progress progress = end_->Poll(now);
  end_ready_ = progress == PoliteEnd::Progress::kReady;
  end_until_ = end_->deadline();
  if (progress == PoliteEnd::Progress::kIdle &&
      !Watch(end_->fd(), POLLIN).ok()) {
    end_until_ = std::min(end_until_, now + kBlindInterval);
  }
  if (progress != PoliteEnd::Progress::kDone) return;
  Unwatch();
  end_.reset();
}

void Shard::Connect() {
  if (options_.factory == nullptr) {
    pending_.emplace(options_.target.address, options_.connect);
    return;
  }
  absl::StatusOr<std::unique_ptr<Transport>> made = options_.factory();
  if (!made.ok()) {
    ConnectFailed(made.status());
  } else if (*made == nullptr) {
    ConnectFailed(absl::InvalidArgumentError("the transport is null"));
  } else {
    Connected(*std::move(made), /*is_socket=*/false);
  }
}

void Shard::PollConnection() {
  Unwatch();  // Poll() may open another descriptor of the same number.
  absl::StatusOr<std::unique_ptr<SocketTransport>> made = pending_->Poll();
  if (made.ok() && *made == nullptr) {
    WatchOrFail(pending_->fd(), POLLOUT);
    pending_until_ = options_.now() + pending_->timeout();
    return;
  }
  pending_.reset();
  pending_until_ = absl::InfiniteFuture();
  if (made.ok()) {
    Connected(*std::move(made), /*is_socket=*/true);
  } else {
    ConnectFailed(made.status());
  }
}

void Shard::Connected(std::unique_ptr<Transport> transport, bool is_socket) {
  absl::StatusOr<std::unique_ptr<Transport>> wrapped =
      Wrapped(options_.target.wrap, std::move(transport));
  if (!wrapped.ok()) {
    ConnectFailed(wrapped.status());
    return;
  }
  pump_.Connect(*std::move(wrapped));
  is_socket_ = is_socket && options_.target.wrap == nullptr;
  Transmit(options_.now(), options_.write_timeout);
  ready_ = true;
}

void Shard::ConnectFailed(const absl::Status& status) {
  session_.HandleConnectFailed(status);
  ready_ = true;
}

void Shard::EndLink() {
  if (pending_.has_value() || pump_.transport() != nullptr) Unwatch();
  pending_.reset();
  pending_until_ = absl::InfiniteFuture();
  std::unique_ptr<Transport> transport = pump_.Release();
  if (transport != nullptr) end_.emplace(std::move(transport), options_.now());
  is_socket_ = false;
  ready_ = false;
}

// Makes the poller watch `fd` for `events`, instead of the former descriptor.
absl::Status Shard::Watch(int fd, short events) {
  if (poller_ == nullptr || (fd == watched_fd_ && events == watched_events_)) {
    return absl::OkStatus();
  }
  if (watched_fd_ >= 0 && fd != watched_fd_) poller_->Remove(watched_fd_);
  watched_fd_ = fd;
  watched_events_ = events;
  if (fd < 0) return absl::OkStatus();
  absl::Status status = poller_->Set(fd, events, id_);
  if (!status.ok()) Unwatch();
  return status;
}

void Shard::Unwatch() { Watch(-1, 0).IgnoreError(); }

void Shard::WatchOrFail(int fd, short events) {
  const absl::Status status = Watch(fd, events);
  if (status.ok()) return;
  session_.HandleFailure(status);
  ready_ = true;
}

void Shard::Read(size_t max) {
  using Progress = Pump<FollowerSession>::Progress;
  const Progress progress = pump_.Read(absl::ZeroDuration(), max);
  ready_ = progress == Progress::kFull || progress == Progress::kSome;
  // A socket that left room is empty: another read would be a needless system
  // call. A decorator may still have bytes: see Transport::fd().
  if (progress == Progress::kNone ||
      (progress == Progress::kSome && is_socket_)) {
    ready_ = false;
    WatchOrFail(pump_.transport()->fd(), POLLIN);
  }
}

bool Shard::ReadRest() {
  if (!ready_ || pump_.transport() == nullptr || session_.stopping()) {
    return false;
  }
  const StreamDecoder::CutElement cut = session_.cut();
  if (cut.held < kLargeCut || cut.missing > options_.read_bytes) return false;
  Read(cut.missing);
  return true;
}

bool Shard::DeliverEvents(absl::Time store_at) {
  events_left_ = true;
  while (true) {
    if (undelivered_ == nullptr) {
      TakeApplied();
      // Flush now: after a snapshot's begin or the link's end, the offsets that
      // the flush applies would be ignored.
      if (to_flush_ && session_.PollFramesEnd()) FlushOrFail();
      const absl::Time now = options_.rough_now();
      undelivered_ = session_.PollEvent(now);
      delivered_end_.store(session_.delivered_end(), std::memory_order_release);
      if (undelivered_ == nullptr) break;
      if (StoreIsDue(now, store_at)) return true;
    }
    Deliver(*std::exchange(undelivered_, nullptr));
    const absl::Time now = options_.rough_now();
    if (StoreIsDue(now, store_at)) return true;
    // At once: many events may lie in the buffer, each handled slowly.
    Transmit(now);
    if (now != published_at_) Publish(now);
    if (options_.interrupted != nullptr && !session_.stopping() &&
        options_.interrupted->load(std::memory_order_acquire)) {
      return false;
    }
  }
  events_left_ = false;
  return false;
}

void Shard::Deliver(const FollowerEvent& event) {
  const bool is_end = std::holds_alternative<SnapshotVoid>(event) ||
                      std::holds_alternative<LinkDown>(event);
  // Stopped before the event: its position could not be stored.
  const bool dropped = session_.stopping() && !is_end;
  if (dropped) return;
  if (std::holds_alternative<SnapshotBegin>(event)) snapshot_open_ = true;
  if (std::holds_alternative<SnapshotVoid>(event) &&
      !std::exchange(snapshot_open_, false)) {
    return;  // Its begin was dropped.
  }
  if (const auto* down = std::get_if<LinkDown>(&event)) {
    link_ended_ = true;
    parked_ = options_.located;
    // Even the same node then counts as another primary.
    if (down->end == LinkEnd::kNotPrimary) options_.target.address.clear();
  }
  const absl::Status status = CallHandler(event);
  if (!status.ok()) {
    HandleError(status);
    return;
  }
  const std::optional<uint64_t> next_offset = NextOffsetOf(event);
  if (next_offset.has_value() && options_.applied_on_return) {
    Apply(*next_offset);
  }
}

absl::Status Shard::CallHandler(const FollowerEvent& event) {
  if (std::holds_alternative<absl::Span<const FrameView>>(event)) {
    to_flush_ = true;
  } else {
    const absl::Status flushed = Flush();
    if (!flushed.ok()) return flushed;
  }
  if (options_.session.snapshots.policy == SnapshotPolicy::kRecords) {
    if (const auto* chunk = std::get_if<SnapshotChunk>(&event)) {
      return snapshot_reader_.Take(
          chunk->bytes,
          [this](absl::Span<const PayloadRecord> records) {
            return options_.handler->OnRecords(records);
          },
          [this](const PayloadEvent& payload_event) {
            return options_.handler->OnPayload(payload_event);
          });
    }
    if (std::holds_alternative<SnapshotBegin>(event)) snapshot_reader_.Begin();
    if (std::holds_alternative<SnapshotEnd>(event)) {
      const absl::Status status = snapshot_reader_.End();
      if (!status.ok()) return status;
    }
  }
  return std::visit(HandlerCall{options_.handler, session_.received()}, event);
}

absl::Status Shard::Flush() {
  if (!std::exchange(to_flush_, false)) return absl::OkStatus();
  return options_.handler->OnFlush();
}

void Shard::FlushOrFail() {
  const absl::Status status = Flush();
  TakeApplied();
  if (!status.ok()) HandleError(status);
}

void Shard::HandleError(const absl::Status& status) {
  if (ReplicaErrorKindOf(status) == ReplicaErrorKind::kPayload) {
    session_.HandleFailure(status);
  } else {
    TakeApplied();
    session_.HandleStop(status);
  }
  ready_ = true;  // The end is still to be delivered.
}

void Shard::Apply(uint64_t next_offset) {
  session_.HandleApplied(next_offset);
  snapshot_open_ &= session_.in_snapshot();
}

void Shard::TakeApplied() {
  const uint64_t applied = applied_.exchange(0, std::memory_order_acquire);
  if (applied != 0) Apply(applied - 1);
}

// The last positions of a stopping shard are stored by the loop, once it is
// done().
bool Shard::StoreIsDue(absl::Time now, absl::Time store_at) const {
  if (session_.stopping() || !session_.store_pending()) return false;
  return now >= store_at || session_.PollStore(now).has_value();
}

absl::Time Shard::Deadline() const {
  // A parked shard has no attempt to wait for, and one that is done only its
  // connection's end.
  absl::Time result = parked_ || session_.done()
                          ? absl::InfiniteFuture()
                          : std::min(session_.PollTimeout(), pending_until_);
  if (end_.has_value()) result = std::min(result, end_until_);
  if (!options_.applied_on_return && session_.awaits_applied()) {
    // The handler applies on another thread. Look at its progress every
    // ack_interval, but at least each second (the position must be stored) and
    // at most each millisecond (this must not spin).
    result = std::min(
        result,
        options_.now() + std::clamp(options_.session.link.ack_interval,
                                    absl::Milliseconds(1), absl::Seconds(1)));
  }
  return result;
}

// By default without waiting: an acknowledgement is one line, and a primary
// that has left hours of them unread is gone.
void Shard::Transmit(absl::Time now, absl::Duration timeout) {
  if (pump_.Transmit(now, timeout)) ready_ = true;
}

void Shard::Publish(absl::Time now) {
  const FollowerStats stats = session_.stats();
  const std::lock_guard<std::mutex> lock(mutex_);
  stats_ = stats;
  last_byte_ = session_.last_byte();
  if (session_.done()) end_status_ = status();
  published_at_ = now;
}

}  // namespace client_internal
}  // namespace kevy_replica
