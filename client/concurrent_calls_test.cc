// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Calls from several threads at a running Fleet, Follower and ReplicaClient.
// ThreadSanitizer looks for races; the tests demand the order of the stream.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"

namespace kevy_replica {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Matcher;
using ::testing::Ne;

constexpr uint64_t kGeneration = 7;
constexpr uint64_t kFrames = 3000;
constexpr size_t kShards = 2;
constexpr int kRounds = 20;
// A loud limit: no wait of a right client lasts so long.
constexpr absl::Duration kPatience = absl::Minutes(2);

PrimaryScript History() {
  PrimaryScript script;
  script.Speak(Protocol::kV2).Generation(kGeneration);
  script.FramesTo(kFrames, [](uint64_t offset) {
    return std::vector<std::string>{"SET", "k", absl::StrCat(offset)};
  });
  return script.Heartbeat(kGeneration, kFrames).Stall();
}

// Two primaries with the same history, as before and after a failover.
class Primaries {
 public:
  Primaries() {
    for (auto& shards : primaries_) {
      for (ScriptedPrimary& primary : shards) {
        primary.SetDefault(History());
        const absl::Status status = primary.Listen("127.0.0.1:0");
        EXPECT_TRUE(status.ok()) << status;
      }
    }
  }
  // Of the shards of primary 0 or 1.
  std::vector<std::string> addresses(int primary) const {
    std::vector<std::string> addresses;
    for (const ScriptedPrimary& shard : primaries_[primary]) {
      addresses.push_back(shard.address());
    }
    return addresses;
  }

 private:
  ScriptedPrimary primaries_[2][kShards];
};

// Demands frames without a gap and with their bytes. Another thread applies.
class Handler : public FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    for (const FrameView& frame : frames) {
      // A new link repeats frames that were not applied.
      EXPECT_THAT(frame.offset(), first_ ? Matcher<uint64_t>(Le(next_))
                                         : Matcher<uint64_t>(Eq(next_)));
      EXPECT_EQ(frame.argv().back(), absl::StrCat(frame.offset()));
      first_ = false;
      next_ = frame.offset() + 1;
    }
    delivered_ = position.next_offset;
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override {
    return absl::InternalError("these primaries send no snapshot");
  }
  absl::Status OnSnapshotEnd(const FeedPosition&) override {
    return absl::OkStatus();
  }
  void OnLinkUp(const LinkUp&) override { first_ = true; }

  // From any thread.
  uint64_t delivered() const { return delivered_; }

 private:
  bool first_ = true;  // Of the link's frames.
  uint64_t next_ = 0;
  std::atomic<uint64_t> delivered_{0};
};

FollowerOptions Options(PositionStore* store) {
  FollowerOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  options.link.stall_timeout = absl::InfiniteDuration();
  options.link.ack_interval = absl::Milliseconds(1);
  options.from = {kGeneration, 0};
  options.retry.random = [] { return 0.0; };  // Without backoff.
  options.store.positions = store;
  options.store.interval = absl::ZeroDuration();
  options.applied_on_return = false;
  return options;
}

// Runs each function on a thread of its own, again and again until End().
class Callers {
 public:
  ~Callers() { End(); }

  void Add(std::function<void()> call) {
    threads_.emplace_back([this, call = std::move(call)] {
      while (!end_) {
        call();
        std::this_thread::yield();
      }
    });
  }
  void End() {
    end_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::atomic<bool> end_{false};
  std::vector<std::thread> threads_;
};

// Demands that no counter goes back.
class StatsWatch {
 public:
  void Look(const FollowerStats& stats) {
    EXPECT_GE(stats.frames, last_.frames);
    EXPECT_GE(stats.bytes, last_.bytes);
    EXPECT_GE(stats.connects, last_.connects);
    EXPECT_GE(stats.links, last_.links);
    EXPECT_GE(stats.applied.next_offset, last_.applied.next_offset);
    EXPECT_LE(stats.applied.next_offset, kFrames);
    last_ = stats;
  }

 private:
  FollowerStats last_;
};

void ExpectWaitEnds(const absl::Status& status) {
  EXPECT_THAT(status.code(),
              AnyOf(absl::StatusCode::kOk, absl::StatusCode::kDeadlineExceeded,
                    absl::StatusCode::kCancelled))
      << status;
}

// A fleet with callers of each function, from before Run() until after its end.
class CalledFleet {
 public:
  CalledFleet() {
    auto fleet = Fleet::Create(
        primaries_.addresses(0),
        std::vector<FollowerHandler*>{&handlers_[0], &handlers_[1]},
        Options(&store_));
    EXPECT_TRUE(fleet.ok()) << fleet.status();
    fleet_ = *std::move(fleet);
    for (size_t shard = 0; shard < kShards; ++shard) {
      for (int twice = 0; twice < 2; ++twice) {
        callers_.Add([this, shard] {
          fleet_->Applied(shard, handlers_[shard].delivered());
        });
      }
      callers_.Add([this, shard] {
        watches_[shard].Look(fleet_->Stats(shard));
        EXPECT_TRUE(fleet_->ShardStatus(shard).ok());
      });
    }
    callers_.Add([this] {
      EXPECT_THAT(fleet_->StatsText(), HasSubstr("shard=\"shard-1\""));
    });
    callers_.Add([this] {
      ExpectWaitEnds(fleet_->WaitFor(End(), absl::InfinitePast()));
      ExpectWaitEnds(
          fleet_->WaitFor(End(), absl::Now() + absl::Milliseconds(1)));
      ExpectWaitEnds(fleet_->WaitCaughtUp(absl::Now() + absl::Milliseconds(1)));
    });
    runner_ = std::thread([this] { status_ = fleet_->Run(); });
  }
  ~CalledFleet() {
    callers_.End();
    if (runner_.joinable()) runner_.join();
  }

