// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Shows that a fleet stores the positions of all shards together.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/internal/shard_loop.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/testing/watchdog.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::Contains;

// Notes the position of its shard.
class Handler : public FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView>,
                        const FeedPosition& position) override {
    at = position;
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

  FeedPosition at;
};

// At each store, expects the position of `busy` to be stored, too.
class ComparingStore : public InMemoryPositionStore {
 public:
  explicit ComparingStore(const Handler* busy) : busy_(busy) {}

  absl::Status Store(absl::Span<const NamedPosition> positions) override {
    const absl::Status status = InMemoryPositionStore::Store(positions);
    const absl::StatusOr<std::optional<FeedPosition>> held = Load("shard-0");
    if (!status.ok() || !held.ok()) return status;
    EXPECT_EQ(held->value_or(FeedPosition{}), busy_->at);
    for (const NamedPosition& position : positions) {
      if (position.name != "shard-1") continue;
      seen.push_back(position.position);
      if (position.position == FeedPosition{0, 0} && on_resync) on_resync();
    }
    return status;
  }

  std::vector<FeedPosition> seen;  // Positions of shard 1.
  std::function<void()> on_resync;

 private:
  const Handler* const busy_;
};

TEST(FleetStoreTest, UrgentStoreIncludesOtherShards) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Frame(0, {"PING"}).Stall());
  // After its gap the history of the held data is unknown.
  ScriptedPrimary broken;
  broken.SetDefault(PrimaryScript().Generation(5).Frame(11, {"PING"}));
  Handler handlers[2];
  ComparingStore store(&handlers[0]);
  handlers[1].at = {5, 10};
  ASSERT_TRUE(store.Store({{"shard-1", handlers[1].at}}).ok());

  FleetOptions options;
  options.link.replica_id = "r1";
  options.store.positions = &store;
  options.store.interval = absl::Hours(1);
  options.retry.initial_backoff = absl::Milliseconds(1);
  // Connects once the other shard has an unstored position.
  const TransportFactory connect = broken.InMemory();
  const TransportFactory later =
      [&]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    if (handlers[0].at == FeedPosition{}) {
      return absl::UnavailableError("not yet");
    }
    return connect();
  };
  FollowerHandler* const both[] = {&handlers[0], &handlers[1]};
  absl::StatusOr<std::unique_ptr<Fleet>> fleet =
      Fleet::Create({primary.InMemory(), later}, both, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  store.on_resync = [&] { (*fleet)->Stop(); };
  EXPECT_TRUE((*fleet)->Run().ok());
  EXPECT_THAT(store.seen, Contains(FeedPosition{0, 0}));
}

// Counts stores and the positions in each.
class CountingStore : public InMemoryPositionStore {
 public:
  absl::Status Store(absl::Span<const NamedPosition> positions) override {
    ++stores;
    for (const NamedPosition& position : positions) ++entries[position.name];
    return InMemoryPositionStore::Store(positions);
  }

  int stores = 0;
  std::map<std::string, int> entries;
};

// A handler that takes 10 ms for a frame.
class SlowHandler : public Handler {
 public:
  explicit SlowHandler(absl::Time* now) : now_(now) {}
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    *now_ += absl::Milliseconds(10) * frames.size();
    if (position.next_offset == 3200) stop();
    return Handler::OnFrames(frames, position);
  }

  std::function<void()> stop;

 private:
  absl::Time* const now_;
};

