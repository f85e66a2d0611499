// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Measures a handler: a cache of strings, which a write invalidates.
//
//   ./bazelw run -c opt //examples:apply_benchmark

#include <memory>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/apply.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"

namespace {

class Cache : public kevy_replica::FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition&) override {
    for (const kevy_replica::FrameView& frame : frames) {
      if (frame.argv().size() > 1) values_.erase(std::string(frame.argv()[1]));
    }
    return absl::OkStatus();
  }
  absl::Status OnReset(const kevy_replica::FeedPosition&) override {
    return Clear();
  }
  absl::Status OnSnapshotBegin() override { return Clear(); }
  absl::Status OnSnapshotChunk(absl::string_view) override { return {}; }
  absl::Status OnSnapshotEnd(const kevy_replica::FeedPosition&) override {
    return {};
  }

 private:
  absl::Status Clear() {
    values_.clear();
    return absl::OkStatus();
  }

  std::unordered_map<std::string, std::string> values_;
};

const bool registered = kevy_replica::benchmarks::RegisterApply(
    [] { return std::make_unique<Cache>(); });

}  // namespace

BENCHMARK_MAIN();
