// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The parts of the program `fleet`.

#ifndef KEVY_REPLICA_BENCHMARKS_FLEET_BENCHMARKS_H_
#define KEVY_REPLICA_BENCHMARKS_FLEET_BENCHMARKS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_pass.h"
#include "kevy_replica/client/fleet.h"

namespace kevy_replica {
namespace benchmarks {

// The room for a read that a fleet has by default.
inline constexpr size_t kFleetReadBytes = 256 << 10;

// The numbers of shards to measure.
inline const std::vector<int64_t>& ShardCounts() {
  static const auto& counts = *new std::vector<int64_t>{1, 10, 100, 1000};
  return counts;
}

// Options for shards that read `corpus` again and again.
FleetOptions FleetOptionsFor(const Corpus& corpus);

// The number of frames with about `bytes` of the corpus, at least one.
size_t FramesIn(const Corpus& corpus, size_t bytes);

// Registers `name` "/" the corpus's name "/shards:" N for each N of `shards`.
// `run(N, pass)` delivers frames until pass->ended(). The time is the CPU time
// of the thread. With `real_time` it is real time, and the CPU time is a
// counter. `corpus` must outlive the run.
void RegisterFleetPasses(
    const std::string& name, const Corpus& corpus,
    const std::vector<int64_t>& shards, bool real_time,
    std::function<void(size_t shards, FleetPass* pass)> run);

// Registers Fleet/memory, follower, client and sessions, without system calls:
// see replay_transport.h.
void RegisterFleetInMemory(const Corpus& corpus);

// Registers Fleet/tcp, Fleet/recv and Fleet/slow, over loopback.
void RegisterFleetOverTcp(const Corpus& corpus);
void RegisterSlowHandler(const Corpus& corpus);

// Registers Fleet/idle: links over loopback that carry heartbeats only.
void RegisterIdleFleet(const Corpus& corpus);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_FLEET_BENCHMARKS_H_
