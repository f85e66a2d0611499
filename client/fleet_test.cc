// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/fleet.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/resolver.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using client_testing::RecordingHandler;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

PrimaryScript Stream(uint64_t first, uint64_t end) {
  PrimaryScript script;
  script.Speak(Protocol::kV2).Generation(7);
  for (uint64_t offset = first; offset < end; ++offset) {
    script.Frame(offset, {"SET", "k", absl::StrCat("v", offset)});
  }
  return script;
}

FleetOptions Options() {
  FleetOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.retry.random = [] { return 0.0; };  // Without backoff.
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  return options;
}

TEST(ShardAddressesTest, UseConsecutivePorts) {
  EXPECT_THAT(
      *ShardAddresses("localhost:16004", 3),
      ElementsAre("localhost:16004", "localhost:16005", "localhost:16006"));
  EXPECT_THAT(*ShardAddresses("[::1]:65534", 2),
              ElementsAre("[::1]:65534", "[::1]:65535"));
  EXPECT_THAT(*ShardAddresses("h:1", 65535), SizeIs(65535));
  EXPECT_THAT(*ShardAddresses("unix:/path", 1), ElementsAre("unix:/path"));
}

TEST(ShardAddressesTest, RejectMissingPorts) {
  for (const auto& [first, shards] :
       {std::pair<const char*, size_t>{"[::1]:65534", 3},
        {"h:1", 65536},
        {"unix:/path", 2},
        {"nowhere", 2}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ShardAddresses(first, shards).status()))
        << first;
  }
}

// `n` primaries, a handler for each, and a fleet that follows them on a thread
// of its own.
class FleetTest : public ::testing::Test {
 protected:
  ~FleetTest() override {
    if (fleet_ != nullptr) fleet_->Stop();
    if (thread_.joinable()) thread_.join();
  }

  void Make(size_t n) {
    primaries_.resize(n);
    handlers_.resize(n);
  }
  void Start(FleetOptions options = Options(), bool sockets = false) {
    std::vector<FollowerHandler*> handlers;
    for (RecordingHandler& handler : handlers_) handlers.push_back(&handler);
    std::vector<TransportFactory> factories;
    std::vector<std::string> addresses;
    for (ScriptedPrimary& primary : primaries_) {
      if (sockets) {
        ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
        addresses.push_back(primary.address());
      } else {
        factories.push_back(primary.InMemory());
      }
    }
    auto fleet = sockets
                     ? Fleet::Create(addresses, handlers, std::move(options))
                     : Fleet::Create(factories, handlers, std::move(options));
    ASSERT_TRUE(fleet.ok()) << fleet.status();
    fleet_ = *std::move(fleet);
    thread_ = std::thread([this] { status_ = fleet_->Run(); });
  }
  absl::Status Stop() {
    fleet_->Stop();
    return Join();
  }
  absl::Status Join() {
    thread_.join();
    return status_;
  }

  std::deque<ScriptedPrimary> primaries_;
  std::deque<RecordingHandler> handlers_;
  std::unique_ptr<Fleet> fleet_;
  std::thread thread_;
  absl::Status status_;
};

TEST_F(FleetTest, FollowsEveryShardInOrder) {
  for (const bool sockets : {false, true}) {
    Make(3);
    for (size_t i = 0; i < 3; ++i) {
      primaries_[i].Enqueue(Stream(0, 5 + i));
      primaries_[i].Enqueue(Stream(5 + i, 9).Stall());
    }
    Start(Options(), sockets);
    for (size_t i = 0; i < 3; ++i) handlers_[i].Await("frame 8 v8");
    EXPECT_TRUE(Stop().ok());
    EXPECT_THAT(handlers_[2].lines(),
                ElementsAre("up 0:0", "reset", "frame 0 v0", "frame 1 v1",
                            "frame 2 v2", "frame 3 v3", "frame 4 v4",
                            "frame 5 v5", "frame 6 v6", "down closed", "up 7:7",
                            "frame 7 v7", "frame 8 v8", "down stopped"));
    EXPECT_EQ(fleet_->Stats(1).applied, (FeedPosition{7, 9}));
    fleet_.reset();
    primaries_.clear();
    handlers_.clear();
  }
}

