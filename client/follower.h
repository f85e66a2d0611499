// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A production replica of one shard: follows a primary through restarts,
// failovers and broken networks, for weeks.
//
//   auto store = FilePositionStore::Open("/var/lib/indexer/positions");
//   if (!store.ok()) return store.status();
//   Index index;  // A FollowerHandler: see follower_handler.h.
//   FollowerOptions options;
//   options.link.replica_id = "search-indexer";
//   options.store.positions = store->get();
//   auto follower = Follower::Create("localhost:16004", &index, options);
//   if (!follower.ok()) return follower.status();
//   return (*follower)->Run();  // Until Stop(), or the handler's error.
//
// The follower acknowledges, stores and resumes from the position that the
// handler has applied. Frames arrive in order and without a gap, at least once
// from the stored position on. They arrive exactly once if the handler stores
// the position with its data (examples/exactly_once.cc).
//
// Which class is yours (client/README.md names more):
//
// | you have                                   | use                         |
// |--------------------------------------------|-----------------------------|
// | one shard, a thread for it                 | Follower                    |
// | all shards of a primary, one thread        | Fleet                       |
// | an event loop of your own                  | FollowerSession for a shard |
// | one connection, and your own way to go on  | ReplicaClient               |
// | one connection, an event loop of your own  | Session                     |

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// A Fleet of one shard. Any thread may call any function; call Run() once.
class Follower {
 public:
  // `address`: one replication listener ("localhost:16004"), of which nothing
  // is asked; or client ports ("kevy://localhost:6004,db2:6004"), among which
  // the primary is found and looked for again. A listener's address cannot tell
  // that its node has become a replica, or that the primary has more shards.
  // Both forms may name the public keys of secure links: see kevy_url.h.
  //
  // Reads the store; does not connect yet. `handler` and the store are not
  // owned and must outlive the follower.
  //
  // Errors: kInvalidArgument for a null handler or factory, a
  // connect.interrupter, a snapshots.policy other than kChunks and kRecords, or
  // an unusable address, id, name or duration; those of the store;
  // kResourceExhausted without descriptors.
  static absl::StatusOr<std::unique_ptr<Follower>> Create(
      absl::string_view address, FollowerHandler* handler,
      FollowerOptions options);

  // The same over any transport. The follower's thread calls `factory` for each
  // connection, and waits for it. kInvalidArgument from it ends the follower;
  // after another error it tries again. A transport without a descriptor
  // (Transport::fd()) costs a thread and a copy.
  static absl::StatusOr<std::unique_ptr<Follower>> Create(
      TransportFactory factory, FollowerHandler* handler,
      FollowerOptions options);
  // Null names neither an address nor a factory.
  static absl::StatusOr<std::unique_ptr<Follower>> Create(
      std::nullptr_t, FollowerHandler* handler,
      FollowerOptions options) = delete;

  // Follows on this thread until Stop(): then OK, and the applied position is
  // acknowledged and stored. Otherwise the error of the store or the handler,
  // or kInvalidArgument from connecting. Must return before destruction.
  absl::Status Run() { return fleet_->Run(); }

  // Ends Run(), now or when it is called. It ends any wait for a read, a
  // connection, the resolver or the next attempt. A call of the handler runs to
  // its end first. Then the link ends politely, which takes up to 1 s: see
  // Fleet::Run(). Another Stop() meanwhile (a second Ctrl-C) closes it at once.
  // Async-signal-safe.
  void Stop() noexcept { fleet_->Stop(); }

  // Follows the primary at `address`, as of Create(), from now on, from the
  // applied position, as after a failover. Errors: as Fleet::SetPrimary().
  absl::Status SetPrimary(absl::string_view address);

  // All delivered data below `next_offset` is applied. For handlers that apply
  // elsewhere, and for a handler that fails in the middle of a batch. Ignored:
  // an offset that was not delivered, or is not beyond an earlier one.
  //
  // An offset does not tell its history. Before OnReset() and OnSnapshotBegin()
  // return, the handler must have made its last call of Applied() for earlier
  // data.
  void Applied(uint64_t next_offset) { fleet_->Applied(0, next_offset); }

  // Waits until all frames that the primary had, by its last heartbeat, are
  // applied. Returns as Fleet::WaitCaughtUp().
  absl::Status WaitCaughtUp(absl::Time deadline) {
    return fleet_->WaitCaughtUp(deadline);
  }
  // Read your writes: see Fleet::WaitFor().
  absl::Status WaitFor(const ReplicationToken& token, absl::Time deadline) {
    return fleet_->WaitFor(token, deadline);
  }

  // A copy, some milliseconds old, or as old as the handler's present call.
  // Offsets of Applied() show up to link.ack_interval later.
  FollowerStats Stats() const { return fleet_->Stats(0); }
  // In the Prometheus text format: see PrometheusText().
  std::string StatsText() const { return fleet_->StatsText(); }

 private:
  explicit Follower(std::unique_ptr<Fleet> fleet);
  static absl::StatusOr<std::unique_ptr<Follower>> Create(
      Fleet::ShardSpec shard, absl::Span<const std::string> addresses,
      FollowerOptions options);

  const std::unique_ptr<Fleet> fleet_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_H_
