// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Faults that follower_simulation_test found, each in its shortest form.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/client/testing/shard_runner.h"
#include "kevy_replica/client/testing/test_access.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;

std::string FrameAt(uint64_t offset) {
  std::string wire;
  EXPECT_EQ(AppendFrame(offset, {"INCR", "k"}, &wire), WireError::kNone);
  return wire;
}

FollowerSessionOptions OptionsFrom(FeedPosition from) {
  FollowerSessionOptions options;
  options.link.replica_id = "r1";
  options.from = from;
  options.retry.random = [] { return 0.5; };
  options.store_interval = absl::ZeroDuration();
  return options;
}

// A FollowerSession. The test plays its primary.
class Link {
 public:
  explicit Link(FollowerSessionOptions options)
      : session(std::move(options), now) {}

  // Waits, connects, and returns the request: protocol and position, "1 7:8".
  std::string Connect() {
    now = std::max(now, std::min(session.PollTimeout(), now + absl::Hours(1)));
    EXPECT_NE(session.PollLink(now), 0u);
    session.HandleConnected(now);
    std::string sent;
    EXPECT_TRUE(session.PollTransmit(now, &sent));
    HandshakeRequest request;
    ArgvStorage storage;
    EXPECT_TRUE(
        DecodeHandshakeRequest(sent, Limits(), &storage, &request).done());
    return absl::StrCat(static_cast<int>(request.protocol), " ",
                        request.generation, ":", request.offset);
  }
  // Connects in protocol 1.
  void ConnectV1() {
    if (Connect()[0] == '1') return;
    Eof();
    EXPECT_EQ(Connect()[0], '1');
  }