TEST_F(FleetTest, ShardErrorLeavesOtherShardsRunning) {
  Make(4);
  // Shard 0 is always refused. Shard 1 has a gap, then a fresh start. The
  // handler of shard 2 fails. Shard 3 goes well.
  primaries_[1].Enqueue(Stream(0, 2).Frame(5, {"SET", "k", "v"}));
  primaries_[1].Enqueue(PrimaryScript()
                            .Speak(Protocol::kV2)
                            .Generation(7)
                            .Snapshot("KEVYSNAP", 6)
                            .Stall());
  primaries_[2].Enqueue(Stream(0, 2).Stall());
  handlers_[2].on_line = [](absl::string_view line) {
    return line == "frame 1 v1" ? absl::DataLossError("disk full")
                                : absl::OkStatus();
  };
  primaries_[3].Enqueue(Stream(0, 3).WaitForAck(3).Stall());
  Start();
  handlers_[0].Await("down handshake_rejected", 3);
  handlers_[1].Await("end 7:6");
  handlers_[2].Await("down stopped");
  handlers_[3].Await("frame 2 v2");
  EXPECT_EQ(Stop(), absl::DataLossError("disk full"));
  EXPECT_EQ(fleet_->ShardStatus(2), absl::DataLossError("disk full"));
  EXPECT_TRUE(fleet_->ShardStatus(3).ok());
  EXPECT_THAT(handlers_[1].lines(), Contains("down offset_gap"));
  EXPECT_THAT(handlers_[3].lines(),
              ElementsAre("up 0:0", "reset", "frame 0 v0", "frame 1 v1",
                          "frame 2 v2", "down stopped"));
}

TEST_F(FleetTest, RunEndsAfterLastShard) {
  Make(2);
  for (size_t i = 0; i < 2; ++i) {
    primaries_[i].Enqueue(Stream(0, 1).Stall());
    handlers_[i].on_line = [i](absl::string_view line) {
      return line == "frame 0 v0" ? absl::AbortedError(absl::StrCat(i))
                                  : absl::OkStatus();
    };
  }
  Start();
  EXPECT_EQ(Join(), absl::AbortedError("0"));
  // It cannot catch up any more.
  EXPECT_EQ(fleet_->WaitCaughtUp(absl::InfiniteFuture()),
            absl::AbortedError("shard-0 has ended: 0"));
}

TEST_F(FleetTest, WaitCaughtUpReturnsAfterLastShard) {
  Make(3);
  for (size_t i = 0; i < 3; ++i) {
    // The last primary sends its heartbeat only after an acknowledgement.
    PrimaryScript script = Stream(0, 4);
    if (i == 2) script.WaitForAck(4);
    primaries_[i].Enqueue(script.Heartbeat(7, 4).Stall());
  }
  Start();
  EXPECT_TRUE(fleet_->WaitCaughtUp(absl::InfiniteFuture()).ok());
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(fleet_->Stats(i).lag, 0u);
    EXPECT_EQ(fleet_->Stats(i).applied, (FeedPosition{7, 4}));
  }
  EXPECT_TRUE(Stop().ok());
}

TEST_F(FleetTest, WaitCaughtUpNamesShardsBehind) {
  Make(3);
  primaries_[0].Enqueue(Stream(0, 4).Heartbeat(7, 4).Stall());
  primaries_[1].Enqueue(Stream(0, 4).Heartbeat(7, 6).Stall());
  primaries_[2].Enqueue(Stream(0, 4).Stall());
  Start();
  handlers_[0].Await("heartbeat 7:4");
  handlers_[1].Await("heartbeat 7:4");
  handlers_[2].Await("frame 3 v3");
  std::string message;
  do {  // Stats are some milliseconds old.
    const absl::Status status = fleet_->WaitCaughtUp(absl::InfinitePast());
    ASSERT_TRUE(absl::IsDeadlineExceeded(status));
    message = std::string(status.message());
  } while (message !=
           "not caught up: shard-1 (lag 2), shard-2 (no heartbeat yet)");
  EXPECT_TRUE(Stop().ok());
}

