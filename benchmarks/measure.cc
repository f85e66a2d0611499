// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/measure.h"

#include <cstdint>

#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"

namespace kevy_replica {
namespace benchmarks {
void SetCounters(const Corpus& corpus, benchmark::State& state) {
  const auto passes = static_cast<double>(state.iterations());
  SetCounters(passes * static_cast<double>(corpus.frames),
              passes * static_cast<double>(corpus.bytes.size()), state);
}

void SetCounters(double frames, double bytes, benchmark::State& state) {
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  using benchmark::Counter;
  state.counters["frames/s"] = Counter(frames, Counter::kIsRate);
  state.counters["per_frame"] =
      Counter(frames, Counter::kIsRate | Counter::kInvert);
}

}  // namespace benchmarks
}  // namespace kevy_replica
