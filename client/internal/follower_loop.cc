// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/follower_loop.h"

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/internal/follower_driver.h"
#include "kevy_replica/transport/poller.h"

namespace kevy_replica {
namespace client_internal {
namespace {

constexpr uint64_t kWakeup = std::numeric_limits<uint64_t>::max();

// How often to look where nothing can wake the loop.
constexpr absl::Duration kLookInterval = absl::Milliseconds(20);

}  // namespace

FollowerLoop::FollowerLoop(Options options)
    : options_(std::move(options)), poller_(Poller::Create()) {}

void FollowerLoop::Add(FollowerDriverOptions options) {
  const size_t id = drivers_.size();
  Poller* const poller = poller_.ok() ? poller_->get() : nullptr;
  options.connect.interrupter = interrupter_;
  options.waited = [this] { return waited_; };
  options.interrupted = [this] { return wanted(); };
  drivers_.push_back(
      std::make_unique<FollowerDriver>(std::move(options), poller, id));
  deadlines_.push_back(absl::InfiniteFuture());
  in_turn_.push_back(false);
  Wake(id);
}

absl::Status FollowerLoop::Run() {
  if (wakeup_.fd() >= 0) {
    const absl::Status status = (*poller_)->Set(wakeup_.fd(), POLLIN, kWakeup);
    if (!status.ok()) return status;
  }
  left_ = static_cast<size_t>(
      std::count_if(drivers_.begin(), drivers_.end(),
                    [](const auto& driver) { return !driver->done(); }));
  while (true) {
    TakeOrders();
    StepTurn();
    const absl::Time until =
        options_.on_turn ? options_.on_turn() : absl::InfiniteFuture();
    if (left_ == 0) return absl::OkStatus();
    // Where all are busy there is nothing to wait for.
    if (turn_.size() == left_) continue;
    const absl::Status status = Wait(until);
    if (!status.ok()) return status;
  }
}

void FollowerLoop::Retarget(std::vector<std::string> addresses) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    new_addresses_ = std::move(addresses);
  }
  wakeup_.Notify();
}

void FollowerLoop::TakeOrders() {
  // Its descriptor may be readable behind a Clear() that came early, too.
  if (!wanted() && !std::exchange(woken_, false)) return;
  woken_ = false;
  wakeup_.Clear();
  std::vector<std::string> addresses;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    addresses.swap(new_addresses_);
  }
  for (size_t i = 0; i < addresses.size() && i < drivers_.size(); ++i) {
    drivers_[i]->Retarget(std::move(addresses[i]));
    Wake(i);
  }
  if (!stopped()) return;
  for (size_t i = 0; i < drivers_.size(); ++i) {
    drivers_[i]->Stop(absl::OkStatus());
    Wake(i);
  }
}

void FollowerLoop::StepTurn() {
  stepping_.clear();
  stepping_.swap(turn_);
  for (const size_t i : stepping_) in_turn_[i] = false;
  for (const size_t i : stepping_) {
    if (wanted()) {  // Orders first: each step may take long.
      Wake(i);
      continue;
    }
    FollowerDriver& driver = *drivers_[i];
    const bool alone = drivers_.size() == 1 && driver.must_wait_in_read();
    driver.Step(alone ? ReadTimeout(driver) : absl::ZeroDuration());
    if (driver.done()) {
      --left_;
      SetDeadline(i, absl::InfiniteFuture());
      continue;
    }
    if (driver.ready()) Wake(i);
    absl::Time deadline = driver.deadline();
    if (driver.must_wait_in_read()) {
      deadline = drivers_.size() == 1
                     ? absl::InfinitePast()
                     : std::min(deadline, options_.now() + kLookInterval);
    }
    SetDeadline(i, deadline);
  }
}

void FollowerLoop::SetDeadline(size_t i, absl::Time deadline) {
  deadlines_[i] = deadline;
  // Of one alone it is exact, so that its sleeps are.
  earliest_ = drivers_.size() == 1 ? deadline : std::min(earliest_, deadline);
}

absl::Duration FollowerLoop::ReadTimeout(const FollowerDriver& driver) const {
  return std::clamp(driver.deadline() - options_.now(), absl::ZeroDuration(),
                    kLookInterval);
}

absl::Status FollowerLoop::Wait(absl::Time until) {
  until = std::min(until, earliest_);
  absl::Duration timeout =
      turn_.empty() ? std::max(until - options_.now(), absl::ZeroDuration())
                    : absl::ZeroDuration();
  if (wakeup_.fd() < 0) timeout = std::min(timeout, kLookInterval);
  const absl::Time before = options_.now();
  if (options_.sleep && drivers_.size() == 1 &&
      drivers_[0]->waits_for_time_alone()) {
    options_.sleep(timeout);
  } else if (turn_.empty() || drivers_.size() > 1) {
    const absl::StatusOr<absl::Span<const uint64_t>> ready =
        (*poller_)->Wait(timeout);
    if (!ready.ok()) return ready.status();
    for (const uint64_t id : *ready) {
      if (id == kWakeup) {
        woken_ = true;
      } else {
        Wake(static_cast<size_t>(id));
      }
    }
  }
  const absl::Time now = options_.now();
  waited_ += now - before;
  if (now < earliest_) return absl::OkStatus();
  earliest_ = absl::InfiniteFuture();
  for (size_t i = 0; i < deadlines_.size(); ++i) {
    if (deadlines_[i] <= now) {
      Wake(i);  // Its next step tells another.
    } else {
      earliest_ = std::min(earliest_, deadlines_[i]);
    }
  }
  return absl::OkStatus();
}

void FollowerLoop::Wake(size_t i) {
  if (in_turn_[i] || drivers_[i]->done()) return;
  in_turn_[i] = true;
  turn_.push_back(i);
}

}  // namespace client_internal
}  // namespace kevy_replica
