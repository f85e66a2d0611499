// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/apply.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/testing/replay.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// Counts the frames, and does nothing else.
class CountingHandler : public FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& /*position*/) override {
    frames_ += frames.size();
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view /*bytes*/) override {
    return absl::OkStatus();
  }
  absl::Status OnPayload(const PayloadEvent& /*event*/) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition& /*position*/) override {
    return absl::OkStatus();
  }

  size_t frames() const { return frames_; }

 private:
  size_t frames_ = 0;
};

void RegisterRow(const std::string& name, std::shared_ptr<const Corpus> corpus,
                 const MakeHandler& make, const ReplayOptions& options) {
  const std::string row = absl::StrCat(name, "/", corpus->name);
  benchmark::RegisterBenchmark(row.c_str(), [corpus = std::move(corpus), make,
                                             options](benchmark::State& state) {
    const std::unique_ptr<FollowerHandler> handler = make();
    for (auto _ : state) {
      const absl::Status status = Replay(corpus->bytes, handler.get(), options);
      if (!status.ok()) {
        state.SkipWithError(status.ToString().c_str());
        break;
      }
    }
    SetCounters(*corpus, state);
    if (corpus->frames == 0) state.counters.erase("per_frame");
  });
}

void RegisterRows(const std::shared_ptr<const Corpus>& corpus,
                  const MakeHandler& make, const ReplayOptions& options) {
  RegisterRow(
      "Decode", corpus, [] { return std::make_unique<CountingHandler>(); },
      options);
  RegisterRow("Apply", corpus, make, options);
}

}  // namespace

bool RegisterApply(const MakeHandler& make) {
  for (const Corpus& corpus : Corpora()) {
    // Corpora() lives until the end of the program.
    RegisterRows({std::shared_ptr<void>(), &corpus}, make, ReplayOptions());
  }
  return true;
}

bool RegisterApply(const std::string& name, std::string recording,
                   const MakeHandler& make, const ReplayOptions& options) {
  CountingHandler counting;
  // A broken recording is an error of its rows.
  Replay(recording, &counting, options).IgnoreError();
  auto corpus = std::make_shared<Corpus>();
  corpus->name = name;
  corpus->bytes = std::move(recording);
  corpus->frames = counting.frames();
  RegisterRows(corpus, make, options);
  return true;
}

}  // namespace benchmarks
}  // namespace kevy_replica
