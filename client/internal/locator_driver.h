// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A PrimaryLocator over sockets, for a loop with a Poller.
//
//   LocatorDriver driver(nodes, options, connect, poller, first_id, now);
//   absl::Time deadline = driver.Step();
//   while (auto event = driver.locator().PollEvent()) Take(*event);
//   // Wait until the poller reports an id from first_id on, or until
//   // `deadline`. Then Step() again.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_LOCATOR_DRIVER_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_LOCATOR_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/pending_connection.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {

// Not thread-safe. Never waits.
class LocatorDriver {
 public:
  // `poller` reports the connection of node i as first_id + i. It must outlive
  // the driver. `now` is a monotonic clock.
  LocatorDriver(std::vector<Address> nodes, PrimaryLocatorOptions options,
                ConnectOptions connect, Poller* poller, uint64_t first_id,
                std::function<absl::Time()> now);
  ~LocatorDriver();
  LocatorDriver(const LocatorDriver&) = delete;
  LocatorDriver& operator=(const LocatorDriver&) = delete;

  PrimaryLocator& locator() { return locator_; }

  // Connects, writes and reads, for each node once. Returns when to call it
  // again, unless the poller reports a node before.
  absl::Time Step();

 private:
  struct Connection {
    uint64_t number = 0;  // As PrimaryLocator::PollConnection() has it.
    std::optional<PendingConnection> pending;
    std::unique_ptr<Transport> transport;
    int watched_fd = -1;
  };

  // Returns whether the node has more to do at once.
  bool StepNode(size_t i);
  void Connect(size_t i);
  bool Read(size_t i);
  void Watch(size_t i, int fd, short events);
  void Close(size_t i);

  const std::function<absl::Time()> now_;
  const ConnectOptions connect_;
  Poller* const poller_;
  const uint64_t first_id_;
  PrimaryLocator locator_;
  std::vector<Connection> connections_;  // Of each node.
  std::string out_;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_LOCATOR_DRIVER_H_
