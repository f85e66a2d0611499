// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Followers and fleets of kevy:// URLs, over sockets.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/locate_primary.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using client_testing::RecordingHandler;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::string_view kHost = "127.0.0.1:";

uint16_t PortOf(absl::string_view address) {
  uint32_t port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  return static_cast<uint16_t>(port);
}

// A node with a client port and a listener a shard. It streams until it is
// left.
class TestNode {
 public:
  explicit TestNode(size_t shards = 1) {
    // The listeners' ports must be consecutive.
    for (int tries = 0; primaries_.size() < shards; ++tries) {
      if (tries == 100) {
        ADD_FAILURE() << "no consecutive free ports";
        return;
      }
      primaries_.clear();
      primaries_.emplace_back();
      EXPECT_TRUE(primaries_[0].Listen("127.0.0.1:0").ok());
      const uint16_t base = PortOf(primaries_[0].address());
      while (primaries_.size() < shards) {
        primaries_.emplace_back();
        const size_t port = base + primaries_.size() - 1;
        if (!primaries_.back().Listen(absl::StrCat(kHost, port)).ok()) {
          primaries_.pop_back();
          break;
        }
      }
    }
    node_.repl_port_base = PortOf(primaries_[0].address());
    node_.shards.assign(shards, {7, 0});
    port_.SetNode(node_);
    EXPECT_TRUE(port_.Listen("127.0.0.1:0").ok());
  }

  std::string address() const { return port_.address(); }
  ScriptedClientPort& port() { return port_; }
  ScriptedPrimary& shard(size_t i) { return primaries_[i]; }
  // Changes the node as its client port shows it.
  void Change(const std::function<void(ScriptedNode*)>& change) {
    change(&node_);
    port_.SetNode(node_);
  }
  void SetRole(ScriptedNode::Role role) {
    Change([role](ScriptedNode* node) { node->role = role; });
  }
  void Demote() { SetRole(ScriptedNode::Role::kReplica); }
  void Promote() { SetRole(ScriptedNode::Role::kPrimary); }
  void Die() {
    port_.TakeDown();
    for (ScriptedPrimary& primary : primaries_) primary.Stop();
  }

 private:
  ScriptedNode node_;
  ScriptedClientPort port_;
  std::deque<ScriptedPrimary> primaries_;
};

PrimaryScript Snapshot(uint64_t generation, absl::string_view payload) {
  PrimaryScript script;
  script.Speak(Protocol::kV2)
      .Generation(generation)
      .Snapshot(payload, 1)
      .Heartbeat(generation, 1)
      .Stall();
  return script;
}

FollowerOptions Options() {
  FollowerOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  options.retry.random = [] { return 0.1; };
  options.role_check_interval = absl::Milliseconds(60);
  return options;
}

std::string Url(const std::vector<TestNode*>& nodes) {
  std::string url;
  for (const TestNode* node : nodes) {
    absl::StrAppend(&url, url.empty() ? "kevy://" : ",", node->address());
  }
  return url;
}

// A fleet on a thread of its own.
class Running {
 public:
  Running(absl::string_view url, const std::vector<FollowerHandler*>& handlers,
          FollowerOptions options = Options()) {
    auto fleet =
        Fleet::Create({std::string(url)}, handlers, std::move(options));
    EXPECT_TRUE(fleet.ok()) << fleet.status();
    fleet_ = *std::move(fleet);
    thread_ = std::thread([this] { status_ = fleet_->Run(); });
  }
  ~Running() {
    if (thread_.joinable()) Stop().IgnoreError();
  }
  Fleet& fleet() { return *fleet_; }
  absl::Status Stop() {
    fleet_->Stop();
    return Join();
  }
  absl::Status Join() {
    thread_.join();
    return status_;
  }

 private:
  std::unique_ptr<Fleet> fleet_;
  std::thread thread_;
  absl::Status status_;
};

