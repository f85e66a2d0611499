// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A handler that is slower than its primary.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_benchmarks.h"
#include "kevy_replica/benchmarks/fleet_pass.h"
#include "kevy_replica/benchmarks/fleet_primary.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

class SlowHandler : public CountingHandler {
 public:
  using CountingHandler::CountingHandler;

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    absl::SleepFor(absl::Milliseconds(1));
    return CountingHandler::OnFrames(frames, position);
  }
};

void Measure(const Corpus& corpus, benchmark::State& state) {
  // OnFrames() gets batches of about 32 frames.
  const FleetWork work = {1, static_cast<size_t>(state.range(0)) * 32};
  for (auto _ : state) {
    FleetPass pass(1, work);
    FleetPrimary primary(corpus, 1);
    pass.NoteMemory();
    SlowHandler handler(&pass);
    FollowerHandler* const handlers[] = {&handler};
    const std::unique_ptr<Fleet> fleet = ValueOrDie(
        Fleet::Create(primary.addresses(), handlers, FleetOptionsFor(corpus)));
    uint64_t sent = 0;
    pass.at_end = [&] {
      sent = primary.sent();
      primary.Stop();
      fleet->Stop();
    };
    OkOrDie(fleet->Run());
    state.SetIterationTime(pass.seconds());
    const auto frames = static_cast<double>(pass.frames());
    const double bytes = frames * static_cast<double>(corpus.bytes.size()) /
                         static_cast<double>(corpus.frames);
    SetCounters(frames, bytes, state);
    state.counters["taken"] = bytes;
    // Bytes beyond the taken ones lie in the system's buffers. The primary
    // always has more.
    state.counters["sent"] = static_cast<double>(sent);
    state.counters["heap"] = static_cast<double>(pass.memory().heap_bytes);
    state.counters["rss"] = static_cast<double>(pass.memory().resident_bytes);
  }
}

}  // namespace

void RegisterSlowHandler(const Corpus& corpus) {
  benchmark::RegisterBenchmark(
      ("Fleet/slow/" + corpus.name).c_str(),
      [&corpus](benchmark::State& state) { Measure(corpus, state); })
      ->ArgName("batches")
      ->Arg(100)
      ->Arg(1000)
      ->UseManualTime()
      ->Iterations(1);
}

}  // namespace benchmarks
}  // namespace kevy_replica
