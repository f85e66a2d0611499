// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using client_testing::RecordingHandler;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

PrimaryScript Stream(uint64_t first, uint64_t end) {
  PrimaryScript script;
  script.Speak(Protocol::kV2).Generation(7);
  for (uint64_t offset = first; offset < end; ++offset) {
    script.Frame(offset, {"SET", "k", absl::StrCat("v", offset)});
  }
  return script;
}

FollowerOptions Options(FeedPosition from = {}) {
  FollowerOptions options;
  options.link.replica_id = "r1";
  options.from = from;
  options.link.protocol = ProtocolChoice::kV2;
  options.retry.random = [] { return 0.0; };  // Without backoff.
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  return options;
}

std::unique_ptr<Follower> CreateOrDie(TransportFactory factory,
                                      FollowerHandler* handler,
                                      FollowerOptions options) {
  auto follower =
      Follower::Create(std::move(factory), handler, std::move(options));
  EXPECT_TRUE(follower.ok()) << follower.status();
  return *std::move(follower);
}

// Runs a follower on a thread of its own. Join() returns the status of Run().
class Runner {
 public:
  explicit Runner(Follower* follower)
      : follower_(follower), thread_([this] { status_ = follower_->Run(); }) {}
  ~Runner() {
    follower_->Stop();
    if (thread_.joinable()) thread_.join();
  }
  absl::Status Join() {
    thread_.join();
    return status_;
  }
  absl::Status Stop() {
    follower_->Stop();
    return Join();
  }

 private:
  Follower* const follower_;
  absl::Status status_;
  std::thread thread_;
};

// Each test of this suite runs over every kind of connection.
struct Network {
  const char* name;
  std::function<TransportFactory(ScriptedPrimary*)> factory;  // Null: address.
};

// Hides the descriptor, so that only a read can wait for bytes. They always
// come a moment after a read that does not wait.
class BlindTransport : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  int fd() const override { return -1; }
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (timeout <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("nothing yet");
    }
    return inner().Read(buffer, timeout);
  }
};

TransportFactory Blind(TransportFactory factory) {
  return [factory = std::move(
              factory)]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    auto transport = factory();
    if (!transport.ok()) return transport.status();
    return std::make_unique<BlindTransport>(*std::move(transport));
  };
}

class FollowerTest : public ::testing::TestWithParam<Network> {
 protected:
  std::unique_ptr<Follower> Create(FollowerHandler* handler,
                                   FollowerOptions options) {
    if (GetParam().factory) {
      return CreateOrDie(GetParam().factory(&primary_), handler,
                         std::move(options));
    }
    if (primary_.address().empty()) {
      EXPECT_TRUE(primary_.Listen("127.0.0.1:0").ok());
    }
    auto follower =
        Follower::Create(primary_.address(), handler, std::move(options));
    EXPECT_TRUE(follower.ok()) << follower.status();
    return *std::move(follower);
  }

  ScriptedPrimary primary_;
};

INSTANTIATE_TEST_SUITE_P(
    Networks, FollowerTest,
    ::testing::Values(Network{"Address", nullptr},
                      Network{"Memory",
                              [](ScriptedPrimary* primary) {
                                return primary->InMemory();
                              }},
                      Network{"WithoutDescriptor",
                              [](ScriptedPrimary* primary) {
                                return Blind(primary->InMemory());
                              }}),
    [](const auto& info) { return info.param.name; });

TEST_P(FollowerTest, FollowsOverManyLinks) {
  primary_.Enqueue(PrimaryScript()
                       .Speak(Protocol::kV2)
                       .Generation(7)
                       .Snapshot("KEVYSNAP", 8));
  primary_.Enqueue(Stream(8, 10));
  primary_.Enqueue(PrimaryScript().Refuse());
  primary_.Enqueue(Stream(10, 11).Send("*2\r\n:1"));  // Cut.
  primary_.Enqueue(Stream(11, 12).WaitForAck(12).Stall());
  RecordingHandler handler;
  auto follower = Create(&handler, Options());
  Runner runner(follower.get());
  handler.Await("frame 11 v11");
  EXPECT_TRUE(runner.Stop().ok());
  EXPECT_THAT(
      handler.lines(),
      ElementsAre("up 0:0", "begin", "chunk KEVYSNAP", "end 7:8", "down closed",
                  "up 7:8", "frame 8 v8", "frame 9 v9", "down closed",
                  "down handshake_rejected", "up 7:10", "frame 10 v10",
                  "down truncated", "up 7:11", "frame 11 v11", "down stopped"));
  EXPECT_EQ(follower->Stats().applied, (FeedPosition{7, 12}));
  EXPECT_EQ(follower->Stats().frames, 4);
  EXPECT_EQ(follower->Stats().links, 4);
}

