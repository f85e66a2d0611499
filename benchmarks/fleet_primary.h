// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary of many shards that sends as fast as they are read.

#ifndef KEVY_REPLICA_BENCHMARKS_FLEET_PRIMARY_H_
#define KEVY_REPLICA_BENCHMARKS_FLEET_PRIMARY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {
namespace benchmarks {

// A LoopbackPrimary for `shards` connections at once, on one thread that waits
// for all of them together. All shards share one port, where a real primary has
// a port for each.
class FleetPrimary {
 public:
  // Ends the program on a failure.
  FleetPrimary(const Corpus& corpus, size_t shards);
  ~FleetPrimary();
  FleetPrimary(const FleetPrimary&) = delete;
  FleetPrimary& operator=(const FleetPrimary&) = delete;

  // One address for each shard.
  std::vector<std::string> addresses() const {
    return std::vector<std::string>(shards_, listener_->address());
  }

  // Closes all connections soon, as a primary does once its replicas have
  // half-closed. Any thread may call it.
  void Stop();

  // Bytes handed to the system for sending.
  uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  void Serve();

  const std::string answer_;
  const std::string round_;  // Sent after it, again and again.
  const size_t shards_;
  const std::unique_ptr<Listener> listener_;
  std::atomic<uint64_t> sent_{0};
  Wakeup stop_;
  std::thread thread_;
};

// Raises this process's limit of descriptors to the maximum. A shard takes
// several at each end.
void RaiseDescriptorLimit();

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_FLEET_PRIMARY_H_
