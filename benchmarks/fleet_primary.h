// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary of many shards that sends as fast as it is read.

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

// What LoopbackPrimary is to one connection, to `shards` of them: on one
// thread, which waits for none of them alone. They all come to one port, where
// a real primary's shards have one each.
class FleetPrimary {
 public:
  // A failure ends the program.
  FleetPrimary(const Corpus& corpus, size_t shards);
  ~FleetPrimary();
  FleetPrimary(const FleetPrimary&) = delete;
  FleetPrimary& operator=(const FleetPrimary&) = delete;

  // One for each shard.
  std::vector<std::string> addresses() const {
    return std::vector<std::string>(shards_, listener_->address());
  }

  // Bytes that the system has taken, to be sent.
  uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  void Serve();

  const std::string answer_;
  const std::string round_;  // What follows it, again and again.
  const size_t shards_;
  const std::unique_ptr<Listener> listener_;
  std::atomic<uint64_t> sent_{0};
  Wakeup stop_;
  std::thread thread_;
};

// Has this process have as many descriptors as it may: a shard takes some at
// each end.
void RaiseDescriptorLimit();

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_FLEET_PRIMARY_H_