TEST_P(FollowerTest, StopEndsRead) {
  primary_.Enqueue(Stream(8, 9).Stall());
  RecordingHandler handler;
  auto follower = Create(&handler, Options({7, 8}));
  Runner runner(follower.get());
  handler.Await("frame 8 v8");
  EXPECT_TRUE(runner.Stop().ok());
}

// No timer is left that could notice bytes by chance.
TEST_P(FollowerTest, BytesAloneWakeIt) {
  PrimaryScript script;
  script.Speak(Protocol::kV2).Generation(7);
  for (uint64_t offset = 8; offset < 108; ++offset) {
    script.Frame(offset, {"SET", "k", absl::StrCat("v", offset)})
        .WaitForAck(offset + 1);
  }
  primary_.Enqueue(script.Stall());
  RecordingHandler handler;
  FollowerOptions options = Options({7, 8});
  options.store.interval = absl::InfiniteDuration();
  options.link.ack_interval = absl::ZeroDuration();
  options.link.stall_timeout = absl::InfiniteDuration();
  auto follower = Create(&handler, options);
  Runner runner(follower.get());
  handler.Await("frame 107 v107");
  EXPECT_TRUE(runner.Stop().ok());
}

TEST_P(FollowerTest, StopAcksAndStoresAppliedOffset) {
  primary_.Enqueue(Stream(8, 100).Stall());
  RecordingHandler handler;
  InMemoryPositionStore store;
  FollowerOptions options = Options({7, 8});
  options.store.positions = &store;
  options.store.interval = absl::InfiniteDuration();
  options.link.ack_interval = absl::InfiniteDuration();
  auto follower = Create(&handler, options);
  Runner runner(follower.get());
  handler.Await("frame 99 v99");
  EXPECT_TRUE(runner.Stop().ok());
  primary_.WaitFinished(0);
  EXPECT_EQ(primary_.connection(0).acks.back(), 100);
  EXPECT_EQ(*store.Load("shard-0"), (FeedPosition{7, 100}));
}

TEST_P(FollowerTest, StopInHandlerEndsCalls) {
  primary_.Enqueue(Stream(8, 500).Snapshot("KEVYSNAP", 9));
  RecordingHandler handler;
  std::unique_ptr<Follower> follower;
  handler.on_line = [&](absl::string_view line) {
    if (line == "frame 8 v8") follower->Stop();
    return absl::OkStatus();
  };
  follower = Create(&handler, Options({7, 8}));
  EXPECT_TRUE(follower->Run().ok());
  // At most the rest of the current batch follows.
  EXPECT_LE(handler.lines().size(), 1 + StreamDecoder::kBatch + 1);
  EXPECT_EQ(handler.lines().back(), "down stopped");
}

TEST_P(FollowerTest, StartsAtStoredPosition) {
  primary_.Enqueue(Stream(20, 21).Stall());
  RecordingHandler handler;
  InMemoryPositionStore store;
  ASSERT_TRUE(store.Store({{"mine", {7, 20}}}).ok());
  FollowerOptions options = Options({7, 8});
  options.store.positions = &store;
  options.store.name = "mine";
  auto follower = Create(&handler, options);
  Runner runner(follower.get());
  handler.Await("frame 20 v20");
  EXPECT_TRUE(runner.Stop().ok());
  EXPECT_EQ(*store.Load("mine"), (FeedPosition{7, 21}));
}

TEST_P(FollowerTest, HandlerErrorLeavesBatchUnapplied) {
  primary_.Enqueue(Stream(8, 10).Stall());
  RecordingHandler handler;
  handler.on_line = [](absl::string_view line) {
    return line == "frame 9 v9" ? absl::DataLossError("disk full")
                                : absl::OkStatus();
  };
  InMemoryPositionStore store;
  FollowerOptions options = Options({7, 8});
  options.store.positions = &store;
  auto follower = Create(&handler, options);
  // Frames of a batch fail together, unless the handler reports its progress.
  const absl::Status status = follower->Run();
  EXPECT_EQ(status, absl::DataLossError("disk full"));
  EXPECT_EQ(handler.lines().back(), "down stopped");
  EXPECT_LE(follower->Stats().applied.next_offset, 9);
  EXPECT_EQ(follower->Run(), status);  // It stays ended.
}

