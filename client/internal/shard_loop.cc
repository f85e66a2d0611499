// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/shard_loop.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/internal/link_target.h"
#include "kevy_replica/client/internal/locator_driver.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/internal/threaded_transport.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

constexpr uint64_t kWakeup = std::numeric_limits<uint64_t>::max();

// The loop waits for descriptors only.
TransportFactory WithDescriptor(TransportFactory factory) {
  return [factory = std::move(
              factory)]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    absl::StatusOr<std::unique_ptr<Transport>> made = factory();
    if (!made.ok() || *made == nullptr || (*made)->fd() >= 0) return made;
    return ThreadedTransport::Create(*std::move(made));
  };
}

}  // namespace

ShardLoop::ShardLoop(std::function<absl::Time()> now, PositionStore* store,
                     absl::Duration store_interval)
    : now_(std::move(now)),
      store_(store),
      store_interval_(store == nullptr ? absl::InfiniteDuration()
                                       : store_interval),
      poller_(Poller::Create()) {}

absl::Status ShardLoop::status() const {
  if (!poller_.ok()) return poller_.status();
  if (wakeup_.fd() >= 0) return absl::OkStatus();
  return absl::ResourceExhaustedError("no descriptors are left for a pipe");
}

void ShardLoop::SetLocatorOptions(PrimaryLocatorOptions options,
                                  ConnectOptions connect) {
  locator_options_ = std::move(options);
  locator_connect_ = std::move(connect);
  locator_connect_.interrupter = interrupter_;
}

void ShardLoop::Add(std::string name, ShardOptions options) {
  const size_t id = shards_.size();
  Poller* const poller = poller_.ok() ? poller_->get() : nullptr;
  options.connect.interrupter = interrupter_;
  options.interrupted = &ordered_;
  options.shared_buffer = &shared_buffer_;
  if (options.factory) {
    options.factory = WithDescriptor(std::move(options.factory));
  }
  names_.push_back(std::move(name));
  shards_.push_back(std::make_unique<Shard>(std::move(options), poller, id));
  deadlines_.push_back(absl::InfiniteFuture());
  in_turn_.push_back(false);
  Wake(id);
}

absl::Status ShardLoop::Run() {
  absl::Status status = (*poller_)->Set(wakeup_.fd(), POLLIN, kWakeup);
  following_ = left_ = static_cast<size_t>(
      std::count_if(shards_.begin(), shards_.end(),
                    [](const auto& shard) { return !shard->done(); }));
  SetNextStore();
  while (status.ok()) {
    TakeOrders();
    StepLocator();
    StepTurn();
    const absl::Time until = StoreIfDue();
    NotifyTurn();
    if (left_ == 0) break;
    // The loop waits only if a shard is idle. A locator's connections must be
    // watched all the same.
    if (turn_.size() < left_ || locator_ != nullptr) status = Wait(until);
  }
  StoreAll(nullptr);  // Unless StepTurn() has done so.
  status.Update(store_status_);
  for (const auto& shard : shards_) status.Update(shard->EndStatus());
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  turned_.notify_all();
  return status;
}

void ShardLoop::Stop() noexcept {
  if (ending_.load(std::memory_order_acquire)) {
    abandoned_.store(true, std::memory_order_release);
  }
  stopped_.store(true, std::memory_order_release);
  ordered_.store(true, std::memory_order_release);
  wakeup_.Notify();
}

void ShardLoop::Retarget(std::vector<LinkTarget> targets) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    new_targets_ = std::move(targets);
    new_nodes_.clear();
  }
  ordered_.store(true, std::memory_order_release);
  wakeup_.Notify();
}

void ShardLoop::Locate(std::vector<Address> nodes, TransportWrapper wrap) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    new_nodes_ = std::move(nodes);
    new_wrap_ = std::move(wrap);
    new_targets_.clear();
  }
  ordered_.store(true, std::memory_order_release);
  wakeup_.Notify();
}

