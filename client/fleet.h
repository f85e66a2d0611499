// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// All shards of a primary, followed on one thread. For one shard use Follower:
// its header has a table, which class is yours.
//
//   auto addresses = ShardAddresses("localhost:16004", 16);  // 16004 to 16019.
//   if (!addresses.ok()) return addresses.status();
//   std::vector<FollowerHandler*> handlers = ...;  // One a shard.
//   FleetOptions options;
//   options.link.replica_id = "search-indexer";
//   options.store.positions = store;  // "shard-3" is the position of shard 3.
//   auto fleet = Fleet::Create(*addresses, handlers, options);
//   if (!fleet.ok()) return fleet.status();
//   std::thread runner([&] { status = (*fleet)->Run(); });
//   if ((*fleet)->WaitCaughtUp(absl::Now() + absl::Minutes(5)).ok()) Serve();
//
// Each shard has its own state, handler, recovery and stats, as a Follower has,
// and its stream's order. Order between shards is not kept. A shard's failure,
// fresh start or end does not touch the others. They share a thread: while one
// handler works, the other shards' bytes wait in their sockets.
//
// They also share one buffer for reads, of twice FleetOptions::read_bytes. A
// shard holds about 11 KiB, and the bytes of an element that was cut off: 16
// KiB, as long as the rest of a large element is there to be read.

#ifndef KEVY_REPLICA_CLIENT_FLEET_H_
#define KEVY_REPLICA_CLIENT_FLEET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
class ShardLoop;
}  // namespace client_internal

// The addresses of `shards` listeners. `first` is the first of them: shard i
// listens on its port + i, with the same keys. Errors: kInvalidArgument for an
// unusable address, if the ports run out, and for several shards at a Unix
// socket.
absl::StatusOr<std::vector<std::string>> ShardAddresses(absl::string_view first,
                                                        size_t shards);

// The options of every shard.
using FleetOptions = FollowerOptions;

// Any thread may call any function; call Run() once. Shards count from 0.
// Precondition of every `shard`: it is less than size().
class Fleet {
 public:
  // Follows the shard at addresses[i] with handlers[i]. Handlers and the store
  // are not owned, and must outlive the fleet.
  //
  // Or follows the primary at one kevy:// URL (kevy_url.h), wherever it moves:
  // the URL stands alone, and handlers[i] gets shard i. LocatePrimary() tells
  // the number of shards before. Run() returns kFailedPrecondition, which names
  // both numbers, if the primary has another one.
  //
  // Errors: as Follower's; kInvalidArgument without addresses, or with another
  // number of handlers.
  //
  // Names are looked up for each connection, on the resolver's threads: see
  // ConnectOptions::resolver. A name that gets no answer stops its shard only.
  static absl::StatusOr<std::unique_ptr<Fleet>> Create(
      absl::Span<const std::string> addresses,
      absl::Span<FollowerHandler* const> handlers, FleetOptions options);

  // The same over any transports. A factory that waits makes all shards wait. A
  // transport without a descriptor costs a thread and a copy.
  static absl::StatusOr<std::unique_ptr<Fleet>> Create(
      absl::Span<const TransportFactory> factories,
      absl::Span<FollowerHandler* const> handlers, FleetOptions options);

  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Follows on this thread until Stop(), until every shard has ended by an
  // error, or until the store fails. Returns the first of: the system's error
  // if it cannot wait for descriptors, the store's, the first shard's, OK. Must
  // return before destruction.
  //
  // Every link that the primary has not ended itself ends politely: half-close,
  // read up to its EOF or for 1 s, close. (kevy 2.0.20 and 3.18.0 lose a shard
  // to another end, also to a kill -9 of the replica.) A shard's next link
  // begins after that. The other shards go on meanwhile, and the positions are
  // stored before.
  absl::Status Run();

  // As Follower::Stop(), for all shards.
  void Stop() noexcept;

  // Follows the primary at `addresses` from now on, one for each shard, or at
  // one kevy:// URL. kInvalidArgument; kFailedPrecondition with StartAt::kNow
  // for anything but a URL.
  absl::Status SetPrimary(absl::Span<const std::string> addresses);

  // As Follower::Applied().
  void Applied(size_t shard, uint64_t next_offset);

  // Waits until every shard's lag is 0: all frames that the primaries had, by
  // their last heartbeats, are applied. A primary without heartbeats stays
  // behind. Must not be called from a handler, which keeps all shards waiting.
  // Returns:
  //   OK                 caught up
  //   kDeadlineExceeded  not in time; names the shards that are behind
  //   kCancelled         Run() has returned
  //   a shard's error    if one has ended
  absl::Status WaitCaughtUp(absl::Time deadline);

  // Read your writes. Waits until every shard has applied the token's offset in
  // the token's generation: all writes that the primary had done when it gave
  // the token (REPL.TOKEN, kevy 3.x and later) are applied. A shard with
  // another generation may still get the token's by a snapshot, so it is waited
  // for. Must not be called from a handler. Returns:
  //   OK                 applied
  //   kInvalidArgument   the token has another number of shards
  //   kDeadlineExceeded  not in time; names the shards that are behind
  //   kCancelled         Run() has returned
  //   a shard's error    if one has ended
  //
  // Generations are unique from kevy 5.1 on. An older primary that has lost its
  // data gives generation 1 again.
  absl::Status WaitFor(const ReplicationToken& token, absl::Time deadline);

  // The number of shards.
  size_t size() const;
  // As Follower::Stats(). Precondition of every `shard`: it is less than
  // size().
  FollowerStats Stats(size_t shard) const;
  // Why a shard ended. OK while it goes on.
  absl::Status ShardStatus(size_t shard) const;
  // In the Prometheus text format: see PrometheusText().
  std::string StatsText() const;

 private:
  friend class Follower;

  struct ShardSpec {
    std::string name;
    TransportFactory factory;  // Null: an address.
    FollowerHandler* handler = nullptr;
  };
  // Addresses with their wrappers.
  struct Targets;

  Fleet(std::unique_ptr<client_internal::ShardLoop> loop,
        TransportSecurity secure);
  // `addresses` is empty if the shards have factories.
  static absl::StatusOr<std::unique_ptr<Fleet>> Create(
      std::vector<ShardSpec> shards, absl::Span<const std::string> addresses,
      FollowerOptions options);
  static absl::StatusOr<Targets> TargetsOf(
      absl::Span<const std::string> addresses, const TransportSecurity& secure);

  // Why a shard is behind; empty if it is not.
  using ReasonBehind =
      std::function<std::string(size_t shard, const FollowerStats& stats)>;
  // Waits until no shard is behind.
  absl::Status Await(const ReasonBehind& reason, absl::string_view failure,
                     absl::Time deadline);
  // The shards that are behind, as text; empty if none is.
  std::string Behind(const ReasonBehind& reason) const;

  const std::unique_ptr<client_internal::ShardLoop> loop_;
  const TransportSecurity secure_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FLEET_H_