TEST_P(FollowerTest, FailingHandlerReportsAppliedOffset) {
  primary_.Enqueue(Stream(8, 10).Stall());
  RecordingHandler handler;
  std::unique_ptr<Follower> follower;
  handler.on_line = [&](absl::string_view line) {
    if (line != "frame 9 v9") return absl::OkStatus();
    follower->Applied(9);
    return absl::DataLossError("disk full");
  };
  InMemoryPositionStore store;
  FollowerOptions options = Options({7, 8});
  options.store.positions = &store;
  follower = Create(&handler, options);
  EXPECT_EQ(follower->Run(), absl::DataLossError("disk full"));
  EXPECT_EQ(follower->Stats().applied, (FeedPosition{7, 9}));
  EXPECT_EQ(*store.Load("shard-0"), (FeedPosition{7, 9}));
  primary_.WaitFinished(0);
  EXPECT_EQ(primary_.connection(0).acks.back(), 9);
}

TEST(FollowerErrorTest, ErrorOfAnyCallStopsFollower) {
  for (const char* failing : {"reset", "frame 0 v0", "begin", "chunk KEVYSNAP",
                              "end 0:8", "heartbeat 7:8"}) {
    ScriptedPrimary primary;
    primary.Enqueue(
        Stream(0, 1).Snapshot("KEVYSNAP", 8).Heartbeat(7, 8).Stall());
    RecordingHandler handler;
    handler.on_line = [failing](absl::string_view line) {
      return line == failing ? absl::AbortedError(failing) : absl::OkStatus();
    };
    auto follower = CreateOrDie(primary.InMemory(), &handler, Options());
    EXPECT_EQ(follower->Run(), absl::AbortedError(failing));
    EXPECT_THAT(handler.lines(), Contains(failing).Times(1));
    EXPECT_EQ(handler.lines().back(), "down stopped");
  }
}

TEST(FollowerErrorTest, ErrorOfLinkDownStopsFollower) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9).Close());
  RecordingHandler handler;
  handler.on_line = [](absl::string_view line) {
    return line == "down closed" ? absl::AbortedError("full")
                                 : absl::OkStatus();
  };
  auto follower = CreateOrDie(primary.InMemory(), &handler, Options({7, 8}));
  EXPECT_EQ(follower->Run(), absl::AbortedError("full"));
  EXPECT_EQ(handler.lines().back(), "down closed");
  EXPECT_EQ(primary.connections(), 1u);
}

TEST(FollowerErrorTest, ErrorOfLinkDownAfterStopIsThatOfRun) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9).Stall());
  RecordingHandler handler;
  handler.on_line = [](absl::string_view line) {
    return line == "down stopped" ? absl::AbortedError("full")
                                  : absl::OkStatus();
  };
  auto follower = CreateOrDie(primary.InMemory(), &handler, Options({7, 8}));
  Runner runner(follower.get());
  handler.Await("frame 8 v8");
  EXPECT_EQ(runner.Stop(), absl::AbortedError("full"));
}

TEST_P(FollowerTest, OffsetAppliedOnOtherThreadIsAcked) {
  primary_.Enqueue(Stream(8, 20).WaitForAck(12).WaitForAck(20).Stall());
  RecordingHandler handler;
  InMemoryPositionStore store;
  FollowerOptions options = Options({7, 8});
  options.applied_on_return = false;
  options.link.ack_interval = absl::Milliseconds(1);
  options.store.positions = &store;
  auto follower = Create(&handler, options);
  Runner runner(follower.get());
  handler.Await("frame 19 v19");
  EXPECT_EQ(follower->Stats().applied, (FeedPosition{7, 8}));
  EXPECT_THAT(primary_.connection(0).acks, Each(8));
  follower->Applied(12);
  while (primary_.connection(0).acks.empty() ||
         primary_.connection(0).acks.back() < 12) {
    std::this_thread::yield();
  }
  EXPECT_THAT(primary_.connection(0).acks, Each(12));
  follower->Applied(20);
  while (primary_.connection(0).acks.back() < 20) std::this_thread::yield();
  EXPECT_TRUE(runner.Stop().ok());
  EXPECT_EQ(*store.Load("shard-0"), (FeedPosition{7, 20}));
}

