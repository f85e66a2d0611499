// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/fleet_benchmarks.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_pass.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/replay_transport.h"
#include "kevy_replica/client/fleet.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// Bytes of each shard, in a pass and before it.
constexpr size_t kShardBytes = 512 << 10;
constexpr size_t kWarmBytes = 256 << 10;
// Bytes of all shards, so that the clock can measure a pass of few shards.
constexpr size_t kLeastBytes = 64 << 20;

FleetWork WorkFor(const Corpus& corpus, size_t shards) {
  return {FramesIn(corpus, kWarmBytes),
          FramesIn(corpus, std::max(shards * kShardBytes, kLeastBytes))};
}

}  // namespace

FleetOptions FleetOptionsFor(const Corpus& corpus) {
  FleetOptions options;
  options.link = ReplayLink();
  options.from = StartOf(corpus);
  options.link.heartbeat_timeout =
      absl::InfiniteDuration();  // The stream has none.
  return options;
}

size_t FramesIn(const Corpus& corpus, size_t bytes) {
  return std::max<size_t>(bytes / (corpus.bytes.size() / corpus.frames), 1);
}

void RegisterFleetPasses(
    const std::string& name, const Corpus& corpus,
    const std::vector<int64_t>& shards, bool real_time,
    std::function<void(size_t shards, FleetPass* pass)> run) {
  const auto benchmark = [&corpus, real_time,
                          run = std::move(run)](benchmark::State& state) {
    const auto n = static_cast<size_t>(state.range(0));
    double frames = 0;
    double cpu_seconds = 0;
    double system_seconds = 0;
    double queued_seconds = 0;
    HeldMemory memory;
    for (auto _ : state) {
      FleetPass pass(n, WorkFor(corpus, n));
      run(n, &pass);
      if (!pass.ended()) {
        state.SkipWithError("the pass ended before its last frame");
        break;
      }
      state.SetIterationTime(real_time ? pass.seconds() : pass.cpu_seconds());
      frames += static_cast<double>(pass.frames());
      cpu_seconds += pass.cpu_seconds();
      system_seconds += pass.system_seconds();
      queued_seconds += pass.queued_seconds();
      memory = pass.memory();
    }
    SetCounters(frames,
                frames * static_cast<double>(corpus.bytes.size()) /
                    static_cast<double>(corpus.frames),
                state);
    if (real_time) {
      state.counters["cpu_per_frame"] = cpu_seconds / frames;
      state.counters["system_per_frame"] = system_seconds / frames;
      state.counters["queued_per_frame"] = queued_seconds / frames;
    }
    state.counters["heap_per_shard"] =
        static_cast<double>(memory.heap_bytes) / static_cast<double>(n);
    state.counters["rss_per_shard"] =
        static_cast<double>(memory.resident_bytes) / static_cast<double>(n);
  };
  auto* const registered = benchmark::RegisterBenchmark(
      absl::StrCat(name, "/", corpus.name).c_str(), benchmark);
  registered->ArgName("shards")->UseManualTime()->MinTime(0.1);
  for (const int64_t n : shards) registered->Arg(n);
}

}  // namespace benchmarks
}  // namespace kevy_replica
