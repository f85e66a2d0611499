// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// ClusterTarget with a real cluster, behind a MirrorSession.

#include "kevy_replica/tools/mirror/cluster/cluster_target.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/mirror_session.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_cluster.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using Argv = std::vector<std::string>;

constexpr FeedPosition kBehindSnapshot = {7, 5};

class ClusterTargetTest : public ::testing::Test {
 protected:
  explicit ClusterTargetTest(const RedisClusterOptions& cluster = {})
      : cluster_(cluster) {}

  void SetUp() override {
    if (!RedisCluster::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    cluster_.Form();
    options_.now_ms = [this] { return now_ms_; };
    options_.log = [this](const LogEvent& event) {
      log_ += event.message + "\n";
    };
  }

  // A session of the process whose memory is `state_`.
  absl::StatusOr<std::unique_ptr<MirrorSession>> Open() {
    const absl::StatusOr<ClusterAddress> address =
        ParseClusterAddress(cluster_.target());
    EXPECT_TRUE(address.ok()) << address.status();
    ClusterTarget::Where where;
    where.seeds = address->seeds;
    where.connect = RedisNodeConnector(*address, interrupter_);
    where.sleep = [this](absl::Duration timeout) {
      return interrupter_->Sleep(timeout);
    };
    absl::StatusOr<std::unique_ptr<ClusterTarget>> target =
        ClusterTarget::Open(std::move(where), options_, &counters_, &state_);
    if (!target.ok()) return target.status();
    std::unique_ptr<MirrorSession> session = MirrorSession::Create(
        *std::move(target), options_, &counters_, &state_);
    session->applied = [](size_t, uint64_t) {};
    session->failed = [] {};
    session->closed = [] {};
    return session;
  }

  static absl::Status Load(MirrorSession* session, absl::string_view payload) {
    FollowerHandler* const handler = session->handler(0);
    absl::Status status = handler->OnSnapshotBegin();
    if (status.ok()) status = handler->OnSnapshotChunk(payload);
    return status.ok() ? handler->OnSnapshotEnd(kBehindSnapshot) : status;
  }

  static absl::Status Deliver(MirrorSession* session, uint64_t offset,
                              const Argv& argv) {
    std::string wire;
    EXPECT_EQ(AppendFrame(offset, argv, &wire), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    FollowerHandler* const handler = session->handler(0);
    const absl::Status status = handler->OnFrames({&frame, 1}, {7, offset + 1});
    return status.ok() ? handler->OnFlush() : status;
  }

  RedisCluster cluster_;
  const std::shared_ptr<Interrupter> interrupter_ =
      std::make_shared<Interrupter>();
  uint64_t now_ms_ = 1795364156172;
  MirrorOptions options_;
  MirrorCounters counters_;
  MirrorState state_;
  std::string log_;
};

TEST_F(ClusterTargetTest, SnapshotOfAllTypesIsLoaded) {
  PayloadMaker payload(1);
  payload.AddString("v");
  payload.AddString("");
  payload.AddHash(20);
  payload.AddList(20);
  payload.AddSet(20);
  payload.AddSortedSet(20);
  for (int i = 0; i < 5; ++i) payload.AddStream(5, 2);
  const std::string bytes = payload.Finish();

  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ((*session)->position(0), FeedPosition());
  ASSERT_EQ(Load(session->get(), bytes), absl::OkStatus());
  EXPECT_EQ(cluster_.ReadAll(), payload.content());
  ASSERT_EQ(Deliver(session->get(), 5, {"SET", "behind", "1"}),
            absl::OkStatus());
  ASSERT_EQ((*session)->Finish(), absl::OkStatus());
  session->reset();

  state_ = MirrorState();  // Another process.
  session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ((*session)->position(0), (FeedPosition{7, 6}));
  EXPECT_EQ(counters_.untold, 0u) << log_;
}

TEST_F(ClusterTargetTest, SecondSnapshotReplacesFirst) {
  for (const uint32_t seed : {1, 2}) {
    PayloadMaker payload(seed);
    payload.AddString("v");
    payload.AddSet(3);
    const std::string bytes = payload.Finish();
    auto session = Open();
    ASSERT_TRUE(session.ok()) << session.status();
    ASSERT_EQ(Load(session->get(), bytes), absl::OkStatus());
    EXPECT_EQ(cluster_.ReadAll(), payload.content());
  }
}

TEST_F(ClusterTargetTest, UnwantedEndResumesAtLeastMark) {
  PayloadMaker payload(1);
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), payload.Finish()), absl::OkStatus());
  ASSERT_EQ(Deliver(session->get(), 5, {"INCR", "n"}), absl::OkStatus());
  session->reset();  // Without Finish(), as after a kill.

  state_ = MirrorState();
  session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ((*session)->position(0), kBehindSnapshot);
  EXPECT_THAT(log_, HasSubstr("ended without the replies"));
  ASSERT_EQ(Deliver(session->get(), 5, {"INCR", "n"}), absl::OkStatus());
  EXPECT_EQ(cluster_.AskForKey("n", {"GET", "n"}).text, "1");
}