TEST_P(FollowerTest, SetPrimaryContinuesAtOtherPrimary) {
  primary_.Enqueue(Stream(8, 10).Stall());
  ScriptedPrimary other;
  other.Enqueue(Stream(10, 12).Stall());
  ASSERT_TRUE(other.Listen("127.0.0.1:0").ok());
  RecordingHandler handler;
  auto follower = Create(&handler, Options({7, 8}));
  EXPECT_TRUE(absl::IsInvalidArgument(follower->SetPrimary("nowhere")));
  Runner runner(follower.get());
  handler.Await("frame 9 v9");
  EXPECT_TRUE(follower->SetPrimary(other.address()).ok());
  handler.Await("frame 11 v11");
  EXPECT_TRUE(runner.Stop().ok());
  EXPECT_THAT(handler.lines(), Contains("down retargeted"));
  EXPECT_EQ(other.connection(0).request->offset, 10);
}

TEST_P(FollowerTest, StoreErrorStopsFollower) {
  class FullStore : public InMemoryPositionStore {
   public:
    absl::Status Store(absl::Span<const NamedPosition>) override {
      return absl::ResourceExhaustedError("no space left");
    }
  };
  primary_.Enqueue(Stream(8, 10).Stall());
  RecordingHandler handler;
  FullStore store;
  FollowerOptions options = Options({7, 8});
  options.store.positions = &store;
  options.store.interval = absl::ZeroDuration();
  auto follower = Create(&handler, options);
  EXPECT_EQ(follower->Run(), absl::ResourceExhaustedError("no space left"));
  EXPECT_EQ(handler.lines().back(), "down stopped");
}

TEST_P(FollowerTest, SnapshotInPlaceStoresLossFirst) {
  primary_.Enqueue(Stream(8, 10).Snapshot("KEVYSNAP", 30).Stall());
  RecordingHandler handler;
  InMemoryPositionStore store;
  std::vector<FeedPosition> seen;
  handler.on_line = [&](absl::string_view line) {
    if (line == "begin") seen.push_back(**store.Load("shard-0"));
    return absl::OkStatus();
  };
  FollowerOptions options = Options({7, 8});
  options.store.positions = &store;
  options.store.interval = absl::ZeroDuration();
  options.snapshots.in_place = true;
  auto follower = Create(&handler, options);
  Runner runner(follower.get());
  handler.Await("end 0:30");
  EXPECT_TRUE(runner.Stop().ok());
  EXPECT_THAT(seen, ElementsAre(FeedPosition{0, 0}));
  EXPECT_EQ(*store.Load("shard-0"), (FeedPosition{0, 30}));
}

TEST(FollowerStopTest, StopEndsBackoff) {
  RecordingHandler handler;
  FollowerOptions options = Options();
  options.retry.initial_backoff = options.retry.max_backoff = absl::Hours(1);
  options.retry.random = [] { return 0.9; };
  auto follower = CreateOrDie(
      []() -> absl::StatusOr<std::unique_ptr<Transport>> {
        return absl::UnavailableError("refused");
      },
      &handler, options);
  Runner runner(follower.get());
  handler.Await("down io");
  EXPECT_TRUE(runner.Stop().ok());
}

TEST(FollowerStopTest, SetPrimaryEndsBackoff) {
  ScriptedPrimary other;
  other.Enqueue(Stream(8, 9).Stall());
  ASSERT_TRUE(other.Listen("127.0.0.1:0").ok());
  RecordingHandler handler;
  FollowerOptions options = Options({7, 8});
  options.retry.initial_backoff = options.retry.max_backoff = absl::Hours(1);
  options.retry.random = [] { return 0.9; };
  auto follower = CreateOrDie(
      []() -> absl::StatusOr<std::unique_ptr<Transport>> {
        return absl::UnavailableError("refused");
      },
      &handler, options);
  Runner runner(follower.get());
  handler.Await("down io");
  ASSERT_TRUE(follower->SetPrimary(other.address()).ok());
  handler.Await("frame 8 v8");
  EXPECT_TRUE(runner.Stop().ok());
}