  void Receive(absl::string_view bytes) {
    const absl::Span<char> room = session.PrepareRead(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    session.HandleRead(bytes.size(), now);
    Poll();
  }
  void Eof() {
    session.HandleEof();
    Poll();
  }

  const absl::Time start = absl::UnixEpoch();
  absl::Time now = start;
  FollowerSession session;
  std::vector<FeedPosition> stored;
  std::optional<LinkEnd> end;  // Of the last link.
  bool reset = false;
  bool applied_on_return = true;

 private:
  void Poll() {
    while (const FollowerEvent* event = session.PollEvent(now)) {
      if (const auto position = session.PollStore(now)) {
        stored.push_back(*position);
        session.HandleStored(*position, now);
      }
      if (std::holds_alternative<HistoryReset>(*event)) reset = true;
      if (const auto* down = std::get_if<LinkDown>(event)) end = down->end;
      const auto* frames = std::get_if<absl::Span<const FrameView>>(event);
      if (frames != nullptr && applied_on_return) {
        session.HandleApplied(frames->back().offset() + 1);
      }
      EXPECT_EQ(client_testing::TestAccess::CheckInvariants(session),
                absl::OkStatus());
    }
  }
};

// The fault: the position became {7, 0} with the frames behind the reset,
// before the handler had applied it. A follower that resumed there kept the old
// data.
TEST(FollowerRegressionTest, UnappliedResetHasUnknownGeneration) {
  Link link(OptionsFrom({0, 0}));
  link.applied_on_return = false;
  link.ConnectV1();
  link.Receive("+ACK 0\r\n+PING 7 0\r\n" + FrameAt(0));
  EXPECT_TRUE(link.reset);
  EXPECT_EQ(link.session.applied(), (FeedPosition{0, 0}));
  EXPECT_TRUE(link.stored.empty());
  link.session.HandleApplied(1);
  EXPECT_EQ(link.session.applied(), (FeedPosition{7, 1}));
}

// The fault: a link of protocol 1 from {7, 8} delivered a frame and ended
// before its first heartbeat. The follower stored {7, 9} and claimed it towards
// a primary of protocol 2, although the frame may belong to another history.
TEST(FollowerRegressionTest, UnconfirmedFramesClaimNoGeneration) {
  Link link(OptionsFrom({7, 8}));
  link.ConnectV1();
  link.Receive("+ACK 8\r\n" + FrameAt(8));
  EXPECT_EQ(link.session.applied(), (FeedPosition{0, 9}));
  link.Eof();
  EXPECT_EQ(link.Connect(), "1 0:9");
  link.Eof();  // A primary of protocol 2 has taken over.
  EXPECT_EQ(link.Connect(), "2 0:9");
  link.Receive("+ACK 7 9\r\n");
  EXPECT_EQ(link.session.applied(), (FeedPosition{0, 9}));
}

// This link ended without frames, so the held data still has the generation we
// asked for.
TEST(FollowerRegressionTest, LinkWithoutFramesKeepsGeneration) {
  Link link(OptionsFrom({7, 8}));
  link.ConnectV1();
  link.Receive("+ACK 8\r\n");
  link.Eof();
  EXPECT_EQ(link.Connect(), "1 0:8");
  link.Eof();
  EXPECT_EQ(link.Connect(), "2 7:8");
}

// Later links of protocol 1 compare the assumed generation with their first
// heartbeat.
TEST(FollowerRegressionTest, LaterHeartbeatDetectsForeignHistory) {
  for (const uint64_t generation : {7, 9}) {
    Link link(OptionsFrom({7, 8}));
    link.ConnectV1();
    link.Receive("+ACK 8\r\n" + FrameAt(8));
    link.Eof();
    link.ConnectV1();
    link.Receive("+ACK 9\r\n");
    link.end.reset();
    link.Receive(absl::StrCat("+PING ", generation, " 9\r\n"));
    if (generation == 7) {
      EXPECT_EQ(link.end, std::nullopt);
      EXPECT_EQ(link.session.applied(), (FeedPosition{7, 9}));
    } else {
      EXPECT_EQ(link.end, LinkEnd::kForeignHistory);
      EXPECT_EQ(link.session.applied(), (FeedPosition{0, 0}));
    }
  }
}

// A snapshot replaces the data whose generation was assumed.
TEST(FollowerRegressionTest, SnapshotDropsAssumedGeneration) {
  Link link(OptionsFrom({7, 8}));
  link.ConnectV1();
  link.Receive("+ACK 8\r\n" + FrameAt(8));
  link.Eof();
  link.ConnectV1();
  link.Receive("+ACK 9\r\n+SNAPSHOT\r\n$1\r\nx\r\n+SNAPSHOT_END 20\r\n");
  link.session.HandleApplied(20);
  link.end.reset();
  link.Receive("+PING 9 20\r\n");
  EXPECT_EQ(link.end, std::nullopt);
  EXPECT_EQ(link.session.applied(), (FeedPosition{9, 20}));
}

// After heartbeat_timeout without a heartbeat the assumed generation is given
// up.
TEST(FollowerRegressionTest, MissingHeartbeatsDropAssumedGeneration) {
  Link link(OptionsFrom({7, 8}));
  link.ConnectV1();
  link.Receive("+ACK 8\r\n" + FrameAt(8));
  link.now += absl::Seconds(4);
  link.Receive(FrameAt(9));
  EXPECT_TRUE(link.stored.empty());
  link.now += absl::Seconds(1);
  link.Receive(FrameAt(10));
  EXPECT_EQ(link.stored, std::vector<FeedPosition>({{0, 10}}));
}

absl::Status StoreNowhere(const FeedPosition&) { return absl::OkStatus(); }

class NullHandler : public FollowerHandler {
 public:
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
};

// The fault: with `ack_interval` 0, the wait for Applied() was a busy loop.
TEST(FollowerRegressionTest, WaitForAppliedPauses) {
  absl::Time now = absl::UnixEpoch();
  auto [replica_end, primary_end] = InMemoryTransport::CreatePair();
  ASSERT_TRUE(
      primary_end->Write("+ACK 7 8\r\n" + FrameAt(8), absl::ZeroDuration())
          .ok());
  NullHandler handler;
  client_internal::ShardOptions options;
  options.session = OptionsFrom({7, 8});
  options.session.link.ack_interval = absl::ZeroDuration();
  options.factory =
      [&end = replica_end]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    return std::unique_ptr<Transport>(std::move(end));
  };
  options.handler = &handler;
  options.applied_on_return = false;
  options.read_bytes = 4096;
  options.now = options.rough_now = [&now] { return now; };
  client_testing::ShardRunner driver(std::move(options), StoreNowhere,
                                     absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) driver.Step();
  EXPECT_FALSE(driver.ready());
  EXPECT_TRUE(driver.session().awaits_applied());
  EXPECT_GT(driver.deadline(), now);
}

// The fault: a link of protocol 1 from {7, 0} ignored the generation of its
// heartbeat, because it took offset 0 for a fresh start.
TEST(FollowerRegressionTest, HeartbeatConfirmsGenerationAtOffset0) {
  Link link(OptionsFrom({7, 0}));
  link.ConnectV1();
  link.Receive("+ACK 0\r\n+PING 7 0\r\n");
  EXPECT_EQ(link.session.applied(), (FeedPosition{7, 0}));
}

// The fault: {0, 8} stayed stored although its generation was told. After a
// later crash it passed for an offset of the snapshot's history.
TEST(FollowerRegressionTest, SnapshotEndStoresToldGeneration) {
  FollowerSessionOptions options = OptionsFrom({0, 8});
  options.store_interval = absl::InfiniteDuration();
  Link link(std::move(options));
  link.ConnectV1();
  link.Receive("+ACK 8\r\n+PING 7 8\r\n");
  EXPECT_TRUE(link.stored.empty());
  link.Receive("+SNAPSHOT\r\n$1\r\nx\r\n+SNAPSHOT_END 20\r\n");
  EXPECT_EQ(link.stored, std::vector<FeedPosition>({{7, 8}}));
}

