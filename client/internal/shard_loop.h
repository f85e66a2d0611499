// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs shards on one thread, and stores their positions.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_SHARD_LOOP_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_SHARD_LOOP_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kevy_replica/client/internal/link_target.h"
#include "kevy_replica/client/internal/locator_driver.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/transport.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {
namespace client_internal {

// Thread-safe in this only: any thread may call Stop(), Retarget(), Locate()
// and Await(), a signal handler Stop().
class ShardLoop {
 public:
  // `now` is the shards' clock. `store` may be null.
  ShardLoop(std::function<absl::Time()> now, PositionStore* store,
            absl::Duration store_interval);

  // kResourceExhausted: the process has run out of descriptors, and Run() must
  // not be called.
  absl::Status status() const;

  // For Locate(). Before Run().
  void SetLocatorOptions(PrimaryLocatorOptions options, ConnectOptions connect);

  // Adds a shard, whose position is stored as `name`. Before Run().
  void Add(std::string name, ShardOptions options);
  size_t size() const { return shards_.size(); }
  Shard& shard(size_t i) { return *shards_[i]; }
  const Shard& shard(size_t i) const { return *shards_[i]; }
  const std::string& name(size_t i) const { return names_[i]; }

  // Runs until all shards are done: by Stop(), or by errors of their own. Their
  // links end politely, which takes up to PoliteEnd::kLimit.
  // Returns the poller's error, else the store's, else the first shard's.
  // Once all shards are done, another call returns the same status.
  absl::Status Run();

  // A call while only the ends of links are left to wait for closes them.
  void Stop() noexcept;

  // Points shard `i` to `targets[i]`, for every shard.
  void Retarget(std::vector<LinkTarget> targets);

  // Points all shards to the primary among `nodes`, wherever it is. `wrap` as
  // LinkTarget::wrap.
  void Locate(std::vector<Address> nodes, TransportWrapper wrap);

  // Waits until `condition` is true, which is checked now and after each turn,
  // on the calling thread. Returns false at `deadline`.
  bool Await(const std::function<bool()>& condition, absl::Time deadline);
  // Whether Run() has returned. For Await()'s condition.
  bool ended() const { return ended_; }

 private:
  void TakeOrders();
  void BeginLocating(std::vector<Address> nodes, const TransportWrapper& wrap);
  void StepLocator();
  void TakeLocatorEvent(const LocatorEvent& event);
  void StepTurn();
  void Step(size_t i);
  // Stores every position that moved, then tells the shards. If that fails, all
  // shards stop, shard `asking` with the store's error.
  void StoreAll(Shard* asking);
  // Returns the time of its next call, unless another turn comes before.
  absl::Time StoreIfDue();
  void SetNextStore();
  void NotifyTurn();
  void SetDeadline(size_t i, absl::Time deadline);
  absl::Status Wait(absl::Time until);
  void Wake(size_t i);

  const std::function<absl::Time()> now_;
  PositionStore* const store_;
  const absl::Duration store_interval_;
  std::atomic<bool> stopped_{false};
  // No handler is called any more. Only ends of links are left.
  std::atomic<bool> ending_{false};
  std::atomic<bool> abandoned_{false};  // Stop() was called after that.
  // Stop() or Retarget() was called. Shards end their steps early.
  std::atomic<bool> ordered_{false};
  Wakeup wakeup_;
  const absl::StatusOr<std::unique_ptr<Poller>> poller_;
  // Shared by all connections, since each would make its own, with a pipe.
  // It is not interrupted: Stop() wakes the loop.
  const std::shared_ptr<Interrupter> interrupter_ =
      std::make_shared<Interrupter>();
  // All shards read into one buffer, and keep only cut elements. So the bytes
  // of 1,000 shards stay in the processor's cache, as those of one.
  SharedReadBuffer shared_buffer_;
  Shard* reading_ = nullptr;        // The last shard that has read into it.
  std::vector<std::string> names_;  // Of each shard.
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<absl::Time> deadlines_;  // Of each shard.
  // A lower bound of deadlines_. Most deadlines move on unmet, as bytes come:
  // a scan of all of them each turn would make one busy shard cost as much as
  // the fleet is large.
  absl::Time earliest_ = absl::InfiniteFuture();
  std::vector<size_t> turn_;      // Shards to step,
  std::vector<bool> in_turn_;     // and whether a shard is among them.
  std::vector<size_t> stepping_;  // The turn that is running.
  size_t following_ = 0;          // Shards whose sessions are not done.
  size_t left_ = 0;               // Shards that are not done.
  bool woken_ = false;            // The poller reported wakeup_.
  absl::Duration waited_;         // Time spent waiting so far.

  PrimaryLocatorOptions locator_options_;
  ConnectOptions locator_connect_;
  std::unique_ptr<LocatorDriver> locator_;  // Null: addresses are given.
  absl::Time locator_due_ = absl::InfiniteFuture();
  std::optional<Primary> told_primary_;  // The handlers know it.

  absl::Time next_store_ = absl::InfiniteFuture();
  absl::Status store_status_;
  std::vector<NamedPosition> to_store_;
  std::vector<Shard*> storing_;  // The shards of to_store_.

  std::atomic<int> awaiting_{0};  // Calls of Await().
  std::mutex mutex_;              // For the members below.
  std::condition_variable turned_;
  bool ended_ = false;
  std::vector<LinkTarget> new_targets_;
  std::vector<Address> new_nodes_;
  TransportWrapper new_wrap_;  // Of new_nodes_.
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_SHARD_LOOP_H_