// The fault: frames without a command did not count, so the marks stayed behind
// a stream of them, and a restart asked for all of it again.
TEST_F(ClusterTargetTest, PassedOverFramesRaiseMarks) {
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), PayloadMaker(1).Finish()), absl::OkStatus());
  const std::string key = SlotKey("kevy_mirror", 0);
  ASSERT_EQ(Deliver(session->get(), 5, {"SET", "few"}), absl::OkStatus());
  EXPECT_EQ(cluster_.AskForKey(key, {"HGET", key, "shard-0"}).text, "7:5");
  now_ms_ += absl::ToInt64Milliseconds(ClusterTarget::kRenewalTime);
  ASSERT_EQ(Deliver(session->get(), 6, {"SET", "few"}), absl::OkStatus());
  EXPECT_EQ(cluster_.AskForKey(key, {"HGET", key, "shard-0"}).text, "7:7");
}

TEST_F(ClusterTargetTest, LostMarkIsLostTarget) {
  PayloadMaker payload(1);
  payload.AddString("v");
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), payload.Finish()), absl::OkStatus());
  const std::string key = SlotKey("kevy_mirror", KeySlot("n"));
  (void)cluster_.AskForKey(key, {"DEL", key});

  // The same process, which holds the position.
  const absl::Status stopped = Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(stopped)) << stopped;
  EXPECT_THAT(std::string(stopped.message()),
              HasSubstr("has lost the mirror's record"));
  state_ = MirrorState();
  session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ((*session)->position(0), FeedPosition());
  EXPECT_THAT(log_, HasSubstr("all is loaded again"));
}

TEST_F(ClusterTargetTest, OwnKeysOfPrimaryAreRefused) {
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), PayloadMaker(1).Finish()), absl::OkStatus());
  const absl::Status status =
      Deliver(session->get(), 5, {"SET", "kevy_mirror:{0}x", "1"});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "--position_key"));
}

TEST_F(ClusterTargetTest, RefusedCommandStopsInFrontOfIt) {
  for (size_t node = 0; node < cluster_.size(); ++node) {
    (void)cluster_.server(node).Ask(
        {"ACL", "SETUSER", "default", "-set", "resetkeys", "~kevy*", "~n"});
  }
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), PayloadMaker(1).Finish()), absl::OkStatus());
  ASSERT_EQ(Deliver(session->get(), 5, {"INCR", "n"}), absl::OkStatus());
  const absl::Status status = Deliver(session->get(), 6, {"SET", "n", "7"});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "NOPERM")) << status;
  EXPECT_EQ(cluster_.AskForKey("n", {"INCR", "n"}).integer, 2);
}

