// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// All shards of a primary, followed on one thread.
//
//   auto addresses = ShardAddresses("localhost:16004", 16);  // 16004 to 16019.
//   if (!addresses.ok()) return addresses.status();
//   std::vector<FollowerHandler*> handlers = ...;  // One a shard.
//   FleetOptions options;
//   options.replica_id = "search-indexer";
//   options.store = store;  // Position "shard-3" is that of shard 3.
//   auto fleet = Fleet::Create(*addresses, handlers, options);
//   if (!fleet.ok()) return fleet.status();
//   std::thread runner([&] { status = (*fleet)->Run(); });
//   if ((*fleet)->WaitCaughtUp(absl::Now() + absl::Minutes(5)).ok()) Serve();
//
// Each shard is what a Follower is: the same state, handler, recovery and
// stats, in the order of its own stream; between shards there is no order. One
// shard's failure, resync or end leaves the others as they are. But they share
// a thread: while one's handler works, the others wait, and their primaries'
// bytes with them, in the sockets.

#ifndef KEVY_REPLICA_CLIENT_FLEET_H_
#define KEVY_REPLICA_CLIENT_FLEET_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/follower_loop.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// The addresses of `shards` listeners, of which `first` is the first: shard i
// listens on its port + i. kInvalidArgument, also where there are not so many
// ports, and for more than one shard at a Unix socket.
absl::StatusOr<std::vector<std::string>> ShardAddresses(absl::string_view first,
                                                        size_t shards);

// As for a Follower. `position_name` is what the shards' names begin with. All
// positions that have moved are stored together, `store_interval` after the
// last time, or when one of them must not wait. Many shards' buffers are
// smaller by default.
struct FleetOptions : FollowerOptions {
  FleetOptions() {
    position_name = "shard-";
    read_bytes = 64 << 10;
  }
};

// Thread-safe but for Run(), which is to be called once. Shards are counted
// from 0; one that there is not must not be asked for.
class Fleet {
 public:
  // Follows the shard at addresses[i] with handlers[i]. Handlers and
  // `options.store` are not owned, and must outlive the fleet.
  // Errors: as Follower's; kInvalidArgument where there are none, or not as
  // many handlers as addresses.
  //
  // Names of hosts are looked up by the system's resolver on the fleet's
  // thread: where that can be slow, give addresses.
  static absl::StatusOr<std::unique_ptr<Fleet>> Create(
      absl::Span<const std::string> addresses,
      absl::Span<FollowerHandler* const> handlers, FleetOptions options);

  // The same over any transports. A factory that waits makes all shards wait,
  // and a transport without a descriptor is looked at every 20 ms.
  static absl::StatusOr<std::unique_ptr<Fleet>> Create(
      absl::Span<const TransportFactory> factories,
      absl::Span<FollowerHandler* const> handlers, FleetOptions options);

  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Follows, on this thread, until Stop(), or until every shard has ended by an
  // error. Returns the store's error, else the first of any shard, else OK.
  absl::Status Run();

  // As Follower::Stop(), for all shards.
  void Stop() noexcept { loop_.Stop(); }

  // Follows the primary at `addresses` from now on, one for each shard.
  // kInvalidArgument.
  absl::Status SetPrimary(absl::Span<const std::string> addresses);

  // As Follower::Applied().
  void Applied(size_t shard, uint64_t next_offset) {
    loop_.driver(shard).Applied(next_offset);
  }

  // Waits until every shard's lag is 0: all that the primaries had, by their
  // last heartbeats, is applied. (A primary that sends no heartbeats never
  // tells.) Errors: kDeadlineExceeded, naming the shards that are behind; a
  // shard's own, once one has ended by it; kCancelled, once Run() has returned.
  // Not from a handler, which keeps all shards waiting.
  absl::Status WaitCaughtUp(absl::Time deadline);

  size_t size() const { return loop_.size(); }
  FollowerStats Stats(size_t shard) const {
    return loop_.driver(shard).Stats();
  }
  // Why a shard has ended; OK while it goes on.
  absl::Status ShardStatus(size_t shard) const {
    return loop_.driver(shard).EndStatus();
  }
  // In the Prometheus text format: see PrometheusText().
  std::string StatsText() const;

 private:
  explicit Fleet(const FleetOptions& options);
  static absl::StatusOr<std::unique_ptr<Fleet>> Create(
      absl::Span<const TransportFactory> factories,
      absl::Span<const std::string> addresses,
      absl::Span<FollowerHandler* const> handlers, FleetOptions options);

  std::string NameOf(size_t shard) const;
  absl::Status StoreOne(size_t shard, const FeedPosition& position);
  // Stores all positions that have moved.
  void StoreAll();
  absl::Time OnTurn();
  // The shards that have not caught up, as text; empty if all have.
  std::string Behind() const;

  const FleetOptions options_;
  const std::function<absl::Time()> now_;
  client_internal::FollowerLoop loop_;
  absl::Time next_store_ = absl::InfinitePast();
  absl::Status store_status_;
  std::vector<NamedPosition> to_store_;

  std::atomic<int> waiting_{0};  // In WaitCaughtUp().
  mutable std::mutex mutex_;     // For what follows.
  std::condition_variable changed_;
  bool ended_ = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FLEET_H_