TEST(FleetStoreTest, StoresOnlyMovedPositionsOncePerInterval) {
  // 3,200 frames, so 32 seconds, in batches of at most 0.32 seconds.
  ScriptedPrimary busy;
  PrimaryScript script;
  script.Generation(7);
  for (uint64_t offset = 0; offset < 3200; ++offset) {
    script.Frame(offset, {"PING"});
  }
  busy.Enqueue(script.Stall());
  ScriptedPrimary idle;
  idle.SetDefault(PrimaryScript().Generation(7).Stall());
  absl::Time now = absl::UnixEpoch();
  SlowHandler handlers[] = {SlowHandler(&now), SlowHandler(&now)};
  CountingStore store;
  ASSERT_TRUE(store.Store({{"shard-1", {7, 5}}}).ok());
  store.stores = 0;
  store.entries.clear();

  FleetOptions options;
  options.link.replica_id = "r1";
  options.store.positions = &store;
  options.store.interval = absl::Seconds(1);
  options.now = [&now] { return now; };
  FollowerHandler* const both[] = {&handlers[0], &handlers[1]};
  absl::StatusOr<std::unique_ptr<Fleet>> fleet =
      Fleet::Create({busy.InMemory(), idle.InMemory()}, both, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  handlers[0].stop = [&] { (*fleet)->Stop(); };
  EXPECT_TRUE((*fleet)->Run().ok());
  EXPECT_EQ(now, absl::UnixEpoch() + absl::Seconds(32));
  // A store is at most a batch late. The stop adds one.
  EXPECT_GE(store.stores, 24);
  EXPECT_LE(store.stores, 33);
  EXPECT_EQ(store.entries["shard-0"], store.stores);
  EXPECT_EQ(store.entries["shard-1"], 0);
  EXPECT_EQ(**store.Load("shard-0"), (FeedPosition{7, 3200}));
  EXPECT_EQ(**store.Load("shard-1"), (FeedPosition{7, 5}));
}

// Each turn reads about 4 KiB, and the fleet's clock stands: only the stop
// stores.
TEST(FleetStoreTest, TurnsWithinAnIntervalStoreNothing) {
  ScriptedPrimary primary;
  PrimaryScript script;
  script.Generation(7);
  for (uint64_t offset = 0; offset < 3200; ++offset) {
    script.Frame(offset, {"PING"});
  }
  primary.Enqueue(script.Stall());
  CountingStore store;
  FleetOptions options;
  options.link.replica_id = "r1";
  options.store.positions = &store;
  options.store.interval = absl::Seconds(1);
  options.read_bytes = 1;
  options.now = [] { return absl::UnixEpoch(); };
  absl::Time of_handler;
  SlowHandler handler(&of_handler);
  FollowerHandler* const handlers[] = {&handler};
  absl::StatusOr<std::unique_ptr<Fleet>> fleet =
      Fleet::Create({primary.InMemory()}, handlers, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  handler.stop = [&] { (*fleet)->Stop(); };
  EXPECT_TRUE((*fleet)->Run().ok());
  EXPECT_EQ(store.stores, 1);
  EXPECT_EQ(**store.Load("shard-0"), (FeedPosition{7, 3200}));
}

// Tells of its frames and of its link's end.
class TellingHandler : public Handler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    on_frames();
    return Handler::OnFrames(frames, position);
  }
  absl::Status OnLinkDown(const LinkDown&) override {
    on_down();
    return absl::OkStatus();
  }

  std::function<void()> on_frames;
  std::function<void()> on_down;
};

