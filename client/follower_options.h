// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_OPTIONS_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/transport/socket_transport.h"

namespace kevy_replica {

// `SessionOptions::from` is where it starts if the store has no position.
// `FollowerSessionOptions::random` may stay unset: the system's randomness.
struct FollowerOptions : FollowerSessionOptions {
  // For addresses. Its `interrupter` is not used: see Follower::Stop().
  ConnectOptions connect;
  // Where the applied position is kept, under which name. Not owned. Null:
  // nowhere. What it has takes the place of `from`: a handler that keeps the
  // position with its data wants none.
  PositionStore* store = nullptr;
  std::string position_name = "shard-0";
  // Whether OK from the handler's OnFrames() and OnSnapshotEnd() says that it
  // is applied. If not, Applied() does.
  bool applied_on_return = true;
  // Whether the handler is given the records of snapshots, by OnPayload(), in
  // the chunks' place; and Unix time in milliseconds, from which old payloads
  // (version 2) count their expiries. Unset: the system's.
  bool decode_snapshots = false;
  std::function<uint64_t()> now_ms;
  // The least room given to a read.
  size_t read_bytes = 256 << 10;
  // How long it may take to write the handshake's request. (Acknowledgements do
  // not wait: a link that does not take them is given up.)
  absl::Duration write_timeout = absl::Seconds(10);
  // For tests: the time, which must not go back, called from any thread; and
  // how to let it pass while there is no connection, which Stop() does not end.
  // A Fleet does not use `sleep`. Unset: the system's.
  std::function<absl::Time()> now;
  std::function<void(absl::Duration)> sleep;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_OPTIONS_H_