// A shard. The test plays its primary.
class Driven {
 public:
  Driven() {
    options.session = OptionsFrom({7, 8});
    options.session.link.protocol = ProtocolChoice::kV2;
    options.session.retry.random = [] { return 0.0; };
    options.handler = &handler;
    options.read_bytes = 4096;
    options.now = options.rough_now = [] { return absl::UnixEpoch(); };
    options.factory = [this]() -> absl::StatusOr<std::unique_ptr<Transport>> {
      auto [replica_end, primary_end] = InMemoryTransport::CreatePair();
      primary = std::move(primary_end);
      EXPECT_TRUE(primary->Write("+ACK 7 8\r\n", absl::ZeroDuration()).ok());
      return std::unique_ptr<Transport>(std::move(replica_end));
    };
    handler.notes_flush = true;
  }

  void Start() {
    driver = std::make_unique<client_testing::ShardRunner>(
        options, StoreNowhere, absl::ZeroDuration());
    Steps();
  }
  void Receive(absl::string_view bytes) {
    EXPECT_TRUE(primary->Write(bytes, absl::ZeroDuration()).ok());
    Steps();
  }
  void Steps() {
    do driver->Step();
    while (driver->ready());
  }

  client_testing::RecordingHandler handler;
  client_internal::ShardOptions options;
  std::unique_ptr<InMemoryTransport> primary;
  std::unique_ptr<client_testing::ShardRunner> driver;
};

// The fault: the shard delivered its end only when the next bytes came.
TEST(FollowerRegressionTest, FailedFlushBeforeWaitEndsShardAtOnce) {
  Driven driven;
  driven.handler.on_line = [](absl::string_view line) {
    return line == "flush" ? absl::AbortedError("why") : absl::OkStatus();
  };
  driven.Start();
  driven.Receive(FrameAt(8));
  EXPECT_TRUE(driven.driver->session().done());
  EXPECT_EQ(driven.driver->status(), absl::AbortedError("why"));
}

// The fault: a step interrupted before OnLinkDown() began the next link first,
// and reported the last link's end after it.
TEST(FollowerRegressionTest, LinkDownPrecedesNextLinkUp) {
  Driven driven;
  std::atomic<bool> wanted{false};
  driven.options.interrupted = &wanted;
  driven.handler.on_line = [&wanted](absl::string_view line) {
    wanted = line == "void";
    return absl::OkStatus();
  };
  driven.Start();
  EXPECT_TRUE(
      driven.primary->Write("+SNAPSHOT\r\n", absl::ZeroDuration()).ok());
  driven.primary->Close();
  driven.Steps();
  driven.Steps();
  EXPECT_THAT(driven.handler.lines(), ElementsAre("up 7:8", "begin", "void",
                                                  "down truncated", "up 7:8"));
}

// The fault: OnFlush() came too late for its offsets to count, so the frames
// that it applied were delivered again.
TEST(FollowerRegressionTest, OffsetsAppliedInFlushCountBeforeSnapshot) {
  Driven driven;
  driven.options.applied_on_return = false;
  driven.handler.on_line = [&driven](absl::string_view line) {
    if (line == "flush") driven.driver->shard().Applied(9);
    return absl::OkStatus();
  };
  driven.Start();
  driven.Receive(FrameAt(8) + "+SNAPSHOT\r\n");
  EXPECT_THAT(driven.handler.lines(),
              ElementsAre("up 7:8", "frame 8 k", "flush", "begin"));
  EXPECT_EQ(driven.driver->session().applied(), (FeedPosition{7, 9}));
}

TEST(FollowerRegressionTest, OffsetsAppliedInFlushCountBeforeLinkEnd) {
  Driven driven;
  driven.options.applied_on_return = false;
  driven.handler.on_line = [&driven](absl::string_view line) {
    if (line == "flush") driven.driver->shard().Applied(21);
    return absl::OkStatus();
  };
  driven.Start();
  EXPECT_TRUE(
      driven.primary
          ->Write("+SNAPSHOT\r\n$1\r\nx\r\n+SNAPSHOT_END 20\r\n" + FrameAt(20),
                  absl::ZeroDuration())
          .ok());
  driven.primary->Close();
  driven.Steps();
  EXPECT_THAT(driven.handler.lines(),
              ElementsAre("up 7:8", "begin", "chunk x", "end 0:20",
                          "frame 20 k", "flush", "down closed", "up 0:21"));
}

}  // namespace
}  // namespace kevy_replica