TEST(FollowerStopTest, StopBeforeRunEndsRun) {
  RecordingHandler handler;
  auto follower = Follower::Create("127.0.0.1:1", &handler, Options());
  ASSERT_TRUE(follower.ok());
  (*follower)->Stop();
  EXPECT_TRUE((*follower)->Run().ok());
  EXPECT_THAT(handler.lines(), IsEmpty());
}

TEST(FollowerStopTest, StopEndsWaitForAnswer) {
  // The system accepts connections, but nobody answers them.
  auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  RecordingHandler handler;
  FollowerOptions options = Options();
  options.link.handshake_timeout = absl::Hours(1);
  auto follower = Follower::Create((*listener)->address(), &handler, options);
  ASSERT_TRUE(follower.ok());
  Runner runner(follower->get());
  auto accepted = (*listener)->Accept(absl::InfiniteDuration());
  ASSERT_TRUE(accepted.ok());
  std::thread closer([&accepted] {
    char bytes[4096];
    absl::StatusOr<size_t> n = 1;
    while (n.ok() && *n > 0) {
      n = (*accepted)->Read(absl::MakeSpan(bytes), absl::InfiniteDuration());
    }
    (*accepted)->Close();
  });
  EXPECT_TRUE(runner.Stop().ok());
  closer.join();
  EXPECT_THAT(handler.lines(), ElementsAre("down stopped"));
}

Follower* stopped_by_signal = nullptr;

TEST(FollowerStopTest, SignalHandlerStopsRun) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9).Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  RecordingHandler handler;
  auto follower =
      Follower::Create(primary.address(), &handler, Options({7, 8}));
  ASSERT_TRUE(follower.ok());
  stopped_by_signal = follower->get();
  struct sigaction action = {};
  struct sigaction saved;
  action.sa_handler = [](int) { stopped_by_signal->Stop(); };
  ASSERT_EQ(sigaction(SIGUSR2, &action, &saved), 0);
  std::thread killer([&] {
    handler.Await("frame 8 v8");
    raise(SIGUSR2);
  });
  EXPECT_TRUE((*follower)->Run().ok());
  killer.join();
  sigaction(SIGUSR2, &saved, nullptr);
  EXPECT_EQ(handler.lines().back(), "down stopped");
}

TEST(FollowerTest, DefaultIdNamesProcess) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(0, 1).Stall());
  RecordingHandler handler;
  FollowerOptions options = Options();
  options.link.replica_id = "";
  auto follower = CreateOrDie(primary.InMemory(), &handler, options);
  Runner runner(follower.get());
  handler.Await("frame 0 v0");
  EXPECT_THAT(primary.connection(0).replica_id,
              AllOf(StartsWith("follower_test#"),
                    HasSubstr(absl::StrCat(":", ::getpid()))));
  EXPECT_TRUE(runner.Stop().ok());
}

// A primary counts every connection that has acknowledged once.
TEST(FollowerTest, ObserverNeverAcknowledges) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 20).Heartbeat(7, 20).Stall());
  RecordingHandler handler;
  FollowerOptions options = Options({7, 8});
  options.acknowledge = false;
  options.link.ack_interval = absl::ZeroDuration();
  auto follower = CreateOrDie(primary.InMemory(), &handler, options);
  Runner runner(follower.get());
  handler.Await("heartbeat 7:20");
  EXPECT_TRUE(runner.Stop().ok());
  primary.Stop();  // It has read all bytes.
  const ScriptedPrimary::Connection connection = primary.connection(0);
  EXPECT_THAT(connection.acks, IsEmpty());
  EXPECT_THAT(connection.received, Not(HasSubstr("REPLCONF")));
}