TEST(LocatedFleetTest, FollowsAllShardsOfPrimary) {
  TestNode replica, primary(2);
  replica.Demote();
  primary.shard(0).SetDefault(Snapshot(7, "zero"));
  primary.shard(1).SetDefault(Snapshot(8, "one"));
  RecordingHandler zero, one;
  Running running(Url({&replica, &primary}), {&zero, &one});
  zero.Await("heartbeat 7:1");
  one.Await("heartbeat 8:1");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_THAT(
      zero.lines(),
      ElementsAre("primary " + primary.address(), "up 0:0", "begin",
                  "chunk zero", "end 7:1", "heartbeat 7:1", "down stopped"));
  EXPECT_THAT(one.lines(), AllOf(Contains("primary " + primary.address()),
                                 Contains("chunk one")));
  EXPECT_EQ(replica.shard(0).connections(), 0);
}

TEST(LocatedFleetTest, LeavesDemotedPrimary) {
  TestNode a, b;
  b.Demote();
  a.shard(0).SetDefault(Snapshot(7, "a"));
  b.shard(0).SetDefault(Snapshot(9, "b"));
  RecordingHandler handler;
  Running running(Url({&a, &b}), {&handler});
  handler.Await("heartbeat 7:1");
  a.Demote();
  b.Promote();
  handler.Await("heartbeat 9:1");
  EXPECT_EQ(running.fleet().Stats(0).ended_by(LinkEnd::kNotPrimary), 1);
  EXPECT_TRUE(running.Stop().ok());
  // The held data stays: the new primary is asked to go on from it.
  EXPECT_THAT(handler.lines(),
              AllOf(Contains("down not_primary"), Contains("up 7:1"),
                    Contains("primary " + b.address()), Contains("chunk b")));
  EXPECT_EQ(b.shard(0).connection(0).request->generation, 7);
}

TEST(LocatedFleetTest, LeavesDeadPrimary) {
  TestNode a, b;
  b.Demote();
  a.shard(0).SetDefault(Snapshot(7, "a"));
  b.shard(0).SetDefault(Snapshot(9, "b"));
  RecordingHandler handler;
  Running running(Url({&a, &b}), {&handler});
  handler.Await("heartbeat 7:1");
  a.Die();
  handler.Await("no primary");
  EXPECT_EQ(b.shard(0).connections(), 0);
  b.Promote();
  handler.Await("heartbeat 9:1");
  EXPECT_TRUE(running.Stop().ok());
}

TEST(LocatedFleetTest, BusyShardIsDemoted) {
  TestNode a, b;
  b.Demote();
  PrimaryScript endless;
  endless.Generation(7).FramesTo(uint64_t{1} << 40, [](uint64_t) {
    return std::vector<std::string>{"SET", "k", std::string(1000, 'v')};
  });
  a.shard(0).SetDefault(endless);
  b.shard(0).SetDefault(Snapshot(9, "b"));
  class Busy : public RecordingHandler {
   public:
    absl::Status OnFrames(absl::Span<const FrameView> /*frames*/,
                          const FeedPosition& /*position*/) override {
      if (!demoted.exchange(true)) on_first();
      return absl::OkStatus();
    }
    std::function<void()> on_first;
    std::atomic<bool> demoted{false};
  } handler;
  handler.on_first = [&] {
    a.Demote();
    b.Promote();
  };
  Running running(Url({&a, &b}), {&handler});
  handler.Await("heartbeat 9:1");
  EXPECT_THAT(handler.lines(), Contains("down not_primary"));
  EXPECT_TRUE(running.Stop().ok());
}

TEST(LocatedFleetTest, OtherNumberOfShardsEndsFleet) {
  TestNode node(2);
  RecordingHandler handler;
  Running running("kevy://" + node.address(), {&handler});
  const absl::Status status = running.Join();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("has 2 shards, but 1 are followed"));
  EXPECT_EQ(node.shard(0).connections(), 0);
}

TEST(LocatedFleetTest, StopEndsSearch) {
  TestNode node;
  node.Demote();
  RecordingHandler handler;
  Running running(Url({&node}), {&handler});
  handler.Await("no primary");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_THAT(handler.lines(), ElementsAre("no primary"));
}

TEST(LocatedFleetTest, RefusedLinkIsTriedAgain) {
  TestNode node;
  node.shard(0).Enqueue(PrimaryScript().Refuse());
  node.shard(0).SetDefault(Snapshot(7, "x"));
  FollowerOptions options = Options();
  options.retry.max_backoff = absl::Milliseconds(100);
  RecordingHandler handler;
  Running running(Url({&node}), {&handler}, options);
  handler.Await("heartbeat 7:1");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_THAT(handler.lines(), Contains("down handshake_rejected"));
  // The primary is the same: it is told once.
  EXPECT_THAT(handler.lines(), Contains("primary " + node.address()).Times(1));
}

