// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Idle shards, which most shards of a large fleet are.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_benchmarks.h"
#include "kevy_replica/benchmarks/fleet_pass.h"
#include "kevy_replica/benchmarks/held_memory.h"
#include "kevy_replica/benchmarks/replay_transport.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// The measured heartbeats, one at a time, for one shard after another.
constexpr size_t kHeartbeats = 20'000;

// The heartbeats of all shards. The fleet's thread counts, the primary's thread
// reads.
class HeartbeatCount {
 public:
  explicit HeartbeatCount(size_t shards)
      : shards_(shards), before_(TrimAndMeasureHeldMemory()) {}

  std::function<void()> at_end;

  size_t seen() const { return seen_.load(std::memory_order_acquire); }
  void Add() {
    const size_t seen = seen_.load(std::memory_order_relaxed) + 1;
    // Each shard has had its first heartbeat: measure memory in this state.
    if (seen == shards_) {
      memory_ = MeasureHeldMemory();
      cpu_start_ = ThreadCpuSeconds();
    } else if (seen == shards_ + kHeartbeats) {
      cpu_seconds_ = ThreadCpuSeconds() - cpu_start_;
      at_end();
    }
    seen_.store(seen, std::memory_order_release);
  }

  double cpu_seconds() const { return cpu_seconds_; }
  double heap_per_shard() const {
    return static_cast<double>(memory_.heap_bytes - before_.heap_bytes) /
           static_cast<double>(shards_);
  }
  double rss_per_shard() const {
    return static_cast<double>(memory_.resident_bytes -
                               before_.resident_bytes) /
           static_cast<double>(shards_);
  }

 private:
  const size_t shards_;
  const HeldMemory before_;
  std::atomic<size_t> seen_{0};
  HeldMemory memory_;
  double cpu_start_ = 0;
  double cpu_seconds_ = 0;
};

class IdleHandler : public FollowerHandler {
 public:
  explicit IdleHandler(HeartbeatCount* count) : count_(count) {}

  absl::Status OnHeartbeat(const Heartbeat&, const FeedPosition&) override {
    count_->Add();
    return absl::OkStatus();
  }
  absl::Status OnFrames(absl::Span<const FrameView>,
                        const FeedPosition&) override {
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
  HeartbeatCount* const count_;
};

// Answers all shards with a heartbeat. Then sends heartbeats to the shards in
// turn, each after the last one was seen.
void ServeIdle(const Corpus& corpus, size_t shards, const HeartbeatCount& count,
               Listener* listener) {
  Heartbeat heartbeat;
  heartbeat.generation = StartOf(corpus).generation;
  heartbeat.next_offset = corpus.first_offset;
  std::string bytes;
  if (Append(heartbeat, &bytes) != WireError::kNone) std::abort();
  const std::string answer = AnswerFor(corpus) + bytes;
  std::vector<std::unique_ptr<Transport>> replicas;
  for (size_t i = 0; i < shards; ++i) {
    replicas.push_back(ValueOrDie(listener->Accept(absl::InfiniteDuration())));
    OkOrDie(replicas.back()->Write(answer, absl::InfiniteDuration()));
  }
  for (size_t i = 0; i <= kHeartbeats; ++i) {
    while (count.seen() < shards + i) std::this_thread::yield();
    if (i == kHeartbeats) break;
    OkOrDie(
        replicas[i % replicas.size()]->Write(bytes, absl::InfiniteDuration()));
  }
}

void Measure(const Corpus& corpus, benchmark::State& state) {
  const auto shards = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    HeartbeatCount count(shards);
    std::vector<IdleHandler> handlers(shards, IdleHandler(&count));
    std::vector<FollowerHandler*> pointers;
    for (IdleHandler& handler : handlers) pointers.push_back(&handler);
    const std::unique_ptr<Listener> listener =
        ValueOrDie(Listener::Listen("127.0.0.1:0"));
    FleetOptions options = FleetOptionsFor(corpus);
    options.link.heartbeat_timeout = FleetOptions().link.heartbeat_timeout;
    const std::unique_ptr<Fleet> fleet = ValueOrDie(
        Fleet::Create(std::vector<std::string>(shards, listener->address()),
                      pointers, options));
    count.at_end = [&fleet] { fleet->Stop(); };
    std::thread primary(
        [&] { ServeIdle(corpus, shards, count, listener.get()); });
    OkOrDie(fleet->Run());
    primary.join();
    state.SetIterationTime(count.cpu_seconds());
    state.counters["per_heartbeat"] =
        count.cpu_seconds() / static_cast<double>(kHeartbeats);
    state.counters["heap_per_shard"] = count.heap_per_shard();
    state.counters["rss_per_shard"] = count.rss_per_shard();
  }
}

}  // namespace

void RegisterIdleFleet(const Corpus& corpus) {
  auto* const registered = benchmark::RegisterBenchmark(
      "Fleet/idle",
      [&corpus](benchmark::State& state) { Measure(corpus, state); });
  registered->ArgName("shards")->UseManualTime()->Iterations(1);
  for (const int64_t shards : ShardCounts()) registered->Arg(shards);
}

}  // namespace benchmarks
}  // namespace kevy_replica
