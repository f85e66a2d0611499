// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A production replica of one shard: follows a primary through restarts,
// failovers and broken networks, for weeks.
//
//   auto store = FilePositionStore::Open("/var/lib/indexer/positions");
//   if (!store.ok()) return store.status();
//   Index index;  // A FollowerHandler: see follower_handler.h.
//   FollowerOptions options;
//   options.replica_id = "search-indexer";
//   options.store = store->get();
//   auto follower = Follower::Create("localhost:16004", &index, options);
//   if (!follower.ok()) return follower.status();
//   return (*follower)->Run();  // Until Stop(), or an error of the handler's.
//
// Received is not applied. Only what the handler says it has applied is
// acknowledged to the primary, stored, and resumed from: at least once from the
// stored position, in order and without a gap. Exactly once, where the handler
// stores the position with its data: see examples/exactly_once.cc.
//
// For all shards of a primary on one thread see Fleet; for an event loop of
// your own, FollowerSession.

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/follower_driver.h"
#include "kevy_replica/client/internal/follower_loop.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Thread-safe but for Run(), which is to be called once.
class Follower {
 public:
  // Reads the store; connects to nothing yet. `handler` and `options.store` are
  // not owned, and must outlive the follower, which in turn must outlive Run().
  // Errors: kInvalidArgument, for an address, an id, a name or a duration that
  // is none; those of the store; kResourceExhausted, if the process has no
  // descriptors left.
  static absl::StatusOr<std::unique_ptr<Follower>> Create(
      absl::string_view address, FollowerHandler* handler,
      FollowerOptions options);

  // The same over any transport. `factory` is called on the thread that runs
  // the follower, which can do nothing else while it waits; kInvalidArgument
  // from it ends the follower, other errors are tried again. Over a transport
  // without a descriptor (Transport::fd()) Stop() may take 20 ms.
  static absl::StatusOr<std::unique_ptr<Follower>> Create(
      TransportFactory factory, FollowerHandler* handler,
      FollowerOptions options);

  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Follows, on this thread, until Stop(): then OK, and what was applied is
  // acknowledged and stored. Otherwise the error of the handler's or the
  // store's, or kInvalidArgument from connecting.
  absl::Status Run();

  // Ends Run(), now or as soon as it is called, out of whatever it waits for: a
  // read, a connection, the time to try again; and behind the call that the
  // handler is in (or the system's resolver). Any thread; async-signal-safe.
  void Stop() noexcept { loop_.Stop(); }

  // Follows the primary at `address` from now on, from the applied position, as
  // after a failover. kInvalidArgument.
  absl::Status SetPrimary(absl::string_view address);

  // Everything below `next_offset`, of what was handed over, is applied. For
  // handlers that apply elsewhere; and for one that fails amid its frames, to
  // say how far it came. More than was handed over, and less than before, is
  // ignored.
  //
  // An offset alone does not tell which history it is of: before OnReset() and
  // OnSnapshotBegin() return, the handler must have seen to it that no
  // Applied() for what came before is still to come.
  void Applied(uint64_t next_offset) { driver().Applied(next_offset); }

  // A copy. What it tells is some milliseconds old, or as old as the call that
  // the handler is in; what Applied() told, up to `ack_interval`.
  FollowerStats Stats() const { return driver().Stats(); }
  // In the Prometheus text format: see PrometheusText().
  std::string StatsText() const;

 private:
  Follower(FollowerOptions options, FollowerHandler* handler,
           TransportFactory factory, absl::string_view address);
  static absl::StatusOr<std::unique_ptr<Follower>> Create(
      TransportFactory factory, absl::string_view address,
      FollowerHandler* handler, FollowerOptions options);

  client_internal::FollowerDriver& driver() { return loop_.driver(0); }
  const client_internal::FollowerDriver& driver() const {
    return loop_.driver(0);
  }

  const std::string name_;
  client_internal::FollowerLoop loop_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_H_