bool ShardLoop::Await(const std::function<bool()>& condition,
                      absl::Time deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  ++awaiting_;
  const absl::Cleanup done = [this] { --awaiting_; };
  while (!condition()) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    // In hours: the clock's own type does not hold every absl::Duration.
    turned_.wait_for(lock,
                     absl::ToChronoNanoseconds(std::min(left, absl::Hours(1))));
  }
  return true;
}

void ShardLoop::TakeOrders() {
  // wakeup_ may be readable once more after a Clear() that came early.
  const bool woken = std::exchange(woken_, false);
  if (!ordered_.load(std::memory_order_acquire) && !woken) return;
  wakeup_.Clear();
  // A read and a write in one, so that an order that comes between is seen.
  ordered_.exchange(false, std::memory_order_acq_rel);
  std::vector<LinkTarget> targets;
  std::vector<Address> nodes;
  TransportWrapper wrap;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    targets.swap(new_targets_);
    nodes.swap(new_nodes_);
    wrap.swap(new_wrap_);
  }
  if (!nodes.empty()) BeginLocating(std::move(nodes), wrap);
  if (!targets.empty()) {
    locator_.reset();
    locator_due_ = absl::InfiniteFuture();
  }
  for (size_t i = 0; i < targets.size() && i < shards_.size(); ++i) {
    shards_[i]->Retarget(std::move(targets[i]));
    Wake(i);
  }
  if (!stopped_.load(std::memory_order_acquire)) return;
  const bool abandoned = abandoned_.load(std::memory_order_acquire);
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->Stop(absl::OkStatus());
    if (abandoned) shards_[i]->AbandonEnd();
    Wake(i);
  }
}

void ShardLoop::BeginLocating(std::vector<Address> nodes,
                              const TransportWrapper& wrap) {
  locator_.reset();  // Its descriptors leave the poller first.
  locator_ = std::make_unique<LocatorDriver>(std::move(nodes), locator_options_,
                                             locator_connect_, poller_->get(),
                                             shards_.size(), now_);
  locator_due_ = absl::InfinitePast();
  told_primary_.reset();
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->Locate(wrap);
    Wake(i);
  }
}

void ShardLoop::StepLocator() {
  if (locator_ == nullptr || now_() < locator_due_) return;
  std::vector<size_t> tails;
  for (size_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i]->wants_tail()) tails.push_back(i);
  }
  locator_->locator().HandleTailsWanted(std::move(tails));
  locator_due_ = locator_->Step();
  while (const std::optional<LocatorEvent> event =
             locator_->locator().PollEvent()) {
    TakeLocatorEvent(*event);
  }
}

void ShardLoop::TakeLocatorEvent(const LocatorEvent& event) {
  const auto* found = std::get_if<PrimaryFound>(&event);
  const bool tell = found != nullptr && told_primary_ != found->primary;
  for (size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = *shards_[i];
    if (found != nullptr) {
      shard.HandlePrimary(found->primary, locator_->locator().tail(i), tell);
    } else if (const auto* demoted = std::get_if<PrimaryDemoted>(&event)) {
      shard.HandleDemoted(demoted->status);
    } else if (const auto* missing = std::get_if<PrimaryMissing>(&event)) {
      shard.HandleNoPrimary(missing->status);
    } else if (const auto* failed = std::get_if<LocatorFailed>(&event)) {
      shard.Stop(failed->status);
    }
    Wake(i);
  }
  told_primary_.reset();
  if (found != nullptr) told_primary_ = found->primary;
}

void ShardLoop::StepTurn() {
  stepping_.clear();
  stepping_.swap(turn_);
  for (const size_t i : stepping_) in_turn_[i] = false;
  for (const size_t i : stepping_) {
    // Orders first: each step may take long.
    if (ordered_.load(std::memory_order_acquire)) {
      Wake(i);
    } else {
      Step(i);
    }
  }
}