TEST(FollowerTest, InvalidOptionsAreRejected) {
  RecordingHandler handler;
  const auto code = [&](absl::string_view address, FollowerOptions options) {
    return Follower::Create(address, &handler, std::move(options))
        .status()
        .code();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code("127.0.0.1:1", Options()), absl::StatusCode::kOk);
  EXPECT_EQ(code("nowhere", Options()), kInvalid);
  FollowerOptions options = Options();
  options.link.replica_id = "\xff";
  EXPECT_EQ(code("127.0.0.1:1", options), kInvalid);
  options = Options();
  options.store.name = "two words";
  EXPECT_EQ(code("127.0.0.1:1", options), kInvalid);
  options = Options();
  options.retry.max_backoff = absl::InfiniteDuration();
  EXPECT_EQ(code("127.0.0.1:1", options), kInvalid);
  EXPECT_TRUE(absl::IsInvalidArgument(
      Follower::Create("127.0.0.1:1", nullptr, Options()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Follower::Create(TransportFactory(), &handler, Options()).status()));

  options = Options();
  options.connect.interrupter = std::make_shared<Interrupter>();
  EXPECT_EQ(code("127.0.0.1:1", options), kInvalid);

  for (const SnapshotPolicy policy :
       {SnapshotPolicy::kError, SnapshotPolicy::kSkip}) {
    options = Options();
    options.snapshots.policy = policy;
    EXPECT_EQ(code("127.0.0.1:1", options), kInvalid) << policy;
  }

  class TornStore : public InMemoryPositionStore {
   public:
    absl::StatusOr<std::optional<FeedPosition>> Load(
        absl::string_view) override {
      return absl::DataLossError("torn");
    }
  };
  TornStore torn;
  options = Options();
  options.store.positions = &torn;
  EXPECT_EQ(code("127.0.0.1:1", options), absl::StatusCode::kDataLoss);
}

TEST(FollowerTest, InvalidDurationsAreRejected) {
  RecordingHandler handler;
  using Get = absl::Duration* (*)(FollowerOptions*);
  constexpr Get kPositive[] = {
      [](FollowerOptions* o) { return &o->retry.initial_backoff; },
      [](FollowerOptions* o) { return &o->retry.max_backoff; },
      [](FollowerOptions* o) { return &o->link.handshake_timeout; },
      [](FollowerOptions* o) { return &o->link.heartbeat_timeout; },
      [](FollowerOptions* o) { return &o->link.idle_timeout; },
      [](FollowerOptions* o) { return &o->link.element_timeout; },
      [](FollowerOptions* o) { return &o->link.stall_timeout; },
      [](FollowerOptions* o) { return &o->role_check_interval; },
  };
  constexpr Get kNotNegative[] = {
      [](FollowerOptions* o) { return &o->store.interval; },
      [](FollowerOptions* o) { return &o->link.ack_interval; },
  };
  const auto expect = [&](Get get, absl::Duration value,
                          absl::StatusCode expected) {
    FollowerOptions options = Options();
    *get(&options) = value;
    EXPECT_EQ(Follower::Create("127.0.0.1:1", &handler, std::move(options))
                  .status()
                  .code(),
              expected)
        << value;
  };
  constexpr absl::Duration kLeast = absl::Nanoseconds(1);
  for (const Get get : kPositive) {
    expect(get, -kLeast, absl::StatusCode::kInvalidArgument);
    expect(get, absl::ZeroDuration(), absl::StatusCode::kInvalidArgument);
    expect(get, kLeast, absl::StatusCode::kOk);
  }
  for (const Get get : kNotNegative) {
    expect(get, -kLeast, absl::StatusCode::kInvalidArgument);
    expect(get, absl::ZeroDuration(), absl::StatusCode::kOk);
  }
}

TEST(FollowerTest, CreateFailsWithoutDescriptors) {
  RecordingHandler handler;
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const absl::Status status =
      Follower::Create("127.0.0.1:1", &handler, Options()).status();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST(FollowerTest, InvalidArgumentOfFactoryEndsFollower) {
  RecordingHandler handler;
  auto follower = CreateOrDie(
      []() -> absl::StatusOr<std::unique_ptr<Transport>> { return nullptr; },
      &handler, Options());
  EXPECT_TRUE(absl::IsInvalidArgument(follower->Run()));
}

TEST(FollowerTest, StatsFillPrometheusText) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 10).Heartbeat(7, 10).Stall());
  RecordingHandler handler;
  FollowerOptions options = Options({7, 8});
  options.store.name = "shard-5";
  auto follower = CreateOrDie(primary.InMemory(), &handler, options);
  Runner runner(follower.get());
  handler.Await("heartbeat 7:10");
  EXPECT_TRUE(runner.Stop().ok());
  EXPECT_THAT(
      follower->StatsText(),
      AllOf(HasSubstr("kevy_replica_frames_total{shard=\"shard-5\"} 2\n"),
            HasSubstr("kevy_replica_link_ends_total{shard=\"shard-5\","
                      "cause=\"stopped\"} 1\n"),
            Not(HasSubstr("lag_frames{"))));  // Lag needs a link.
}

