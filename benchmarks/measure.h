// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// How every benchmark here is registered, and what it counts.

#ifndef KEVY_REPLICA_BENCHMARKS_MEASURE_H_
#define KEVY_REPLICA_BENCHMARKS_MEASURE_H_

#include <cstddef>
#include <string>

#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"

namespace kevy_replica {
namespace benchmarks {

// Sets, for passes over all of `corpus`: bytes_per_second, "frames/s" and
// "per_frame", the time that one takes (in JSON in seconds).
void SetCounters(const Corpus& corpus, benchmark::State& state);

// The same for passes that had `frames` and `bytes` in all.
void SetCounters(double frames, double bytes, benchmark::State& state);

// Registers the benchmark `name` "/" the corpus's name. Each time that it is
// run, `setup()` makes a pass, outside the timing; `once(pass, state)` goes
// once through `corpus` with it and returns how many frames it found there. A
// wrong number makes the benchmark fail. `corpus` must outlive the run.
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
                   state.SkipWithError("not all frames were found");
                   break;
                 }
               }
               SetCounters(corpus, state);
             })
      // Short, since there are many: repetitions say more than length does.
      ->MinTime(0.1);
}

// The same for a pass that is called without arguments and returns how many
// frames it found.
template <typename Setup>
benchmark::internal::Benchmark* RegisterPasses(const std::string& name,
                                               const Corpus& corpus,
                                               Setup setup) {
  return RegisterRepeated(
      name, corpus, setup,
      [](auto& pass, benchmark::State&) -> size_t { return pass(); });
}

// The rest of main(): runs what was registered. The results tell the compiler,
// the optimisation, and the libraries compared against.
int Run(int argc, char** argv);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_MEASURE_H_