TEST(FleetBehindTest, WaitCaughtUpNamesEightShardsAtMost) {
  const auto behind = [](size_t shards) {
    RecordingHandler handler;
    const std::vector<FollowerHandler*> handlers(shards, &handler);
    const absl::StatusOr<std::unique_ptr<Fleet>> fleet = Fleet::Create(
        std::vector<std::string>(shards, "h:1"), handlers, Options());
    EXPECT_TRUE(fleet.ok()) << fleet.status();
    if (!fleet.ok()) return std::string();
    // Before Run(), every shard is behind.
    return std::string((*fleet)->WaitCaughtUp(absl::InfinitePast()).message());
  };
  const std::string eight =
      "not caught up: shard-0 (no link), shard-1 (no link), shard-2 (no link), "
      "shard-3 (no link), shard-4 (no link), shard-5 (no link), "
      "shard-6 (no link), shard-7 (no link)";
  EXPECT_EQ(behind(8), eight);
  EXPECT_EQ(behind(9), eight + " and 1 more");
  EXPECT_EQ(behind(11), eight + " and 3 more");
}

// Counts its calls and their positions.
class CountingStore : public InMemoryPositionStore {
 public:
  absl::Status Store(absl::Span<const NamedPosition> positions) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stored_.push_back(positions.size());
    }
    return InMemoryPositionStore::Store(positions);
  }
  std::vector<size_t> stored() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stored_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<size_t> stored_;  // Number of positions of each call.
};

TEST_F(FleetTest, StoresAllPositionsTogether) {
  Make(5);
  CountingStore store;
  ASSERT_TRUE(store.Store({{"shard-4", {7, 2}}}).ok());
  for (size_t i = 0; i < 5; ++i) {
    primaries_[i].Enqueue(Stream(i == 4 ? 2 : 0, 4).Stall());
  }
  FleetOptions options = Options();
  options.store.positions = &store;
  options.store.interval = absl::InfiniteDuration();
  Start(options);
  for (RecordingHandler& handler : handlers_) handler.Await("frame 3 v3");
  EXPECT_TRUE(Stop().ok());
  // The call above, at most one in the first turn, and one at the end.
  EXPECT_LE(store.stored().size(), 3);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(*store.Load(absl::StrCat("shard-", i)), (FeedPosition{7, 4}));
  }
  EXPECT_EQ(handlers_[4].lines()[0], "up 7:2");
}

TEST_F(FleetTest, ZeroIntervalStoresEveryTurn) {
  Make(2);
  InMemoryPositionStore store;
  for (ScriptedPrimary& primary : primaries_) {
    primary.Enqueue(Stream(0, 4).Stall());
  }
  FleetOptions options = Options();
  options.store.positions = &store;
  options.store.interval = absl::ZeroDuration();
  Start(options);
  for (size_t i = 0; i < 2; ++i) {
    while (*store.Load(absl::StrCat("shard-", i)) != FeedPosition{7, 4}) {
      std::this_thread::yield();
    }
  }
  EXPECT_TRUE(Stop().ok());
}

// The store's time comes while the loop waits: no event of the shard asks for
// it. Otherwise the end of the idle link would.
TEST_F(FleetTest, IdleShardStoresItsPosition) {
  class StoppingStore : public InMemoryPositionStore {
   public:
    absl::Status Store(absl::Span<const NamedPosition> positions) override {
      (*fleet)->Stop();
      return InMemoryPositionStore::Store(positions);
    }
    const std::unique_ptr<Fleet>* fleet = nullptr;
  };
  Make(1);
  primaries_[0].Enqueue(Stream(0, 1).Stall());
  StoppingStore store;
  store.fleet = &fleet_;
  FleetOptions options = Options();
  options.store.positions = &store;
  options.store.interval = absl::Milliseconds(200);
  options.link.idle_timeout = absl::Seconds(20);
  Start(options);
  EXPECT_TRUE(Join().ok());
  EXPECT_THAT(handlers_[0].lines(),
              ElementsAre("up 0:0", "reset", "frame 0 v0", "down stopped"));
}