TEST(LocatedFleetTest, SetPrimaryTakesBothKinds) {
  TestNode a, b;
  a.shard(0).SetDefault(Snapshot(7, "a"));
  b.shard(0).SetDefault(Snapshot(9, "b"));
  ScriptedPrimary plain;
  ASSERT_TRUE(plain.Listen("127.0.0.1:0").ok());
  plain.SetDefault(Snapshot(11, "plain"));
  RecordingHandler handler;
  Running running(Url({&a}), {&handler});
  handler.Await("heartbeat 7:1");
  ASSERT_TRUE(running.fleet().SetPrimary({plain.address()}).ok());
  handler.Await("heartbeat 11:1");
  ASSERT_TRUE(running.fleet().SetPrimary({Url({&b})}).ok());
  handler.Await("heartbeat 9:1");
  const size_t commands = a.port().commands().size();
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(a.port().commands().size(), commands);
  EXPECT_THAT(handler.lines(), Contains("down retargeted").Times(2));
}

TEST(LocatedFleetTest, StartsNowWithoutSnapshot) {
  TestNode node(2);
  node.Change([](ScriptedNode* shown) { shown->shards = {{77, 5}, {78, 0}}; });
  node.shard(0).Enqueue(
      PrimaryScript().Generation(77).Frame(5, {"SET", "k", "live"}).Stall());
  node.shard(1).Enqueue(
      PrimaryScript().Generation(78).Frame(3, {"SET", "k", "old"}).Stall());
  InMemoryPositionStore store;
  ASSERT_TRUE(store.Store({{"shard-1", {78, 3}}}).ok());
  FollowerOptions options = Options();
  options.start_at = StartAt::kNow;
  options.store.positions = &store;
  RecordingHandler zero, one;
  Running running(Url({&node}), {&zero, &one}, options);
  zero.Await("frame 5 live");
  one.Await("frame 3 old");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_THAT(zero.lines(), ElementsAre("primary " + node.address(), "up 77:5",
                                        "frame 5 live", "down stopped"));
  EXPECT_THAT(one.lines(), Contains("up 78:3"));
  EXPECT_EQ(node.shard(0).connection(0).request->generation, 77);
  EXPECT_EQ(*store.Load("shard-0"), (FeedPosition{77, 6}));
  // Only for the shard that has no position.
  for (const std::vector<std::string>& command : node.port().commands()) {
    EXPECT_TRUE(command[0] != "FEED.TAIL" || command[1] == "0");
  }
}

TEST(LocatedFleetTest, NewTailForEachAttempt) {
  TestNode node;
  node.Change([](ScriptedNode* shown) { shown->shards = {{77, 5}}; });
  node.shard(0).Enqueue(PrimaryScript().Refuse());
  node.shard(0).Enqueue(
      PrimaryScript().Generation(77).Frame(9, {"SET", "k", "live"}).Stall());
  class Moves : public RecordingHandler {
   public:
    absl::Status OnLinkDown(const LinkDown& link) override {
      if (on_down) std::exchange(on_down, nullptr)();
      return RecordingHandler::OnLinkDown(link);
    }
    std::function<void()> on_down;
  } handler;
  handler.on_down = [&] {
    node.Change([](ScriptedNode* shown) { shown->shards = {{77, 9}}; });
  };
  FollowerOptions options = Options();
  options.start_at = StartAt::kNow;
  options.retry.max_backoff = absl::Milliseconds(100);
  Running running(Url({&node}), {&handler}, options);
  handler.Await("frame 9 live");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_THAT(handler.lines(), Contains("up 77:9"));
}

TEST(LocatedFleetTest, StartNowNeedsFeed) {
  TestNode node;
  node.Change([](ScriptedNode* shown) { shown->version = "2.0.20"; });
  FollowerOptions options = Options();
  options.start_at = StartAt::kNow;
  RecordingHandler handler;
  Running running(Url({&node}), {&handler}, options);
  const absl::Status status = running.Join();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("kevy 2.3 and later"));
}

