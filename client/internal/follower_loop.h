// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs any number of followers on one thread.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_LOOP_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_LOOP_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/internal/follower_driver.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {
namespace client_internal {

// Thread-safe in this only: Stop() and Retarget() may be called from any
// thread, Stop() from a signal handler too.
class FollowerLoop {
 public:
  // `now` is the drivers' clock. `sleep`, if set, is called where there is
  // nothing to wait for but time. `on_turn`, if set, is called before each
  // wait, and tells when it wants to be called again at the latest.
  struct Options {
    std::function<absl::Time()> now;
    std::function<void(absl::Duration)> sleep;
    std::function<absl::Time()> on_turn;
  };
  explicit FollowerLoop(Options options);

  // Not OK where the process has no descriptors left: then it cannot run.
  absl::Status status() const { return poller_.status(); }

  // One more follower; its id is its number. Before Run().
  void Add(FollowerDriverOptions options);
  size_t size() const { return drivers_.size(); }
  FollowerDriver& driver(size_t i) { return *drivers_[i]; }
  const FollowerDriver& driver(size_t i) const { return *drivers_[i]; }

  // Runs until all are done: by Stop(), or by errors of their own. An error:
  // the loop itself cannot go on. May be called once.
  absl::Status Run();

  void Stop() noexcept {
    stopped_.store(true, std::memory_order_release);
    wakeup_.Notify();
  }
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }

  // Follower `i` to `addresses[i]`, for all of them.
  void Retarget(std::vector<std::string> addresses);

 private:
  // Whether Stop() or Retarget() was called and is to be seen to.
  bool wanted() const { return wakeup_.notified(); }
  void TakeOrders();
  void StepTurn();
  void SetDeadline(size_t i, absl::Time deadline);
  absl::Duration ReadTimeout(const FollowerDriver& driver) const;
  absl::Status Wait(absl::Time until);
  void Wake(size_t i);

  const Options options_;
  std::atomic<bool> stopped_{false};
  Wakeup wakeup_;
  const absl::StatusOr<std::unique_ptr<Poller>> poller_;
  // Of all connections: each would else make one of its own, with a pipe. Never
  // interrupted, since Stop() wakes the loop.
  const std::shared_ptr<Interrupter> interrupter_ =
      std::make_shared<Interrupter>();
  std::vector<std::unique_ptr<FollowerDriver>> drivers_;
  std::vector<absl::Time> deadlines_;  // Of each driver.
  // None of them comes before this. Most move on unmet, as bytes come: to look
  // at all of them in every turn would make one shard's bytes cost what there
  // are of shards.
  absl::Time earliest_ = absl::InfiniteFuture();
  std::vector<size_t> turn_;      // Those to be stepped,
  std::vector<bool> in_turn_;     // and whether one is among them.
  std::vector<size_t> stepping_;  // Those being stepped.
  size_t left_ = 0;               // Not done.
  bool woken_ = false;            // `wakeup_` was readable.
  absl::Duration waited_;         // In all.

  std::mutex mutex_;  // For what follows.
  std::vector<std::string> new_addresses_;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_LOOP_H_
