// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One measured pass of a fleet. It starts when all shards flow, and ends when
// they have delivered enough frames together.

#ifndef KEVY_REPLICA_BENCHMARKS_FLEET_PASS_H_
#define KEVY_REPLICA_BENCHMARKS_FLEET_PASS_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/held_memory.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"

namespace kevy_replica {
namespace benchmarks {

// The number of frames in a pass.
struct FleetWork {
  // Frames of each shard before the clock starts. They cover connecting and the
  // first use of memory.
  size_t warm_frames = 0;
  // Frames of all shards together while the clock runs.
  size_t frames = 0;
};

// For the thread that delivers the frames.
class FleetPass {
 public:
  FleetPass(size_t shards, FleetWork work) : work_(work), cold_(shards) {}
  FleetPass(const FleetPass&) = delete;
  FleetPass& operator=(const FleetPass&) = delete;

  // Called once, when enough frames were delivered. Later frames do not count.
  std::function<void()> at_end;

  // Notes the memory held before the shards exist.
  void NoteMemory() { before_ = TrimAndMeasureHeldMemory(); }

  size_t warm_frames() const { return work_.warm_frames; }
  // Another shard has delivered warm_frames().
  void Warm() {
    if (--cold_ == 0) Start();
  }
  void Add(size_t frames) {
    if (cold_ != 0 || ended_) return;
    frames_ += frames;
    if (frames_ >= work_.frames) End();
  }

  // The results.
  bool ended() const { return ended_; }
  size_t frames() const { return frames_; }
  double seconds() const { return seconds_; }
  double cpu_seconds() const { return cpu_seconds_; }        // Of this thread.
  double system_seconds() const { return system_seconds_; }  // In the kernel.
  // This thread could run, but other threads had the CPUs.
  double queued_seconds() const { return queued_seconds_; }
  // Memory held at the end, less the memory noted by NoteMemory().
  HeldMemory memory() const { return memory_; }

 private:
  void Start();
  void End();

  const FleetWork work_;
  size_t cold_;
  bool ended_ = false;
  size_t frames_ = 0;
  std::chrono::steady_clock::time_point start_;
  double cpu_start_ = 0;
  double system_start_ = 0;
  double queued_start_ = 0;
  double seconds_ = 0;
  double cpu_seconds_ = 0;
  double system_seconds_ = 0;
  double queued_seconds_ = 0;
  HeldMemory before_;
  HeldMemory memory_;
};

// The CPU seconds that this thread has used.
double ThreadCpuSeconds();

// Counts frames, and does only that.
class CountingHandler : public FollowerHandler {
 public:
  explicit CountingHandler(FleetPass* pass) : pass_(pass) {}

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition&) override {
    const bool cold = tally_.frames < pass_->warm_frames();
    for (const FrameView& frame : frames) tally_.Add(frame);
    if (cold && tally_.frames >= pass_->warm_frames()) pass_->Warm();
    pass_->Add(frames.size());
    return absl::OkStatus();
  }
  absl::Status OnLinkDown(const LinkDown& link) override {
    if (!pass_->ended()) OkOrDie(link.status);  // The pass would wait in vain.
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition&) override {
    return absl::OkStatus();
  }

 private:
  FleetPass* const pass_;
  Tally tally_;
};

// One handler for each of `shards`.
class CountingHandlers {
 public:
  CountingHandlers(size_t shards, FleetPass* pass) {
    for (size_t i = 0; i < shards; ++i) {
      handlers_.push_back(std::make_unique<CountingHandler>(pass));
      pointers_.push_back(handlers_.back().get());
    }
  }
  absl::Span<FollowerHandler* const> get() const { return pointers_; }

 private:
  std::vector<std::unique_ptr<CountingHandler>> handlers_;
  std::vector<FollowerHandler*> pointers_;
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_FLEET_PASS_H_