void ShardLoop::Step(size_t i) {
  Shard& shard = *shards_[i];
  const bool followed = !shard.session().done();
  // Only now: a shard that is read alone keeps the buffer, and copies nothing.
  if (reading_ != nullptr && reading_ != &shard) reading_->GiveBack();
  reading_ = &shard;
  Shard::Next next;
  do {
    next = shard.Step({waited_, next_store_});
    if (next.store_due) StoreAll(&shard);
    // Orders come first. The rest of the events stays for the next turn.
  } while (next.store_due && !ordered_.load(std::memory_order_acquire));
  if (next.link_ended && locator_ != nullptr) {
    locator_->locator().HandleLinkEnded(now_());
    locator_due_ = absl::InfinitePast();
  }
  if (followed && shard.session().done()) {
    --following_;
    // The last position of a shard that ends alone, and then those of all
    // shards, must not wait for the ends of links.
    if (following_ == 0 || !stopped_.load(std::memory_order_acquire)) {
      StoreAll(nullptr);
    }
    if (following_ == 0) ending_.store(true, std::memory_order_release);
  }
  if (shard.done()) {
    --left_;
    next.deadline = absl::InfiniteFuture();
  } else if (next.ready) {
    Wake(i);
  }
  SetDeadline(i, next.deadline);
}

void ShardLoop::StoreAll(Shard* asking) {
  to_store_.clear();
  storing_.clear();
  for (size_t i = 0; i < shards_.size(); ++i) {
    const FollowerSession& session = shards_[i]->session();
    if (!session.store_pending()) continue;
    to_store_.push_back({names_[i], session.applied()});
    storing_.push_back(shards_[i].get());
  }
  if (!to_store_.empty() && store_status_.ok()) {
    if (store_ != nullptr) store_status_ = store_->Store(to_store_);
    for (size_t i = 0; i < storing_.size() && store_status_.ok(); ++i) {
      storing_[i]->HandleStored(to_store_[i].position);
    }
  }
  SetNextStore();
  if (store_status_.ok()) return;
  if (asking != nullptr) asking->Stop(store_status_);
  Stop();
}

absl::Time ShardLoop::StoreIfDue() {
  if (store_ == nullptr) return absl::InfiniteFuture();
  if (now_() < next_store_) return next_store_;
  StoreAll(nullptr);
  // A position that moves from here on comes with another turn.
  return absl::InfiniteFuture();
}

void ShardLoop::SetNextStore() {
  next_store_ = store_interval_ == absl::ZeroDuration()
                    ? absl::InfinitePast()
                    : now_() + store_interval_;
}

void ShardLoop::NotifyTurn() {
  if (awaiting_ == 0) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  turned_.notify_all();
}

void ShardLoop::SetDeadline(size_t i, absl::Time deadline) {
  deadlines_[i] = deadline;
  earliest_ = std::min(earliest_, deadline);
}

absl::Status ShardLoop::Wait(absl::Time until) {
  const absl::Time before = now_();
  const absl::Duration timeout =
      turn_.empty()
          ? std::max(std::min({until, earliest_, locator_due_}) - before,
                     absl::ZeroDuration())
          : absl::ZeroDuration();
  const absl::StatusOr<absl::Span<const uint64_t>> ready =
      (*poller_)->Wait(timeout);
  if (!ready.ok()) return ready.status();
  for (const uint64_t id : *ready) {
    if (id == kWakeup) {
      woken_ = true;
    } else if (id >= shards_.size()) {
      locator_due_ = absl::InfinitePast();
    } else {
      Wake(static_cast<size_t>(id));
    }
  }
  const absl::Time now = now_();
  waited_ += now - before;
  if (now < earliest_) return absl::OkStatus();
  earliest_ = absl::InfiniteFuture();
  for (size_t i = 0; i < deadlines_.size(); ++i) {
    if (deadlines_[i] <= now) {
      Wake(i);  // Its next step sets another deadline.
    } else {
      earliest_ = std::min(earliest_, deadlines_[i]);
    }
  }
  return absl::OkStatus();
}

void ShardLoop::Wake(size_t i) {
  if (in_turn_[i] || shards_[i]->done()) return;
  in_turn_[i] = true;
  turn_.push_back(i);
}

}  // namespace client_internal
}  // namespace kevy_replica