TEST_F(ClusterTargetTest, FlushBehindRejectionLeavesTheMarkInFrontOfIt) {
  options_.max_batch = 1;
  for (size_t node = 0; node < cluster_.size(); ++node) {
    (void)cluster_.server(node).Ask({"ACL", "SETUSER", "default", "-set"});
  }
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), PayloadMaker(1).Finish()), absl::OkStatus());
  const std::vector<Argv> commands = {
      {"INCR", "n"}, {"SET", "n", "7"}, {"INCR", "n"}};
  std::vector<std::string> wires(commands.size());
  std::vector<FrameDecoder> decoders(commands.size());
  std::vector<FrameView> frames(commands.size());
  for (size_t i = 0; i < commands.size(); ++i) {
    EXPECT_EQ(AppendFrame(5 + i, commands[i], &wires[i]), WireError::kNone);
    EXPECT_TRUE(decoders[i].Decode(wires[i], &frames[i]).done());
  }
  FollowerHandler* const handler = (*session)->handler(0);
  EXPECT_TRUE(absl::IsFailedPrecondition(handler->OnFrames(frames, {7, 8})));
  EXPECT_TRUE(absl::IsFailedPrecondition(handler->OnFlush()));
  const std::string mark = SlotKey("kevy_mirror", KeySlot("n"));
  EXPECT_EQ(cluster_.AskForKey(mark, {"HGET", mark, "shard-0"}).text, "7:6");
  EXPECT_EQ(cluster_.AskForKey("n", {"GET", "n"}).text, "1");
}

TEST_F(ClusterTargetTest, RefusedReadOfSeveralSlotsStops) {
  for (size_t node = 0; node < cluster_.size(); ++node) {
    (void)cluster_.server(node).Ask({"ACL", "SETUSER", "default", "-exists"});
  }
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), PayloadMaker(1).Finish()), absl::OkStatus());
  ASSERT_EQ(Deliver(session->get(), 5, {"SET", "x", "old"}), absl::OkStatus());
  ASSERT_EQ(Deliver(session->get(), 6, {"SET", "y", "new"}), absl::OkStatus());
  const absl::Status status =
      Deliver(session->get(), 7, {"RENAMENX", "y", "x"});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(cluster_.AskForKey("x", {"GET", "x"}).text, "old");
  EXPECT_EQ(cluster_.AskForKey("y", {"GET", "y"}).text, "new");
}

TEST_F(ClusterTargetTest, WritesOfAnotherClientEndALoad) {
  options_.replace = true;
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop) {
      (void)cluster_.AskForKey("w", {"SET", "w", "1"});
      (void)cluster_.AskForKey("x", {"SET", "x", "1"});
    }
  });
  const absl::Status status = Load(session->get(), PayloadMaker(1).Finish());
  stop = true;
  writer.join();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("another client writes to it"));
}

class FailbackTest : public ClusterTargetTest {
 protected:
  FailbackTest() : ClusterTargetTest(WithReplicas()) {}

  static RedisClusterOptions WithReplicas() {
    RedisClusterOptions options;
    options.has_replicas = true;
    return options;
  }
};

// A node keeps its clients' links when it becomes a replica, and when it is a
// master again.
TEST_F(FailbackTest, LostWriteIsNoticedOverALinkThatStood) {
  auto session = Open();
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_EQ(Load(session->get(), PayloadMaker(1).Finish()), absl::OkStatus());
  ASSERT_EQ(Deliver(session->get(), 5, {"INCR", "n"}), absl::OkStatus());
  const uint16_t slot = KeySlot("n");
  const size_t first = cluster_.MasterOf(slot);
  for (size_t i = 0; i < cluster_.size(); ++i) {
    if (cluster_.MasterOf(slot) != first) break;
    if (!cluster_.IsMaster(i)) cluster_.Promote(i);
  }
  cluster_.AwaitWhole();
  ASSERT_NE(cluster_.MasterOf(slot), first);
  // As if the promoted replica had not had the last write.
  const std::string mark = SlotKey("kevy_mirror", slot);
  (void)cluster_.AskForKey("n", {"DEL", "n"});
  (void)cluster_.AskForKey(mark, {"HSET", mark, "shard-0", "7:5"});
  cluster_.Promote(first);
  cluster_.AwaitWhole();
  ASSERT_EQ(cluster_.AskForKey(mark, {"HGET", mark, "shard-0"}).text, "7:5");
  now_ms_ += 5000;
  const absl::Status status = Deliver(session->get(), 6, {"INCR", "n"});
  EXPECT_TRUE(absl::IsAborted(status)) << status;
}

}  // namespace
}  // namespace kevy_replica