TEST(FollowerWaitTest, WaitsUntilCaughtUpAndForToken) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 10).Heartbeat(7, 10).Stall());
  RecordingHandler handler;
  const ReplicationToken token = {{{7, 10}}};
  const auto follower =
      CreateOrDie(primary.InMemory(), &handler, Options({7, 8}));
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(follower->WaitFor(token, absl::InfinitePast())));
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(follower->WaitCaughtUp(absl::InfinitePast())));
  Runner runner(follower.get());
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  const absl::Status waited = follower->WaitFor(token, deadline);
  EXPECT_TRUE(waited.ok()) << waited;
  const absl::Status caught_up = follower->WaitCaughtUp(deadline);
  EXPECT_TRUE(caught_up.ok()) << caught_up;
  EXPECT_EQ(follower->Stats().applied, (FeedPosition{7, 10}));
  EXPECT_TRUE(runner.Stop().ok());
}

// A set of two members, once by events, once by records.
TEST(FollowerTest, DecodedRecordsArriveInBatches) {
  class Batches : public RecordingHandler {
   public:
    absl::Status OnRecords(absl::Span<const PayloadRecord> records) override {
      for (const PayloadRecord& record : records) {
        AppendText(record, &records_.emplace_back());
      }
      return absl::OkStatus();
    }
    std::vector<std::string> records_;
  };
  const std::string payload =
      std::string("KEVYSNAP\x04\4\0\1\0\0\0s\2\0\0\0", 20) +
      std::string("\1\0\0\0a\1\0\0\0b\0", 11);
  Batches batches;
  RecordingHandler events;
  for (RecordingHandler* const handler :
       {static_cast<RecordingHandler*>(&batches), &events}) {
    ScriptedPrimary primary;
    primary.Enqueue(PrimaryScript().Generation(7).Snapshot(payload, 8).Stall());
    FollowerOptions options = Options();
    options.snapshots.policy = SnapshotPolicy::kRecords;
    const auto follower =
        CreateOrDie(primary.InMemory(), handler, std::move(options));
    Runner runner(follower.get());
    handler->Await("end 7:8");
    EXPECT_TRUE(runner.Stop().ok());
  }
  EXPECT_THAT(batches.records_, ElementsAre("set \"s\" count=2 \"a\" \"b\""));
  EXPECT_THAT(batches.lines(), Contains("payload payload_end"));
  EXPECT_THAT(batches.lines(), Not(Contains("payload record_end")));
  EXPECT_THAT(events.lines(), Contains("payload member \"b\""));
  EXPECT_THAT(events.lines(), Contains("payload record_end"));
}

TEST(FollowerErrorTest, SnapshotWithoutItsHandlerFunctionNamesTheOption) {
  class Frames : public FollowerHandler {
   public:
    absl::Status OnFrames(absl::Span<const FrameView> /*frames*/,
                          const FeedPosition& /*position*/) override {
      return absl::OkStatus();
    }
    absl::Status OnReset(const FeedPosition&) override {
      return absl::OkStatus();
    }
    absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
    absl::Status OnSnapshotEnd(const FeedPosition& /*position*/) override {
      return absl::OkStatus();
    }
  };
  for (const SnapshotPolicy policy :
       {SnapshotPolicy::kChunks, SnapshotPolicy::kRecords}) {
    ScriptedPrimary primary;
    primary.Enqueue(
        PrimaryScript().Snapshot(absl::string_view("KEVYSNAP\x04\x00", 10), 0));
    Frames handler;
    FollowerOptions options = Options();
    options.snapshots.policy = policy;
    const absl::Status status =
        CreateOrDie(primary.InMemory(), &handler, std::move(options))->Run();
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(policy == SnapshotPolicy::kRecords
                              ? "override OnPayload(), or set "
                                "snapshots.policy to kChunks"
                              : "or set snapshots.policy to kRecords and "
                                "override OnPayload()"));
  }
}

}  // namespace
}  // namespace kevy_replica