TEST_F(FleetTest, IdleLoopWaits) {
  Make(2);
  for (ScriptedPrimary& primary : primaries_) {
    primary.Enqueue(Stream(0, 1).Stall());
  }
  // Each turn reads the clock.
  std::atomic<int> readings{0};
  FleetOptions options = Options();
  options.now = [&readings] {
    ++readings;
    return absl::Now();
  };
  Start(options);
  for (const RecordingHandler& handler : handlers_) handler.Await("frame 0 v0");
  int before;
  int tries = 0;
  do {
    ASSERT_LT(++tries, 200) << "the loop never waits";
    before = readings;
    absl::SleepFor(absl::Milliseconds(20));
  } while (readings != before);
  EXPECT_TRUE(Stop().ok());
}

// Accepts connections, sends `bytes` on each, and keeps all open.
class SilentPrimary {
 public:
  explicit SilentPrimary(std::string bytes)
      : listener_(*Listener::Listen("127.0.0.1:0")),
        thread_([this, bytes = std::move(bytes)] {
          while (true) {
            absl::StatusOr<std::unique_ptr<Transport>> accepted =
                listener_->Accept(absl::InfiniteDuration());
            if (!accepted.ok()) return;
            EXPECT_TRUE((*accepted)->Write(bytes, absl::Seconds(30)).ok());
            connections_.push_back(*std::move(accepted));
          }
        }) {}
  ~SilentPrimary() {
    listener_->Interrupt();
    thread_.join();
  }
  std::string address() const { return listener_->address(); }

 private:
  const std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Transport>> connections_;
  std::thread thread_;
};

// A link that waits for a hostile primary costs no turns of the loop.
TEST_F(FleetTest, LoopWaitsForHostilePrimary) {
  for (const std::string bytes :
       {"+ACK 7", "+ACK 7 0\r\n",
        "+ACK 7 0\r\n*2\r\n:0\r\n*1\r\n$536870912\r\nx",
        "+ACK 7 0\r\n+SNAPSHOT\r\n$65536\r\nx", "+ACK 7 0\r\n?"}) {
    SCOPED_TRACE(bytes);
    const SilentPrimary primary(bytes);
    std::atomic<int> readings{0};  // Each turn reads the clock.
    FleetOptions options = Options();
    options.retry.random = [] { return 0.9; };
    options.retry.initial_backoff = options.retry.max_backoff;
    options.now = [&readings] {
      ++readings;
      return absl::Now();
    };
    RecordingHandler handler;
    const auto fleet =
        Fleet::Create(std::vector<std::string>{primary.address()},
                      std::vector<FollowerHandler*>{&handler}, options);
    ASSERT_TRUE(fleet.ok()) << fleet.status();
    std::thread thread([&] { EXPECT_TRUE((*fleet)->Run().ok()); });
    const absl::Time give_up = absl::Now() + absl::Seconds(30);
    while ((*fleet)->Stats(0).bytes < bytes.size() && absl::Now() < give_up) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    EXPECT_EQ((*fleet)->Stats(0).bytes, bytes.size());
    int tries = 0;
    for (int before = -1; before != readings && ++tries < 200;) {
      before = readings;
      absl::SleepFor(absl::Milliseconds(20));
    }
    EXPECT_LT(tries, 200) << "the loop never waits";
    (*fleet)->Stop();
    (*fleet)->Stop();  // The primary does not close.
    thread.join();
  }
}

// A deadline that has passed must not keep the loop from waiting for the next.
TEST(FleetLoopTest, LoopWaitsBetweenDeadlines) {
  constexpr size_t kAttempts = 6;
  int readings = 0;  // Each turn reads the clock.
  std::vector<int> readings_at;
  std::unique_ptr<Fleet> fleet;
  const TransportFactory refuse = [&]() {
    readings_at.push_back(readings);
    if (readings_at.size() == kAttempts) fleet->Stop();
    return absl::StatusOr<std::unique_ptr<Transport>>(
        absl::UnavailableError("refused"));
  };
  FleetOptions options = Options();
  options.retry.random = [] { return 1.0; };
  options.retry.initial_backoff = options.retry.max_backoff =
      absl::Milliseconds(100);
  options.now = [&readings] {
    ++readings;
    return absl::Now();
  };
  RecordingHandler handler;
  auto created = Fleet::Create({refuse}, {&handler}, options);
  ASSERT_TRUE(created.ok()) << created.status();
  fleet = *std::move(created);
  EXPECT_TRUE(fleet->Run().ok());
  ASSERT_EQ(readings_at.size(), kAttempts);
  for (size_t i = 1; i < kAttempts; ++i) {
    // A loop that does not wait makes thousands.
    EXPECT_LT(readings_at[i] - readings_at[i - 1], 200) << i;
  }
}

