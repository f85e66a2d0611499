// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/measure.h"

#include <hiredis/hiredis.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

std::string CpuModel() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line;
  while (std::getline(cpuinfo, line)) {
    if (!absl::StartsWith(line, "model name")) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

void AddContext() {
  benchmark::AddCustomContext("cpu_model", CpuModel());
  benchmark::AddCustomContext("compiler", __VERSION__);
#ifdef __OPTIMIZE__
  benchmark::AddCustomContext("optimised", "yes");
#else
  benchmark::AddCustomContext("optimised", "NO: do not use these numbers");
#endif
  benchmark::AddCustomContext(
      "hiredis",
      absl::StrCat(HIREDIS_MAJOR, ".", HIREDIS_MINOR, ".", HIREDIS_PATCH));
}

}  // namespace

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

int Run(int argc, char** argv) {
  AddContext();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace benchmarks
}  // namespace kevy_replica
