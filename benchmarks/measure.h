// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Registers benchmarks and sets their counters.

#ifndef KEVY_REPLICA_BENCHMARKS_MEASURE_H_
#define KEVY_REPLICA_BENCHMARKS_MEASURE_H_

#include <cstddef>
#include <string>

#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"

namespace kevy_replica {
namespace benchmarks {

// Sets the counters for passes over all of `corpus`: bytes_per_second,
// "frames/s" and "per_frame", the time of one frame (seconds in JSON).
void SetCounters(const Corpus& corpus, benchmark::State& state);

// Sets the counters for passes with `frames` and `bytes` in all.
void SetCounters(double frames, double bytes, benchmark::State& state);

// Registers the benchmark `name` "/" the corpus's name. Each run calls
// `setup()` for a pass, outside the timing. `once(pass, state)` goes once
// through `corpus` and returns the number of frames found. A wrong number makes
// the benchmark fail. `corpus` must outlive the run.
template <typename Setup, typename Once>
benchmark::internal::Benchmark* RegisterRepeated(const std::string& name,
                                                 const Corpus& corpus,
                                                 Setup setup, Once once) {
  return benchmark::RegisterBenchmark(
             (name + "/" + corpus.name).c_str(),
             [&corpus, setup, once](benchmark::State& state) {
               auto pass = setup();
               for (auto _ : state) {
                 if (once(pass, state) != corpus.frames) {
                   state.SkipWithError("some frames were not found");
                   break;
                 }
               }
               SetCounters(corpus, state);
             })
      // Short runs, since there are many: repetitions tell more than length.
      ->MinTime(0.1);
}

// Registers a pass that is called without arguments and returns the number of
// frames found.
template <typename Setup>
benchmark::internal::Benchmark* RegisterPasses(const std::string& name,
                                               const Corpus& corpus,
                                               Setup setup) {
  return RegisterRepeated(
      name, corpus, setup,
      [](auto& pass, benchmark::State&) -> size_t { return pass(); });
}

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_MEASURE_H_