// Both shards apply their frames while the first one ends. They wait for one
// store.
TEST(FleetStoreTest, StopStoresAllShardsOnce) {
  ScriptedPrimary primaries[2];
  for (ScriptedPrimary& primary : primaries) {
    primary.SetDefault(
        PrimaryScript().Generation(7).Frame(0, {"PING"}).Stall());
  }
  CountingStore store;
  FleetOptions options;
  options.link.replica_id = "r1";
  options.store.positions = &store;
  options.store.interval = absl::Hours(1);
  options.applied_on_return = false;
  TellingHandler handlers[2];
  FollowerHandler* const both[] = {&handlers[0], &handlers[1]};
  absl::StatusOr<std::unique_ptr<Fleet>> fleet = Fleet::Create(
      {primaries[0].InMemory(), primaries[1].InMemory()}, both, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  int delivered = 0;
  for (TellingHandler& handler : handlers) {
    handler.on_frames = [&] {
      if (++delivered == 2) (*fleet)->Stop();
    };
    handler.on_down = [&] {
      for (const size_t shard : {0, 1}) (*fleet)->Applied(shard, 1);
    };
  }
  EXPECT_TRUE((*fleet)->Run().ok());
  EXPECT_EQ(store.stores, 1);
  EXPECT_EQ(store.entries["shard-0"], 1);
  EXPECT_EQ(store.entries["shard-1"], 1);
}

// Fails, and keeps the positions that it was asked to store.
class FailingStore : public InMemoryPositionStore {
 public:
  absl::Status Store(absl::Span<const NamedPosition> positions) override {
    asked.assign(positions.begin(), positions.end());
    ++stores;
    return absl::ResourceExhaustedError("no space left");
  }

  std::vector<NamedPosition> asked;
  int stores = 0;
};

// Shards in a loop, each with a primary of its own.
class ShardLoopStoreTest : public ::testing::Test {
 protected:
  void Loop(PositionStore* store) {
    loop_ = std::make_unique<client_internal::ShardLoop>(absl::Now, store,
                                                         absl::ZeroDuration());
    EXPECT_TRUE(loop_->status().ok());
  }
  // Adds a shard that resumes at {7, 8}.
  void Add(const std::string& name, PrimaryScript script) {
    primaries_.push_back(std::make_unique<ScriptedPrimary>());
    primaries_.back()->SetDefault(std::move(script.Generation(7)));
    client_internal::ShardOptions options;
    options.session.link.replica_id = "r1";
    options.session.from = {7, 8};
    options.session.store_interval = absl::InfiniteDuration();
    options.factory = primaries_.back()->InMemory();
    handlers_.push_back(std::make_unique<Handler>());
    options.handler = handlers_.back().get();
    options.read_bytes = 4096;
    options.now = options.rough_now = absl::Now;
    loop_->Add(name, std::move(options));
  }

  std::vector<std::unique_ptr<ScriptedPrimary>> primaries_;
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::unique_ptr<client_internal::ShardLoop> loop_;
  const transport_testing::Watchdog watchdog_{"ShardLoopStoreTest",
                                              absl::Seconds(30)};
};

// The session was told of the position before the store was called: a failed
// store left it as stored.
TEST_F(ShardLoopStoreTest, FailedStoreLeavesThePositionPending) {
  FailingStore store;
  Loop(&store);
  Add("mine", PrimaryScript().Frame(8, {"PING"}).Stall());
  EXPECT_EQ(loop_->Run(), absl::ResourceExhaustedError("no space left"));
  EXPECT_EQ(store.stores, 1);  // Its error is final.
  ASSERT_EQ(store.asked.size(), 1u);
  EXPECT_EQ(store.asked[0].name, "mine");
  EXPECT_EQ(store.asked[0].position, (FeedPosition{7, 9}));
  EXPECT_TRUE(loop_->shard(0).session().store_pending());
}

TEST_F(ShardLoopStoreTest, FailedStoreStopsAllShards) {
  FailingStore store;
  Loop(&store);
  Add("mine", PrimaryScript().Frame(8, {"PING"}).Stall());
  Add("silent", PrimaryScript().Stall());
  EXPECT_EQ(loop_->Run(), absl::ResourceExhaustedError("no space left"));
  // The shard that asked for the store has the error.
  EXPECT_EQ(loop_->shard(0).EndStatus(),
            absl::ResourceExhaustedError("no space left"));
  EXPECT_TRUE(loop_->shard(1).EndStatus().ok());
  EXPECT_TRUE(loop_->shard(1).done());
}

// Stops a loop once both shards are stored to the end.
class StoppingStore : public CountingStore {
 public:
  absl::Status Store(absl::Span<const NamedPosition> positions) override {
    const absl::Status status = CountingStore::Store(positions);
    if (Load("a")->value_or(FeedPosition{}).next_offset == 9 &&
        Load("b")->value_or(FeedPosition{}).next_offset == 10) {
      stop();
    }
    return status;
  }

  std::function<void()> stop;
};

// The shards of an earlier store must not be told of a later one.
TEST_F(ShardLoopStoreTest, EachStoreTellsItsOwnShards) {
  StoppingStore store;
  Loop(&store);
  store.stop = [this] { loop_->Stop(); };
  Add("a", PrimaryScript().Frame(8, {"PING"}).Stall());
  // The second frame comes after the first one's store.
  Add("b", PrimaryScript()
               .Frame(8, {"PING"})
               .WaitForAck(9)
               .Frame(9, {"PING"})
               .Stall());
  EXPECT_TRUE(loop_->Run().ok());
  for (const size_t i : {0, 1}) {
    EXPECT_FALSE(loop_->shard(i).session().store_pending()) << i;
  }
  EXPECT_EQ(store.entries["a"], 1);
  EXPECT_EQ(store.entries["b"], 2);
}

// Without a limit of time, only the turn's notice ends the wait.
TEST_F(ShardLoopStoreTest, AwaitSeesTheTurnThatMeetsItsCondition) {
  CountingStore store;
  Loop(&store);
  Add("a", PrimaryScript().Frame(8, {"PING"}).Stall());
  std::thread runner([this] { EXPECT_TRUE(loop_->Run().ok()); });
  EXPECT_TRUE(loop_->Await(
      [this] { return loop_->shard(0).Stats().applied == FeedPosition{7, 9}; },
      absl::InfiniteFuture()));
  loop_->Stop();
  runner.join();
}

}  // namespace
}  // namespace kevy_replica