  static ReplicationToken End() {
    return {std::vector<FeedPosition>(kShards, {kGeneration, kFrames})};
  }

  Fleet& fleet() { return *fleet_; }
  const Primaries& primaries() const { return primaries_; }
  absl::Status Join() {
    runner_.join();
    return status_;
  }
  FeedPosition Stored(size_t shard) {
    return store_.Load(absl::StrCat("shard-", shard))->value_or(FeedPosition{});
  }

 private:
  Primaries primaries_;
  InMemoryPositionStore store_;
  Handler handlers_[kShards];
  StatsWatch watches_[kShards];
  std::unique_ptr<Fleet> fleet_;
  Callers callers_;
  std::thread runner_;
  absl::Status status_;
};

TEST(ConcurrentCallsTest, FleetLosesNoFrameOverRetargets) {
  CalledFleet called;
  for (int i = 0; i < kRounds; ++i) {
    const absl::Status status =
        called.fleet().SetPrimary(called.primaries().addresses(i % 2));
    ASSERT_TRUE(status.ok()) << status;
    std::this_thread::yield();
  }
  const absl::Status applied =
      called.fleet().WaitFor(CalledFleet::End(), absl::Now() + kPatience);
  EXPECT_TRUE(applied.ok()) << applied;
  called.fleet().Stop();
  EXPECT_TRUE(called.Join().ok());
  for (size_t shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(called.Stored(shard), (FeedPosition{kGeneration, kFrames}));
  }
}

TEST(ConcurrentCallsTest, StopsOfSeveralThreadsEndFleet) {
  for (int i = 0; i < kRounds; ++i) {
    CalledFleet called;
    std::vector<std::thread> stoppers;
    for (int n = 0; n < 3; ++n) {
      stoppers.emplace_back([&] { called.fleet().Stop(); });
    }
    stoppers.emplace_back([&] {
      const absl::Status status =
          called.fleet().SetPrimary(called.primaries().addresses(1));
      EXPECT_TRUE(status.ok()) << status;
    });
    for (std::thread& stopper : stoppers) stopper.join();
    EXPECT_TRUE(called.Join().ok());
    EXPECT_THAT(called.fleet().WaitCaughtUp(absl::InfiniteFuture()).code(),
                AnyOf(absl::StatusCode::kOk, absl::StatusCode::kCancelled));
  }
}

TEST(ConcurrentCallsTest, FollowerLosesNoFrameOverRetargets) {
  const Primaries primaries;
  InMemoryPositionStore store;
  Handler handler;
  StatsWatch watch;
  auto created =
      Follower::Create(primaries.addresses(0)[0], &handler, Options(&store));
  ASSERT_TRUE(created.ok()) << created.status();
  const std::unique_ptr<Follower> follower = *std::move(created);
  Callers callers;
  callers.Add([&] { follower->Applied(handler.delivered()); });
  callers.Add([&] { follower->Applied(handler.delivered() / 2); });
  callers.Add([&] { watch.Look(follower->Stats()); });
  callers.Add([&] { EXPECT_THAT(follower->StatsText(), Ne("")); });
  absl::Status status;
  std::thread runner([&] { status = follower->Run(); });
  std::vector<std::thread> retargeters;
  for (int primary = 0; primary < 2; ++primary) {
    retargeters.emplace_back([&, primary] {
      const std::string address = primaries.addresses(primary)[0];
      for (int i = 0; i < kRounds; ++i) {
        EXPECT_TRUE(follower->SetPrimary(address).ok());
        std::this_thread::yield();
      }
    });
  }
  for (std::thread& retargeter : retargeters) retargeter.join();
  const absl::Time deadline = absl::Now() + kPatience;
  while (follower->Stats().applied.next_offset < kFrames) {
    ASSERT_LT(absl::Now(), deadline) << follower->Stats();
    std::this_thread::yield();
  }
  std::thread stopper([&] { follower->Stop(); });
  follower->Stop();
  stopper.join();
  runner.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(store.Load("shard-0")->value_or(FeedPosition{}),
            (FeedPosition{kGeneration, kFrames}));
}

TEST(ConcurrentCallsTest, InterruptsOfSeveralThreadsEndClientsReads) {
  const Primaries primaries;
  for (int i = 0; i < kRounds; ++i) {
    ReplicaClientOptions options;
    options.link.replica_id = "r1";
    options.link.protocol = ProtocolChoice::kV2;
    options.from = {kGeneration, 0};
    auto client = ReplicaClient::Connect(primaries.addresses(0)[0], options);
    ASSERT_TRUE(client.ok()) << client.status();
    std::vector<std::thread> interrupters;
    for (int n = 0; n < 3; ++n) {
      interrupters.emplace_back([&] { (*client)->Interrupt(); });
    }
    uint64_t next = 0;
    while (const FrameView* frame = (*client)->NextFrame()) {
      EXPECT_EQ(frame->offset(), next);
      ++next;
      (*client)->Applied(next);
    }
    EXPECT_TRUE(absl::IsCancelled((*client)->status())) << (*client)->status();
    for (std::thread& interrupter : interrupters) interrupter.join();
  }
}

}  // namespace
}  // namespace kevy_replica