TEST_F(FleetTest, StoreErrorStopsAllShards) {
  class FullStore : public InMemoryPositionStore {
   public:
    absl::Status Store(absl::Span<const NamedPosition>) override {
      return absl::ResourceExhaustedError("no space left");
    }
  };
  Make(2);
  FullStore store;
  for (ScriptedPrimary& primary : primaries_) {
    primary.Enqueue(Stream(0, 4).Stall());
  }
  FleetOptions options = Options();
  options.store.positions = &store;
  options.store.interval = absl::ZeroDuration();
  Start(options);
  EXPECT_EQ(Join(), absl::ResourceExhaustedError("no space left"));
}

TEST_F(FleetTest, SnapshotInPlaceStoresLossFirst) {
  Make(1);
  InMemoryPositionStore store;
  ASSERT_TRUE(store.Store({{"shard-0", {7, 8}}}).ok());
  std::vector<FeedPosition> seen;
  handlers_[0].on_line = [&](absl::string_view line) {
    if (line == "begin") seen.push_back(**store.Load("shard-0"));
    return absl::OkStatus();
  };
  primaries_[0].Enqueue(PrimaryScript()
                            .Speak(Protocol::kV2)
                            .Generation(9)
                            .Snapshot("KEVYSNAP", 30)
                            .Stall());
  FleetOptions options = Options();
  options.store.positions = &store;
  options.store.interval = absl::InfiniteDuration();
  options.snapshots.in_place = true;
  Start(options);
  handlers_[0].Await("end 9:30");
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(seen, ElementsAre(FeedPosition{0, 0}));
  EXPECT_EQ(*store.Load("shard-0"), (FeedPosition{9, 30}));
}

TEST_F(FleetTest, RetargetsAllShards) {
  Make(2);
  for (ScriptedPrimary& primary : primaries_) {
    primary.Enqueue(Stream(0, 4).Stall());
  }
  Start();
  for (RecordingHandler& handler : handlers_) handler.Await("frame 3 v3");
  std::deque<ScriptedPrimary> others(2);
  std::vector<std::string> addresses;
  for (ScriptedPrimary& other : others) {
    other.Enqueue(Stream(4, 6).Stall());
    ASSERT_TRUE(other.Listen("127.0.0.1:0").ok());
    addresses.push_back(other.address());
  }
  EXPECT_TRUE(absl::IsInvalidArgument(fleet_->SetPrimary({addresses[0]})));
  EXPECT_TRUE(
      absl::IsInvalidArgument(fleet_->SetPrimary({addresses[0], "nowhere"})));
  EXPECT_TRUE(fleet_->SetPrimary(addresses).ok());
  for (RecordingHandler& handler : handlers_) handler.Await("frame 5 v5");
  EXPECT_TRUE(Stop().ok());
}

TEST_F(FleetTest, AppliedCountsForItsShard) {
  Make(2);
  for (ScriptedPrimary& primary : primaries_) {
    primary.Enqueue(Stream(0, 4).WaitForAck(3).Close());
  }
  FleetOptions options = Options();
  options.applied_on_return = false;
  options.link.ack_interval = absl::Milliseconds(1);
  Start(options);
  for (RecordingHandler& handler : handlers_) handler.Await("frame 3 v3");
  fleet_->Applied(1, 3);
  handlers_[1].Await("down closed");
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(fleet_->Stats(0).applied.next_offset, 0);
  EXPECT_EQ(fleet_->Stats(1).applied, (FeedPosition{7, 3}));
  EXPECT_THAT(fleet_->StatsText(),
              AllOf(HasSubstr("kevy_replica_applied_offset{shard=\"shard-0\"} "
                              "0\n"),
                    HasSubstr("kevy_replica_applied_offset{shard=\"shard-1\"} "
                              "3\n")));
}