TEST(LocatedFleetTest, StartNowKeepsToUrls) {
  RecordingHandler handler;
  FollowerOptions options = Options();
  options.start_at = StartAt::kNow;
  auto follower = Follower::Create("kevy://127.0.0.1:1", &handler, options);
  ASSERT_TRUE(follower.ok()) << follower.status();
  EXPECT_TRUE(absl::IsFailedPrecondition((*follower)->SetPrimary("[::1]:1")));
  EXPECT_TRUE((*follower)->SetPrimary("kevy://127.0.0.1:2").ok());
}

TEST(LocatedFleetTest, ChecksOptions) {
  RecordingHandler handler;
  FollowerOptions now = Options();
  now.start_at = StartAt::kNow;
  const auto error = [&](absl::string_view address,
                         const FollowerOptions& options) {
    const absl::Status status =
        Follower::Create(address, &handler, options).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error("127.0.0.1:1", now), HasSubstr("give a kevy:// URL"));
  EXPECT_THAT(error("kevy://127.0.0.1", Options()),
              HasSubstr("the port is missing"));
  now.from = {7, 8};
  EXPECT_THAT(error("kevy://127.0.0.1:1", now), HasSubstr("`from`"));
  FollowerOptions never = Options();
  never.role_check_interval = absl::ZeroDuration();
  EXPECT_THAT(error("kevy://127.0.0.1:1", never),
              HasSubstr("role_check_interval"));

  const absl::Status mixed =
      Fleet::Create({"kevy://h:1", "h:2"}, {&handler, &handler}, Options())
          .status();
  EXPECT_THAT(std::string(mixed.message()), HasSubstr("give it alone"));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Fleet::Create({"kevy://h:1"}, {}, Options()).status()));
  EXPECT_EQ(
      (*Fleet::Create({"kevy://h:1"}, {&handler, &handler}, Options()))->size(),
      2);
}

TEST(LocatedFleetTest, FollowerTakesUrl) {
  TestNode node;
  node.shard(0).SetDefault(Snapshot(7, "x"));
  RecordingHandler handler;
  auto follower = Follower::Create(Url({&node}), &handler, Options());
  ASSERT_TRUE(follower.ok()) << follower.status();
  std::thread runner([&] { EXPECT_TRUE((*follower)->Run().ok()); });
  handler.Await("heartbeat 7:1");
  (*follower)->Stop();
  runner.join();
}

TEST(LocatePrimaryTest, TellsShards) {
  TestNode replica, primary(3);
  replica.Demote();
  const absl::StatusOr<Primary> found =
      LocatePrimary(Url({&replica, &primary}));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->node, primary.address());
  EXPECT_THAT(found->shards, ElementsAre(primary.shard(0).address(),
                                         primary.shard(1).address(),
                                         primary.shard(2).address()));
}

TEST(LocatePrimaryTest, TellsWhyNoneWasFound) {
  TestNode replica, dead;
  replica.Demote();
  const std::string url = Url({&replica, &dead});
  dead.Die();
  LocatePrimaryOptions options;
  options.timeout = absl::Milliseconds(300);
  const absl::Status status = LocatePrimary(url, options).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(replica.address() + " is a replica of"),
                    HasSubstr(dead.address() + " "), HasSubstr("refused")));
}

TEST(LocatePrimaryTest, ReturnsErrors) {
  EXPECT_TRUE(absl::IsInvalidArgument(LocatePrimary("h:1").status()));
  TestNode node;
  node.Change([](ScriptedNode* shown) { shown->version = "2.0.20"; });
  LocatePrimaryOptions options;
  EXPECT_TRUE(absl::IsFailedPrecondition(LocatePrimary(Url({&node})).status()));
  options.locator.shards = 1;
  EXPECT_TRUE(LocatePrimary(Url({&node}), options).ok());

  node.Demote();
  options.connect.interrupter = std::make_shared<Interrupter>();
  options.timeout = absl::Hours(1);
  std::thread interrupts([&] { options.connect.interrupter->Interrupt(); });
  EXPECT_TRUE(absl::IsCancelled(LocatePrimary(Url({&node}), options).status()));
  interrupts.join();
}

}  // namespace
}  // namespace kevy_replica