// At most one read of bytes waits for a slow handler, however much the primary
// has sent.
TEST_F(FleetTest, SlowHandlerHoldsReadsBack) {
  Make(1);
  const std::string value(1000, 'x');
  PrimaryScript script;
  script.Speak(Protocol::kV2).Generation(7);
  for (uint64_t offset = 0; offset < 1000; ++offset) {
    script.Frame(offset, {"SET", "k", value});
  }
  primaries_[0].Enqueue(script.Stall());
  FleetOptions options = Options();
  options.read_bytes = 4096;
  uint64_t most_ahead = 0;
  uint64_t taken = 0;
  handlers_[0].on_line = [&](absl::string_view line) {
    if (line.substr(0, 5) != "frame") return absl::OkStatus();
    taken += value.size();
    const uint64_t bytes = fleet_->Stats(0).bytes;
    most_ahead = std::max(most_ahead, bytes - std::min(bytes, taken));
    return absl::OkStatus();
  };
  Start(options);
  handlers_[0].Await(absl::StrCat("frame 999 ", value));
  EXPECT_TRUE(Stop().ok());
  EXPECT_LT(most_ahead, 100'000);  // Includes the frames' envelopes.
}

TEST(FleetCreateTest, InvalidOptionsAreRejected) {
  RecordingHandler handler;
  FollowerHandler* const one[] = {&handler};
  FollowerHandler* const null[] = {nullptr};
  const auto invalid = [](const absl::StatusOr<std::unique_ptr<Fleet>>& fleet) {
    return absl::IsInvalidArgument(fleet.status());
  };
  const std::vector<std::string> none;
  EXPECT_TRUE(invalid(Fleet::Create(none, {}, Options())));
  EXPECT_TRUE(invalid(Fleet::Create({"h:1", "h:2"}, one, Options())));
  EXPECT_TRUE(invalid(Fleet::Create({"nowhere"}, one, Options())));
  EXPECT_TRUE(invalid(Fleet::Create({"h:1"}, null, Options())));
  EXPECT_TRUE(
      invalid(Fleet::Create(std::vector<TransportFactory>(1), one, Options())));
  FleetOptions options = Options();
  options.link.replica_id = "\xff";
  EXPECT_TRUE(invalid(Fleet::Create({"h:1"}, one, options)));
  options = Options();
  options.store.name = "two words";
  EXPECT_TRUE(invalid(Fleet::Create({"h:1"}, one, options)));
  EXPECT_TRUE(Fleet::Create({"h:1"}, one, Options()).ok());
}

// 320 frames in one read. Stop() in the first batch ends delivery behind it,
// also where every batch is followed by a store.
TEST_F(FleetTest, StopEndsDeliveryBetweenStores) {
  for (const absl::Duration interval :
       {absl::Seconds(1), absl::ZeroDuration()}) {
    primaries_.clear();
    handlers_.clear();
    Make(1);
    std::string frames;
    for (uint64_t offset = 0; offset < 320; ++offset) {
      ASSERT_EQ(AppendFrame(offset, {"SET", "k", "v"}, &frames),
                WireError::kNone);
    }
    primaries_[0].Enqueue(PrimaryScript()
                              .Speak(Protocol::kV2)
                              .Generation(7)
                              .Send(frames)
                              .Stall());
    InMemoryPositionStore store;
    FleetOptions options = Options();
    options.store.positions = &store;
    options.store.interval = interval;
    handlers_[0].on_line = [this](absl::string_view line) {
      if (line == "frame 3 v") fleet_->Stop();
      return absl::OkStatus();
    };
    Start(options);
    EXPECT_TRUE(Join().ok());
    EXPECT_LE(fleet_->Stats(0).applied.next_offset, 64u);
    EXPECT_EQ(handlers_[0].lines().back(), "down stopped");
    fleet_ = nullptr;
  }
}

// The primary is at fault, with a heartbeat behind the flush or without.
// Run() returns although the resolver has not: it is released at the end only.
TEST_F(FleetTest, SilentResolverStopsOneShardOnly) {
  std::promise<void> released;
  FleetOptions options = Options();
  options.connect.connect_timeout = absl::InfiniteDuration();
  options.connect.resolver = std::make_shared<Resolver>(
      [silence = released.get_future().share()](
          const std::string& host) -> Resolver::Addresses {
        if (host == "dead") silence.wait();
        return std::vector<std::string>{"127.0.0.1"};
      });
  Make(2);
  primaries_[1].Enqueue(Stream(0, 1).Stall());
  ASSERT_TRUE(primaries_[1].Listen("127.0.0.1:0").ok());
  absl::StatusOr<Address> alive = ParseAddress(primaries_[1].address());
  ASSERT_TRUE(alive.ok());
  alive->host = "alive";
  auto fleet = Fleet::Create(
      {"dead:1", alive->ToString()},
      std::vector<FollowerHandler*>{&handlers_[0], &handlers_[1]}, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  fleet_ = *std::move(fleet);
  thread_ = std::thread([this] { status_ = fleet_->Run(); });
  handlers_[1].Await("frame 0 v0");
  EXPECT_TRUE(Stop().ok());
  fleet_ = nullptr;
  released.set_value();
}

// A primary that the test plays. It does not close by itself.
class PlayedPrimary {
 public:
  TransportFactory Factory() {
    return [this]() -> absl::StatusOr<std::unique_ptr<Transport>> {
      InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
      end_ = std::move(pair.second);
      Send("+ACK 7 8\r\n");
      return std::unique_ptr<Transport>(std::move(pair.first));
    };
  }
  void Send(absl::string_view bytes) {
    EXPECT_TRUE(end_->Write(bytes, absl::ZeroDuration()).ok());
  }
  void AwaitHalfClose() {
    char bytes[4096];
    absl::StatusOr<size_t> n = 1;
    while (n.ok() && *n > 0) {
      n = end_->Read(absl::MakeSpan(bytes), absl::InfiniteDuration());
    }
    EXPECT_TRUE(n.ok()) << n.status();
  }
  void Close() { end_->Close(); }

 private:
  std::unique_ptr<InMemoryTransport> end_;
};

std::string FrameBytes(uint64_t offset) {
  std::string bytes;
  EXPECT_EQ(
      AppendFrame(offset, {"SET", "k", absl::StrCat("v", offset)}, &bytes),
      WireError::kNone);
  return bytes;
}

// The clock stands still, so the end of a link has no limit.
class PlayedFleetTest : public ::testing::Test {
 protected:
  void Create() {
    FleetOptions options = Options();
    options.now = [] { return absl::UnixEpoch(); };
    options.from = {7, 8};
    auto fleet = Fleet::Create(
        std::vector<TransportFactory>{primaries_[0].Factory(),
                                      primaries_[1].Factory()},
        std::vector<FollowerHandler*>{&handlers_[0], &handlers_[1]},
        std::move(options));
    ASSERT_TRUE(fleet.ok()) << fleet.status();
    fleet_ = *std::move(fleet);
    thread_ = std::thread([this] {
      status_ = fleet_->Run();
      ended_ = true;
    });
    handlers_[0].Await("up 7:8");
    handlers_[1].Await("up 7:8");
  }
  ~PlayedFleetTest() override { thread_.join(); }
  void ExpectBehind(const ReplicationToken& token, const std::string& reason) {
    const absl::Status status = fleet_->WaitFor(token, absl::InfinitePast());
    EXPECT_TRUE(absl::IsDeadlineExceeded(status));
    // The link may be too young for the stats.
    EXPECT_THAT(std::string(status.message()),
                AnyOf("the token is not applied: " + reason + ")",
                      "the token is not applied: " + reason + ", no link)"));
  }
  void End() {
    fleet_->Stop();
    for (PlayedPrimary& primary : primaries_) primary.Close();
  }

  PlayedPrimary primaries_[2];
  RecordingHandler handlers_[2];
  std::unique_ptr<Fleet> fleet_;
  absl::Status status_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

TEST_F(PlayedFleetTest, RunWaitsForPrimariesToClose) {
  Create();
  fleet_->Stop();
  for (PlayedPrimary& primary : primaries_) {
    primary.AwaitHalfClose();
    EXPECT_FALSE(ended_);
    primary.Close();
  }
}

TEST_F(PlayedFleetTest, SecondStopAbandonsEnds) {
  Create();
  fleet_->Stop();
  primaries_[0].AwaitHalfClose();
  EXPECT_FALSE(ended_);
  // The first ones may come before the last event is delivered.
  while (!ended_) fleet_->Stop();
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_THAT(handlers_[0].lines(), ElementsAre("up 7:8", "down stopped"));
}

TEST_F(PlayedFleetTest, EndingLinkLeavesOtherShardsRunning) {
  handlers_[0].on_line = [](absl::string_view line) {
    return line == "heartbeat 7:8" ? absl::AbortedError("full")
                                   : absl::OkStatus();
  };
  Create();
  primaries_[0].Send("+PING 7 8\r\n");
  primaries_[0].AwaitHalfClose();
  primaries_[1].Send(FrameBytes(8));
  handlers_[1].Await("frame 8 v8");
  EXPECT_EQ(fleet_->ShardStatus(0), absl::AbortedError("full"));
  End();
}

TEST_F(PlayedFleetTest, WaitForReturnsOnceTokenIsApplied) {
  Create();
  const ReplicationToken token = {{{7, 9}, {7, 8}}};
  ExpectBehind(token, "shard-0 (applied 8 of 9");
  absl::Status status = absl::UnknownError("");
  std::thread waiter([&] {
    status = fleet_->WaitFor(token, absl::Now() + absl::Seconds(30));
  });
  primaries_[0].Send(FrameBytes(8));
  waiter.join();
  EXPECT_TRUE(status.ok()) << status;
  End();
}

TEST_F(PlayedFleetTest, WaitForLetsShardOfAnotherGenerationResync) {
  Create();
  const ReplicationToken token = {{{7, 8}, {9, 1}}};
  ExpectBehind(token,
               "shard-1 (it holds generation 7, "
               "the token is of 9");
  absl::Status status = absl::UnknownError("");
  std::thread waiter([&] {
    status = fleet_->WaitFor(token, absl::Now() + absl::Seconds(30));
  });
  primaries_[1].Send("+SNAPSHOT\r\n$1\r\nx\r\n+SNAPSHOT_END 0\r\n");
  handlers_[1].Await("end 0:0");
  EXPECT_THAT(
      std::string(fleet_->WaitFor(token, absl::Now() + absl::Milliseconds(1))
                      .message()),
      HasSubstr("shard-1 ("));
  primaries_[1].Send("+PING 9 0\r\n" + FrameBytes(0));
  waiter.join();
  EXPECT_TRUE(status.ok()) << status;
  End();
}

TEST_F(PlayedFleetTest, WaitForRejectsTokenOfOtherShards) {
  Create();
  EXPECT_EQ(fleet_->WaitFor({{{7, 8}}}, absl::InfinitePast()),
            absl::InvalidArgumentError(
                "the token is of 1 shards, but the fleet has 2"));
  End();
}

TEST_F(PlayedFleetTest, WaitForIsCancelledByEndOfRun) {
  Create();
  absl::Status status;
  std::thread waiter([&] {
    status = fleet_->WaitFor({{{7, 9}, {7, 9}}}, absl::InfiniteFuture());
  });
  End();
  waiter.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(FleetTest, PayloadErrorOfFlushEndsOnlyTheLink) {
  for (const char* behind : {"", "+PING 7 1\r\n"}) {
    primaries_.clear();
    handlers_.clear();
    Make(1);
    std::string bytes;
    ASSERT_EQ(AppendFrame(0, {"SET", "k", "v"}, &bytes), WireError::kNone);
    primaries_[0].Enqueue(PrimaryScript()
                              .Speak(Protocol::kV2)
                              .Generation(7)
                              .Send(bytes + behind)
                              .Stall());
    primaries_[0].Enqueue(
        PrimaryScript().Speak(Protocol::kV2).Generation(7).Stall());
    handlers_[0].notes_flush = true;
    handlers_[0].on_line = [](absl::string_view line) {
      return line == "flush" ? ReplicaError(ReplicaErrorKind::kPayload, "why")
                             : absl::OkStatus();
    };
    Start(Options());
    handlers_[0].Await("down payload");
    EXPECT_TRUE(Stop().ok());
    fleet_ = nullptr;
  }
}

}  // namespace
}  // namespace kevy_replica
