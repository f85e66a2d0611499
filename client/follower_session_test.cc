// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_session.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/testing/test_access.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string FrameAt(uint64_t offset) {
  std::string wire;
  EXPECT_EQ(AppendFrame(offset, {"SET", "k", "v"}, &wire), WireError::kNone);
  return wire;
}

std::string FramesFrom(uint64_t begin, uint64_t end) {
  std::string wire;
  for (uint64_t offset = begin; offset < end; ++offset) {
    wire += FrameAt(offset);
  }
  return wire;
}

std::string SnapshotTo(uint64_t next_offset, absl::string_view inside = "") {
  return absl::StrCat("+SNAPSHOT\r\n", inside,
                      "$8\r\nKEVYSNAP\r\n+SNAPSHOT_END ", next_offset, "\r\n");
}

// Turns an event into a line of text.
struct Texter {
  std::string operator()(absl::Span<const FrameView> frames) const {
    return absl::StrCat("frames ", frames.front().offset(), "-",
                        frames.back().offset());
  }
  std::string operator()(const Heartbeat& heartbeat) const {
    return absl::StrCat("heartbeat ", heartbeat.generation, ":",
                        heartbeat.next_offset);
  }
  std::string operator()(const HistoryReset&) const { return "reset"; }
  std::string operator()(const SnapshotBegin&) const { return "begin"; }
  std::string operator()(const SnapshotChunk& chunk) const {
    return absl::StrCat("chunk ", chunk.bytes.size());
  }
  std::string operator()(const SnapshotEnd& end) const {
    return absl::StrCat("end ", end.next_offset);
  }
  std::string operator()(const SnapshotVoid&) const { return "void"; }
  std::string operator()(const LinkUp& up) const {
    return absl::StrCat("up ", ToString(up.from));
  }
  std::string operator()(const LinkDown& down) const {
    return absl::StrCat("down ", LinkEndName(down.end), " ", down.attempt, " ",
                        absl::FormatDuration(down.retry_in));
  }
};

FollowerSessionOptions Options(FeedPosition from = {},
                               ProtocolChoice protocol = ProtocolChoice::kV2) {
  FollowerSessionOptions options;
  options.link.replica_id = "r1";
  options.link.fresh_generation = 99;
  options.from = from;
  options.link.protocol = protocol;
  options.retry.random = [] { return 0.5; };
  return options;
}

// A follower whose network and clock the test controls.
class Follow {
 public:
  explicit Follow(FollowerSessionOptions options, bool applied_on_return = true)
      : applied_on_return(applied_on_return),
        session(std::move(options), now) {}

  // Makes the connection that the session asks for. Returns the request:
  // "2 7:8" for protocol 2 from {7, 8}; "" without a request.
  std::string Connect() {
    const uint64_t wanted = session.PollLink(now);
    if (wanted == 0 || wanted == link) return "";
    link = wanted;
    session.HandleConnected(now);
    const std::string sent = Sent();
    HandshakeRequest request;
    ArgvStorage storage;
    EXPECT_TRUE(
        DecodeHandshakeRequest(sent, Limits(), &storage, &request).done())
        << sent;
    return absl::StrCat(static_cast<int>(request.protocol), " ",
                        request.generation, ":", request.offset);
  }
  // The same, after the session's wait.
  std::string ConnectAfterWait() {
    if (session.PollTimeout() != absl::InfiniteFuture()) {
      now = std::max(now, session.PollTimeout());
    }
    return Connect();
  }

  std::string Sent() {
    std::string out;
    session.PollTransmit(now, &out);
    return out;
  }

  std::vector<std::string> Receive(absl::string_view bytes) {
    const absl::Span<char> room = session.PrepareRead(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    session.HandleRead(bytes.size(), now);
    return Poll();
  }
  std::vector<std::string> Eof() {
    session.HandleEof();
    return Poll();
  }

  std::vector<std::string> Poll() {
    std::vector<std::string> events;
    while (const FollowerEvent* event = session.PollEvent(now)) {
      if (const auto stored = session.PollStore(now)) {
        stores.push_back(*stored);
        events.push_back(absl::StrCat("(store ", ToString(*stored), ")"));
        session.HandleStored(*stored, now);
      }
      events.push_back(std::visit(Texter(), *event));
      EXPECT_EQ(client_testing::TestAccess::CheckInvariants(session),
                absl::OkStatus());
      if (!applied_on_return) continue;
      if (const auto* frames =
              std::get_if<absl::Span<const FrameView>>(event)) {
        session.HandleApplied(frames->back().offset() + 1);
      } else if (const auto* end = std::get_if<SnapshotEnd>(event)) {
        session.HandleApplied(end->next_offset);
      }
      EXPECT_EQ(client_testing::TestAccess::CheckInvariants(session),
                absl::OkStatus());
    }
    EXPECT_EQ(client_testing::TestAccess::CheckInvariants(session),
              absl::OkStatus());
    return events;
  }

  const bool applied_on_return;
  absl::Time now = absl::UnixEpoch();
  FollowerSession session;
  uint64_t link = 0;
  std::vector<FeedPosition> stores;
};

TEST(FollowerSessionTest, FirstLinkStartsAtGivenPosition) {
  Follow follow(Options({7, 8}));
  EXPECT_FALSE(follow.session.done());
  EXPECT_EQ(follow.Connect(), "2 7:8");
  EXPECT_EQ(follow.Connect(), "");  // The first connection stands.
  EXPECT_THAT(follow.Receive("+ACK 7 8\r\n"), ElementsAre("up 7:8"));
  EXPECT_THAT(follow.Receive(FramesFrom(8, 11)), ElementsAre("frames 8-10"));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 11}));
  EXPECT_EQ(follow.session.received(), (FeedPosition{7, 11}));
}

TEST(FollowerSessionTest, StartPositionCountsBeforeTheFirstAnswerAlone) {
  Follow follow(Options({7, 8}));
  follow.session.HandleStart({7, 20});
  EXPECT_NE(follow.session.PollLink(follow.now), 0);
  follow.session.HandleStart({7, 30});  // Connecting.
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 20}));
  follow.session.HandleConnectFailed(absl::UnavailableError("refused"));
  follow.Poll();
  follow.session.HandleStart({7, 40});  // No primary has answered yet.
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:40");
  follow.Receive("+ACK 7 40\r\n");
  follow.session.HandleStart({7, 50});  // Linked.
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 40}));
  follow.Eof();
  follow.session.HandleStart({7, 60});  // A primary has answered.
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:40");
}

TEST(FollowerSessionTest, NextLinkStartsAtAppliedOffset) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FramesFrom(8, 20));
  follow.session.HandleApplied(12);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 12}));
  EXPECT_EQ(follow.session.received(), (FeedPosition{7, 20}));
  EXPECT_TRUE(follow.session.awaits_applied());
  EXPECT_THAT(follow.Eof(), ElementsAre("down closed 1 50ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:12");
  EXPECT_THAT(follow.Receive("+ACK 7 12\r\n" + FramesFrom(12, 14)),
              ElementsAre("up 7:12", "frames 12-13"));
}

TEST(FollowerSessionTest, OffsetsAppliedAfterLinkEndCount) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FramesFrom(8, 20));
  follow.Eof();
  follow.session.HandleApplied(10);  // Before the next link.
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:10");
  follow.session.HandleApplied(15);  // During it.
  follow.session.HandleApplied(21);  // Not delivered.
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 15}));
  EXPECT_THAT(follow.Receive("+ACK 7 10\r\n" + FramesFrom(10, 13)),
              ElementsAre("up 7:10"));
  EXPECT_THAT(follow.Receive(FramesFrom(13, 17)), ElementsAre("frames 15-16"));
  // The offset applied during this link is acknowledged.
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 15\r\n");
}

TEST(FollowerSessionTest, AcksAppliedOffsetAfterHeartbeat) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FramesFrom(8, 20));
  EXPECT_EQ(follow.Sent(), "");
  follow.session.HandleApplied(9);
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 9\r\n");
  follow.session.HandleApplied(12);
  EXPECT_EQ(follow.Sent(), "");  // Not before `ack_interval`.
  follow.Receive("+PING 7 20\r\n");
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 12\r\n");
}

TEST(FollowerSessionTest, HeartbeatAcksEarlierAppliedOffset) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n");
  EXPECT_EQ(follow.Sent(), "");  // A snapshot might follow.
  follow.Receive("+PING 7 8\r\n");
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 8\r\n");
}

TEST(FollowerSessionTest, ObserverSendsNoAck) {
  FollowerSessionOptions options = Options({7, 8});
  options.acknowledge = false;
  Follow follow(options);
  follow.Connect();
  EXPECT_THAT(follow.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+PING 7 9\r\n"),
              ElementsAre("up 7:8", "frames 8-8", "heartbeat 7:9"));
  EXPECT_EQ(follow.Sent(), "");
  follow.Receive(SnapshotTo(20) + "+PING 7 20\r\n");
  EXPECT_EQ(follow.Sent(), "");
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 20}));
  follow.session.HandleStop(absl::OkStatus());
  EXPECT_EQ(follow.Sent(), "");
  EXPECT_THAT(follow.Poll(), ElementsAre("(store 7:20)", "down stopped 1 inf"));
}

TEST(FollowerSessionTest, BacksOffExponentiallyWithJitter) {
  FollowerSessionOptions options = Options({7, 8});
  options.retry.initial_backoff = absl::Milliseconds(100);
  options.retry.max_backoff = absl::Seconds(1);
  double random = 0.5;
  options.retry.random = [&random] { return random; };
  Follow follow(options);
  std::vector<std::string> downs;
  for (int i = 0; i < 6; ++i) {
    EXPECT_NE(follow.session.PollLink(follow.now), 0);
    follow.session.HandleConnectFailed(absl::UnavailableError("refused"));
    for (std::string& down : follow.Poll()) downs.push_back(std::move(down));
    EXPECT_EQ(follow.session.PollLink(follow.now), 0);
    follow.now = follow.session.PollTimeout();
  }
  EXPECT_THAT(downs, ElementsAre("down io 1 50ms", "down io 2 100ms",
                                 "down io 3 200ms", "down io 4 400ms",
                                 "down io 5 500ms", "down io 6 500ms"));
  random = 0;
  EXPECT_NE(follow.session.PollLink(follow.now), 0);
  follow.session.HandleConnectFailed(absl::UnavailableError("refused"));
  EXPECT_THAT(follow.Poll(), ElementsAre("down io 7 0"));
}

TEST(FollowerSessionTest, DeliveryThatOutlivesTheLastWaitResetsBackoff) {
  for (const char* delivery :
       {"+PING 7 8\r\n", "+SNAPSHOT\r\n+SNAPSHOT_END 9\r\n", "frame"}) {
    for (const int lived : {1600, 1601}) {
      Follow follow(Options({7, 8}));
      for (int i = 0; i < 6; ++i) {  // The last wait is 1.6 s.
        follow.session.PollLink(follow.now);
        follow.session.HandleConnectFailed(absl::UnavailableError("refused"));
        follow.Poll();
        follow.now = follow.session.PollTimeout();
      }
      follow.Connect();
      follow.Receive("+ACK 7 8\r\n");
      follow.Receive(delivery[0] == 'f' ? FrameAt(8) : delivery);
      follow.now += absl::Milliseconds(lived);
      EXPECT_EQ(follow.Eof().back(),
                lived == 1600 ? "down closed 7 3.2s" : "down closed 1 50ms")
          << delivery;
    }
  }
}

// A link of the test below: it delivers a heartbeat, lives longer than any
// wait, and ends by `bytes`. Returns its end.
std::string LongLink(Follow* follow, absl::string_view answer,
                     absl::string_view bytes) {
  EXPECT_NE(follow->ConnectAfterWait(), "");
  follow->Receive(answer);
  follow->now += absl::Seconds(31);
  return follow->Receive(bytes).back();
}

TEST(FollowerSessionTest, ErrorAtOnePositionGrowsBackoff) {
  Follow follow(Options({7, 8}));
  EXPECT_EQ(LongLink(&follow, "+ACK 7 8\r\n+PING 7 8\r\n", "?"),
            "down frame 1 50ms");
  EXPECT_EQ(LongLink(&follow, "+ACK 7 8\r\n+PING 7 8\r\n", "?"),
            "down frame 2 100ms");
  EXPECT_EQ(LongLink(&follow, "+ACK 7 8\r\n+PING 7 8\r\n", "?"),
            "down frame 3 200ms");
  EXPECT_EQ(LongLink(&follow, "+ACK 7 8\r\n+PING 7 9\r\n", FrameAt(8) + "?"),
            "down frame 1 50ms");
  // A minute clears the memory.
  follow.ConnectAfterWait();
  follow.Receive("+ACK 7 9\r\n+PING 7 9\r\n");
  follow.now += absl::Minutes(1);
  EXPECT_EQ(follow.Receive("?").back(), "down frame 1 50ms");
}

TEST(FollowerSessionTest, ResyncAfterResyncGrowsBackoff) {
  FollowerSessionOptions options = Options();
  options.retry.max_backoff = absl::Seconds(20);
  Follow follow(options);
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(LongLink(&follow, "+ACK 7 0\r\n" + SnapshotTo(10 * i),
                       FrameAt(10 * i + 1)),
              absl::StrCat("down offset_gap ", i, " ", 50 << (i - 1), "ms"));
  }
}

// The links are short: each gap comes right behind its snapshot.
TEST(FollowerSessionTest, SnapshotsInVainAreAskedForOncePerMaxBackoff) {
  FollowerSessionOptions options = Options({7, 8});
  options.retry.max_backoff = absl::Seconds(20);
  Follow follow(options);
  std::vector<absl::Duration> asked;
  for (int i = 0; i < 6; ++i) {
    follow.ConnectAfterWait();
    asked.push_back(follow.now - absl::UnixEpoch());
    follow.Receive("+ACK 9 8\r\n" + SnapshotTo(20) + FrameAt(22));
  }
  EXPECT_THAT(
      asked, ElementsAre(absl::ZeroDuration(), absl::Milliseconds(50),
                         absl::Milliseconds(20050), absl::Milliseconds(40050),
                         absl::Milliseconds(60050), absl::Milliseconds(80050)));
  // Another primary is asked at once.
  follow.session.HandleRetarget();
  EXPECT_EQ(follow.Connect(), "2 99:0");
}

TEST(FollowerSessionTest, BrokenSnapshotsAreAskedForOncePerMaxBackoff) {
  FollowerSessionOptions options = Options({7, 8});
  options.retry.max_backoff = absl::Seconds(20);
  Follow follow(options);
  std::vector<std::string> ends;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(follow.ConnectAfterWait(), "2 7:8");
    follow.Receive("+ACK 9 8\r\n+SNAPSHOT\r\n$1\r\nx\r\n");
    ends.push_back(follow.Eof().back());
  }
  EXPECT_THAT(ends,
              ElementsAre("down truncated 1 50ms", "down truncated 2 20s",
                          "down truncated 3 20s", "down truncated 4 20s"));
}

// Nobody asked for a snapshot in mid-stream.
TEST(FollowerSessionTest, BrokenMidStreamSnapshotIsAskedForSoon) {
  Follow follow(Options());
  follow.Connect();
  follow.Receive("+ACK 7 0\r\n" + SnapshotTo(8));
  follow.Eof();
  follow.ConnectAfterWait();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+SNAPSHOT\r\n");
  EXPECT_THAT(follow.Eof(), ElementsAre("void", "down truncated 2 100ms"));
}

// The next attempt would meet the same bytes.
TEST(FollowerSessionTest, PassedLimitWaitsMaxBackoff) {
  FollowerSessionOptions options = Options({7, 8});
  options.link.limits.max_arguments = 2;
  Follow follow(options);
  follow.Connect();
  EXPECT_EQ(follow.Receive("+ACK 7 8\r\n" + FrameAt(8)).back(),
            "down frame 1 30s");
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:8");
}

// ---- Stalls.

// A link that stalls behind `bytes`. Returns its end.
std::string Stall(Follow* follow, absl::string_view bytes) {
  follow->Receive(bytes);
  follow->now += absl::Seconds(10);
  follow->session.HandleTimeout(follow->now);
  const std::vector<std::string> events = follow->Poll();
  return absl::StrJoin(events, ", ");
}

FollowerSessionOptions StallOptions(
    FeedPosition from, ProtocolChoice protocol = ProtocolChoice::kV2) {
  FollowerSessionOptions options = Options(from, protocol);
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  return options;
}

TEST(FollowerSessionTest, SecondStallAtOnePositionIsAFreshStart) {
  Follow follow(StallOptions({7, 8}));
  follow.Connect();
  EXPECT_EQ(Stall(&follow, "+ACK 7 8\r\n" + FrameAt(8) + "+PING 7 11\r\n"),
            "(store 7:9), down stalled 1 50ms");
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 9}));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:9");
  // It moved on: a first stall at another position.
  EXPECT_EQ(Stall(&follow, "+ACK 7 9\r\n" + FrameAt(9) + "+PING 7 11\r\n"),
            "(store 7:10), down stalled 1 50ms");
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:10");
  EXPECT_EQ(Stall(&follow, "+ACK 7 10\r\n+PING 7 11\r\n"),
            "(store 0:0), down stalled 2 100ms");
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 0}));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
  follow.Receive("+ACK 7 0\r\n" + SnapshotTo(11));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 11}));
  EXPECT_EQ(follow.session.stats().ended_by(LinkEnd::kStalled), 3u);
}

TEST(FollowerSessionTest, SecondStallOfProtocol1IsAFreshStart) {
  Follow follow(StallOptions({7, 8}, ProtocolChoice::kV1));
  follow.Connect();
  EXPECT_EQ(Stall(&follow, "+ACK 8\r\n+PING 7 11\r\n"), "down stalled 1 50ms");
  EXPECT_EQ(follow.ConnectAfterWait(), "1 0:8");
  EXPECT_EQ(Stall(&follow, "+ACK 8\r\n+PING 7 11\r\n"),
            "(store 0:0), down stalled 2 100ms");
  EXPECT_EQ(follow.ConnectAfterWait(), "1 0:0");
}

// The held data is not at fault, and the next link brings another snapshot.
TEST(FollowerSessionTest, StalledSnapshotsKeepHeldData) {
  Follow follow(StallOptions({7, 8}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(follow.ConnectAfterWait(), "2 7:8");
    EXPECT_THAT(Stall(&follow, "+ACK 9 8\r\n+SNAPSHOT\r\n+PING 9 20\r\n"),
                StartsWith("void, down stalled "));
    EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 8}));
  }
}

TEST(FollowerSessionTest, SecondStallLosesDataInPlaceAsWell) {
  FollowerSessionOptions options = StallOptions({7, 8});
  options.snapshots.in_place = true;
  Follow follow(options);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(follow.ConnectAfterWait(), "2 7:8");
    Stall(&follow, "+ACK 7 8\r\n+PING 7 11\r\n");
  }
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
}

// ---- Histories of one generation: kevy before 5.1 counts them from 1.

TEST(FollowerSessionTest, ShorterHistoryOfHeldGenerationIsAFreshStart) {
  for (const ProtocolChoice protocol :
       {ProtocolChoice::kV1, ProtocolChoice::kV2}) {
    Follow follow(Options({1, 50}, protocol));
    follow.Connect();
    follow.Receive(protocol == ProtocolChoice::kV1 ? "+ACK 50\r\n"
                                                   : "+ACK 1 50\r\n");
    EXPECT_THAT(follow.Receive("+PING 1 3\r\n"),
                ElementsAre("(store 0:0)", "down foreign_history 1 50ms"));
    EXPECT_EQ(follow.ConnectAfterWait(),
              protocol == ProtocolChoice::kV1 ? "1 0:0" : "2 99:0");
  }
}

// The link asked for 10; up to 15 was applied after that.
TEST(FollowerSessionTest, HistoryBelowLateAppliedOffsetIsForeign) {
  Follow follow(Options({1, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 1 8\r\n" + FramesFrom(8, 20));
  follow.Eof();
  follow.session.HandleApplied(10);
  EXPECT_EQ(follow.ConnectAfterWait(), "2 1:10");
  follow.session.HandleApplied(15);
  follow.Receive("+ACK 1 10\r\n+PING 1 15\r\n");
  EXPECT_EQ(follow.session.applied(), (FeedPosition{1, 15}));
  EXPECT_THAT(follow.Receive("+PING 1 14\r\n"),
              ElementsAre("(store 0:0)", "down foreign_history 2 100ms"));
}

TEST(FollowerSessionTest, AnswerAndHalfSnapshotKeepBackoff) {
  Follow follow(Options({7, 8}));
  for (const char* answer :
       {"+ACK 7 8\r\n", "+ACK 7 8\r\n+SNAPSHOT\r\n+PING 7 9\r\n$1\r\nx\r\n"}) {
    follow.ConnectAfterWait();
    follow.Receive(answer);
    follow.Eof();
  }
  EXPECT_NE(follow.ConnectAfterWait(), "");
  follow.Receive("+ACK 7 8\r\n");
  EXPECT_THAT(follow.Eof(), ElementsAre("down closed 3 200ms"));
}

TEST(FollowerSessionTest, RefusalBacksOffAtOnce) {
  Follow follow(Options({7, 8}, ProtocolChoice::kAuto));
  EXPECT_EQ(follow.Connect(), "2 7:8");
  EXPECT_THAT(follow.Eof(), IsEmpty());
  EXPECT_EQ(follow.Connect(), "1 0:8");  // At once, on another connection.
  EXPECT_THAT(follow.Eof(), ElementsAre("down handshake_rejected 1 15s"));
  EXPECT_EQ(follow.session.stats().connects, 2);
}

TEST(FollowerSessionTest, ResetBeforeTheAnswerTriesTheOtherProtocol) {
  Follow follow(Options({7, 8}, ProtocolChoice::kAuto));
  const absl::Status reset = absl::UnavailableError("Connection reset");
  EXPECT_EQ(follow.Connect(), "2 7:8");
  follow.session.HandleFailure(reset);
  EXPECT_THAT(follow.Poll(), IsEmpty());
  EXPECT_EQ(follow.Connect(), "1 0:8");
  follow.session.HandleFailure(reset);
  EXPECT_THAT(follow.Poll(), ElementsAre("down handshake_rejected 1 15s"));
}

TEST(FollowerSessionTest, NothingToSendLeavesTheBufferUnchanged) {
  Follow follow(Options({7, 8}));
  std::string out = "unchanged";
  EXPECT_FALSE(follow.session.PollTransmit(follow.now, &out));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n");
  EXPECT_FALSE(follow.session.PollTransmit(follow.now, &out));
  EXPECT_EQ(out, "unchanged");
}

TEST(FollowerSessionTest, WorkingProtocolIsTriedFirst) {
  Follow follow(Options({0, 8}, ProtocolChoice::kAuto));
  follow.Connect();
  follow.Eof();
  EXPECT_EQ(follow.Connect(), "1 0:8");
  follow.Receive("+ACK 8\r\n" + FrameAt(8));
  follow.Eof();
  EXPECT_EQ(follow.ConnectAfterWait(), "1 0:9");
  // The protocol that worked is refused now: the primary was replaced. The
  // first refusal waits only as long as a reconnect; then the other protocol is
  // tried.
  EXPECT_THAT(follow.Eof(), ElementsAre("down handshake_rejected 2 100ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 0:9");
}

// The next snapshot would have the same payload, and may be large.
TEST(FollowerSessionTest, MalformedPayloadBacksOff) {
  Follow follow(Options({0, 0}, ProtocolChoice::kAuto));
  follow.Connect();
  follow.Eof();
  EXPECT_EQ(follow.Connect(), "1 0:0");
  for (int i = 0; i < 3; ++i) {
    follow.Receive("+ACK 0\r\n+SNAPSHOT\r\n$1\r\nx\r\n");
    follow.session.HandleFailure(ReplicaWireError(
        ReplicaErrorKind::kPayload, WireError::kBadMagic, "no payload"));
    EXPECT_THAT(follow.Poll().back(),
                absl::StrCat("down payload ", i + 1, i == 0 ? " 15s" : " 30s"));
    // A malformed payload keeps the protocol.
    EXPECT_EQ(follow.ConnectAfterWait(), "1 0:0");
  }
}

TEST(FollowerSessionTest, GapCausesFreshStart) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8));
  // The history of the held data is unknown now: {0, 0} is stored at once.
  EXPECT_THAT(follow.Receive(FrameAt(10)),
              ElementsAre("(store 0:0)", "down offset_gap 1 50ms"));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 0}));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
  // A broken snapshot leaves the fresh start due.
  follow.Receive("+ACK 7 0\r\n+SNAPSHOT\r\n");
  EXPECT_THAT(follow.Eof(), ElementsAre("void", "down truncated 2 100ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
  EXPECT_THAT(follow.Receive("+ACK 7 0\r\n" + SnapshotTo(30)),
              ElementsAre("up 0:0", "begin", "chunk 8", "end 30"));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 30}));
}

TEST(FollowerSessionTest, HistoryFromFirstWriteDeliversReset) {
  // Protocol 1 answers a fresh start from its backlog, if that is complete.
  Follow follow(Options({0, 8}, ProtocolChoice::kV1));
  follow.Connect();
  follow.Receive("+ACK 8\r\n");
  EXPECT_THAT(follow.Receive(FrameAt(9)),
              ElementsAre("(store 0:0)", "down offset_gap 1 50ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "1 0:0");
  EXPECT_THAT(follow.Receive("+ACK 0\r\n" + FramesFrom(0, 3)),
              ElementsAre("up 0:0", "reset", "frames 0-2"));
  EXPECT_THAT(follow.Receive(FramesFrom(3, 5)), ElementsAre("frames 3-4"));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 5}));
}

TEST(FollowerSessionTest, FreshReplicaReceivesReset) {
  Follow follow(Options({}, ProtocolChoice::kV1));
  follow.Connect();
  EXPECT_THAT(follow.Receive("+ACK 0\r\n" + FrameAt(0)),
              ElementsAre("up 0:0", "reset", "frames 0-0"));
}

TEST(FollowerSessionTest, ResumeAtHistoryStartSkipsReset) {
  Follow follow(Options({7, 0}));
  follow.Connect();
  EXPECT_THAT(follow.Receive("+ACK 7 0\r\n" + FrameAt(0)),
              ElementsAre("up 7:0", "frames 0-0"));
}

TEST(FollowerSessionTest, BrokenSnapshotKeepsPosition) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  EXPECT_THAT(follow.Receive("+ACK 7 8\r\n+SNAPSHOT\r\n$8\r\nKEVYSNAP\r\n"),
              ElementsAre("up 7:8", "begin", "chunk 8"));
  EXPECT_TRUE(follow.session.stats().in_snapshot);
  EXPECT_THAT(follow.Eof(), ElementsAre("void", "down truncated 1 50ms"));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 8}));
  EXPECT_EQ(follow.session.stats().snapshots, 0);
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:8");
}

TEST(FollowerSessionTest, SnapshotInPlaceLosesPositionFirst) {
  FollowerSessionOptions options = Options({7, 8});
  options.snapshots.in_place = true;
  Follow follow(options);
  follow.Connect();
  EXPECT_THAT(follow.Receive("+ACK 7 8\r\n+SNAPSHOT\r\n"),
              ElementsAre("up 7:8", "(store 0:0)", "begin"));
  EXPECT_THAT(follow.Eof(), ElementsAre("void", "down truncated 1 50ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
  follow.Receive("+ACK 7 0\r\n" + SnapshotTo(30));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 30}));
}

TEST(FollowerSessionTest, MidStreamSnapshotHasUnknownGeneration) {
  FollowerSessionOptions options = Options({7, 8});
  options.store_interval = absl::ZeroDuration();
  Follow follow(options);
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8) + SnapshotTo(0));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 0}));
  follow.Receive(FramesFrom(0, 2));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 2}));
  follow.Poll();
  EXPECT_EQ(follow.session.PollStore(follow.now), (FeedPosition{0, 2}));
  // The next heartbeat tells the generation, which saves a second snapshot.
  follow.Receive("+PING 9 2\r\n");
  EXPECT_EQ(follow.session.applied(), (FeedPosition{9, 2}));
  follow.Eof();
  EXPECT_EQ(follow.ConnectAfterWait(), "2 9:2");
}

TEST(FollowerSessionTest, UnknownGenerationAcceptsOnlySnapshot) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8) + SnapshotTo(5) + FrameAt(5));
  follow.Eof();
  EXPECT_EQ(follow.ConnectAfterWait(), "2 0:6");
  // A primary that continues without a snapshot has a foreign history.
  EXPECT_THAT(
      follow.Receive("+ACK 9 6\r\n" + FrameAt(6)),
      ElementsAre("up 0:6", "(store 0:0)", "down foreign_history 2 100ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
}

TEST(FollowerSessionTest, ForeignHeartbeatEndsLinkAndKeepsPosition) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8));
  EXPECT_THAT(follow.Receive("+PING 9 3\r\n"),
              ElementsAre("down generation_changed 1 50ms"));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 9}));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:9");
}

TEST(FollowerSessionTest, AssumedGenerationOutlastsLinksWithoutHeartbeat) {
  Follow follow(Options({7, 8}, ProtocolChoice::kV1));
  follow.Connect();
  follow.Receive("+ACK 8\r\n" + FrameAt(8));
  // The generation is unconfirmed, so it must not be stored.
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 9}));
  follow.Eof();
  follow.ConnectAfterWait();
  follow.Receive("+ACK 9\r\n" + FrameAt(9));
  // The frames belonged to another history.
  EXPECT_THAT(follow.Receive("+PING 6 10\r\n"),
              ElementsAre("(store 0:0)", "down foreign_history 2 100ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "1 0:0");
}

TEST(FollowerSessionTest, HeartbeatConfirmsAssumedGeneration) {
  Follow follow(Options({7, 8}, ProtocolChoice::kV1));
  follow.Connect();
  follow.Receive("+ACK 8\r\n" + FrameAt(8) + "+PING 7 9\r\n");
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 9}));
}

TEST(FollowerSessionTest, SnapshotCountsOnceApplied) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FramesFrom(8, 12));
  follow.session.HandleApplied(10);
  follow.Receive(SnapshotTo(3) + FramesFrom(3, 6));
  // Late offsets of the replaced data do not count.
  follow.session.HandleApplied(11);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 10}));
  EXPECT_EQ(follow.session.stats().lag, std::nullopt);
  follow.session.HandleApplied(2);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 10}));
  EXPECT_TRUE(follow.session.awaits_applied());
  follow.session.HandleApplied(3);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 3}));
  follow.session.HandleApplied(5);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 5}));
}

TEST(FollowerSessionTest, LinkEndVoidsUnappliedSnapshot) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 9 8\r\n" + SnapshotTo(30) + FrameAt(30));
  // The held data may be the old or the new: the next link is a fresh start.
  EXPECT_THAT(follow.Eof(),
              ElementsAre("(store 0:0)", "void", "down closed 1 50ms"));
  follow.session.HandleApplied(30);  // Too late to count.
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 0}));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
}

TEST(FollowerSessionTest, StopUnderUnappliedSnapshotKeepsPosition) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 9 8\r\n" + SnapshotTo(30));
  follow.session.HandleStop(absl::OkStatus());
  EXPECT_THAT(follow.Poll(), ElementsAre("void", "down stopped 1 inf"));
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 8}));
}

// The first offset is applied after the end of the link that told.
TEST(FollowerSessionTest, ToldGenerationOutlastsLink) {
  Follow follow(Options({0, 0}, ProtocolChoice::kV1),
                /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 0\r\n" + FramesFrom(0, 10) + "+PING 7 10\r\n");
  follow.Eof();
  follow.session.HandleApplied(10);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 10}));
  EXPECT_EQ(follow.ConnectAfterWait(), "1 0:10");
  // A foreign history is detected.
  EXPECT_THAT(follow.Receive("+ACK 10\r\n+PING 9 10\r\n").back(),
              "down foreign_history 2 100ms");
}

TEST(FollowerSessionTest, ArrivingSnapshotIgnoresApplied) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FramesFrom(8, 12) + "+SNAPSHOT\r\n");
  follow.session.HandleApplied(10);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 8}));
  EXPECT_FALSE(follow.session.awaits_applied());
}

TEST(FollowerSessionTest, StoresOncePerInterval) {
  FollowerSessionOptions options = Options({7, 8});
  options.store_interval = absl::Seconds(1);
  Follow follow(options);
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8));
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 9\r\n");
  EXPECT_TRUE(follow.session.store_pending());
  EXPECT_EQ(follow.session.PollStore(follow.now), std::nullopt);
  EXPECT_EQ(follow.session.PollTimeout(), absl::UnixEpoch() + absl::Seconds(1));
  follow.now += absl::Seconds(1);
  EXPECT_EQ(follow.session.PollStore(follow.now), (FeedPosition{7, 9}));
  follow.session.HandleStored({7, 9}, follow.now);
  EXPECT_FALSE(follow.session.store_pending());
  EXPECT_EQ(follow.session.PollStore(follow.now + absl::Hours(1)),
            std::nullopt);
}

TEST(FollowerSessionTest, TimeoutsEndDeadLinks) {
  FollowerSessionOptions options = Options({7, 8});
  Follow follow(options);
  EXPECT_EQ(options.link.heartbeat_timeout, absl::Seconds(5));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n");
  // An embedded writer may be silent.
  EXPECT_EQ(follow.session.PollTimeout(), absl::InfiniteFuture());
  follow.Receive("+PING 7 8\r\n");
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 8\r\n");
  follow.now = follow.session.PollTimeout();
  EXPECT_EQ(follow.now, absl::UnixEpoch() + absl::Seconds(5));
  follow.session.HandleTimeout(follow.now);
  EXPECT_THAT(follow.Poll(), ElementsAre("down timeout 1 50ms"));
  // The primary does not answer:
  follow.ConnectAfterWait();
  follow.now = follow.session.PollTimeout();
  follow.session.HandleTimeout(follow.now);
  EXPECT_THAT(follow.Poll(), ElementsAre("down timeout 2 100ms"));
}

TEST(FollowerSessionTest, StopAcksAndStoresAppliedOffset) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8));
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 9\r\n");
  follow.Receive(FramesFrom(9, 12));
  EXPECT_EQ(follow.Sent(), "");
  follow.session.HandleStop(absl::OkStatus());
  EXPECT_FALSE(follow.session.done());
  EXPECT_EQ(follow.Sent(), "REPLCONF ACK 12\r\n");
  EXPECT_THAT(follow.Poll(), ElementsAre("(store 7:12)", "down stopped 1 inf"));
  EXPECT_TRUE(follow.session.done());
  EXPECT_TRUE(follow.session.status().ok());
  EXPECT_EQ(follow.session.PollLink(follow.now), 0);
  EXPECT_EQ(follow.session.PollTimeout(), absl::InfiniteFuture());
}

TEST(FollowerSessionTest, StopInsideSnapshotSendsNoAck) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+SNAPSHOT\r\n");
  follow.session.HandleStop(absl::OkStatus());
  EXPECT_EQ(follow.Sent(), "");
  EXPECT_THAT(follow.Poll(),
              ElementsAre("(store 7:9)", "void", "down stopped 1 inf"));
}

TEST(FollowerSessionTest, StopBeforeForeignSnapshotSendsNoAck) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 9 8\r\n");
  follow.session.HandleStop(absl::OkStatus());
  EXPECT_EQ(follow.Sent(), "");
}

TEST(FollowerSessionTest, StopWithoutLinkEndsFollower) {
  Follow before(Options());
  before.session.HandleStop(absl::AbortedError("why"));
  EXPECT_THAT(before.Poll(), IsEmpty());
  EXPECT_TRUE(before.session.done());
  EXPECT_EQ(before.session.status(), absl::AbortedError("why"));
  EXPECT_EQ(before.session.PollLink(before.now), 0);

  Follow connecting(Options());
  EXPECT_NE(connecting.session.PollLink(connecting.now), 0);
  connecting.session.HandleStop(absl::OkStatus());
  connecting.session.HandleConnected(connecting.now);  // Too late.
  EXPECT_EQ(connecting.Sent(), "");
  EXPECT_THAT(connecting.Poll(), ElementsAre("down stopped 1 inf"));
  EXPECT_TRUE(connecting.session.done());
}

TEST(FollowerSessionTest, RetargetConnectsAtOnceFromAppliedPosition) {
  Follow follow(Options({7, 8}, ProtocolChoice::kAuto));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+SNAPSHOT\r\n");
  follow.session.HandleRetarget();
  EXPECT_THAT(follow.Poll(), ElementsAre("void", "down retargeted 1 0"));
  EXPECT_EQ(follow.Connect(), "2 7:9");

  // Retargeting ends a backoff, too.
  follow.Receive("+ACK 7 9\r\n");
  follow.Eof();
  EXPECT_EQ(follow.Connect(), "");
  follow.session.HandleRetarget();
  EXPECT_EQ(follow.Connect(), "2 7:9");
}

TEST(FollowerSessionTest, DemotedNodeKeepsDataUntilRetarget) {
  const absl::Status demoted =
      ReplicaError(ReplicaErrorKind::kNotPrimary, "10.0.0.1:6379 is a replica");
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n" + FrameAt(8));
  follow.session.HandleNotPrimary(demoted);
  EXPECT_THAT(follow.Poll(), ElementsAre("down not_primary 1 inf"));
  EXPECT_EQ(follow.session.stats().ended_by(LinkEnd::kNotPrimary), 1);
  EXPECT_EQ(follow.session.applied(), (FeedPosition{7, 9}));
  follow.now += absl::Hours(1);
  EXPECT_EQ(follow.Connect(), "");
  follow.session.HandleRetarget();
  EXPECT_EQ(follow.Connect(), "2 7:9");

  // Without a link it stops the attempts.
  follow.Receive("+ACK 7 9\r\n");
  follow.Eof();
  follow.session.HandleNotPrimary(demoted);
  follow.now += absl::Hours(1);
  EXPECT_EQ(follow.Connect(), "");
  follow.session.HandleRetarget();
  EXPECT_EQ(follow.Connect(), "2 7:9");

  // After a retarget it is too late: the answer was about the former node.
  follow.Receive("+ACK 7 9\r\n");
  follow.session.HandleRetarget();
  follow.session.HandleNotPrimary(demoted);
  EXPECT_THAT(follow.Poll(), ElementsAre("down retargeted 1 0"));
  EXPECT_EQ(follow.Connect(), "2 7:9");
}

TEST(FollowerSessionTest, FlappingNodeCostsASnapshotPerMaxBackoff) {
  const absl::Status demoted =
      ReplicaError(ReplicaErrorKind::kNotPrimary, "10.0.0.1:6379 is a replica");
  FollowerSessionOptions options = Options();
  options.retry.max_backoff = absl::Seconds(30);
  Follow follow(std::move(options));
  const absl::Time begin = follow.now;
  int snapshots = 0;
  while (follow.now < begin + absl::Minutes(10)) {
    if (follow.Connect() != "") {
      ++snapshots;
      follow.Receive("+ACK 7 0\r\n+SNAPSHOT\r\n");
    }
    follow.now += absl::Seconds(1);
    follow.session.HandleNotPrimary(demoted);
    follow.Poll();
    follow.session.HandleLocated();
    follow.now += absl::Seconds(1);
  }
  // Two at once, then one in 30 s.
  EXPECT_GE(snapshots, 20);
  EXPECT_LE(snapshots, 22);
  // The user's choice is obeyed at once.
  follow.session.HandleRetarget();
  EXPECT_EQ(follow.Connect(), "2 99:0");
}

TEST(FollowerSessionTest, PrimaryLocatedWithinASnapshotCountsIt) {
  FollowerSessionOptions options = Options();
  options.retry.max_backoff = absl::Seconds(30);
  Follow follow(std::move(options));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(follow.Connect(), "2 99:0") << i;
    follow.Receive("+ACK 7 0\r\n+SNAPSHOT\r\n");
    follow.session.HandleLocated();
    follow.Poll();
  }
  EXPECT_EQ(follow.Connect(), "");
  EXPECT_EQ(follow.session.PollTimeout(), follow.now + absl::Seconds(30));
}

TEST(FollowerSessionTest, PrimaryLocatedAfterWholeSnapshotsIsAskedAtOnce) {
  Follow follow(Options());
  for (uint64_t generation = 1; generation < 10; ++generation) {
    EXPECT_NE(follow.Connect(), "") << generation;
    follow.Receive(absl::StrCat("+ACK ", generation, " 0\r\n", SnapshotTo(5)));
    follow.session.HandleLocated();
    follow.Poll();
  }
}

TEST(FollowerSessionTest, RetargetAfterStopHasNoEffect) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 7 8\r\n");
  EXPECT_THAT(follow.Eof(), ElementsAre("down closed 1 50ms"));
  EXPECT_EQ(follow.ConnectAfterWait(), "2 7:8");
  follow.session.HandleStop(absl::OkStatus());
  follow.session.HandleRetarget();
  // Retargeting would count attempts from 1 again.
  EXPECT_THAT(follow.Poll(), ElementsAre("down stopped 2 inf"));
  EXPECT_TRUE(follow.session.done());
}

TEST(FollowerSessionTest, InvalidAddressOrIdEndsFollower) {
  Follow bad_address(Options());
  bad_address.session.PollLink(bad_address.now);
  bad_address.session.HandleConnectFailed(
      absl::InvalidArgumentError("no address"));
  EXPECT_THAT(bad_address.Poll(), ElementsAre("down io 1 inf"));
  EXPECT_TRUE(bad_address.session.done());
  EXPECT_EQ(bad_address.session.status(),
            absl::InvalidArgumentError("no address"));

  FollowerSessionOptions options = Options();
  options.link.replica_id = "";
  Follow bad_id(options);
  bad_id.session.PollLink(bad_id.now);
  bad_id.Poll();
  EXPECT_TRUE(bad_id.session.done());
  EXPECT_TRUE(absl::IsInvalidArgument(bad_id.session.status()));
}

TEST(FollowerSessionTest, StatsCountLinkEndsByCause) {
  Follow follow(Options({7, 8}));
  const auto link = [&](absl::string_view bytes) {
    follow.ConnectAfterWait();
    follow.Receive(bytes);
  };
  link("+ACK 7 8\r\n");
  follow.Eof();
  link("+ACK 7 8\r\n*");
  follow.Eof();
  link("+ACK 7 8\r\n?");
  link("+NACK\r\n");
  link("+ACK 7 8\r\n+SNAPSHOT\r\n+SNAPSHOT\r\n");
  follow.ConnectAfterWait();
  follow.Eof();
  follow.ConnectAfterWait();
  follow.session.HandleFailure(absl::InternalError("broken"));
  follow.Poll();
  const FollowerStats stats = follow.session.stats();
  for (const LinkEnd end :
       {LinkEnd::kClosed, LinkEnd::kTruncated, LinkEnd::kFrame,
        LinkEnd::kAckMalformed, LinkEnd::kUnexpectedInSnapshot,
        LinkEnd::kHandshakeRejected, LinkEnd::kIo}) {
    EXPECT_EQ(stats.ended_by(end), 1) << LinkEndName(end);
  }
  EXPECT_EQ(stats.ended_by(LinkEnd::kTimeout), 0);
  EXPECT_EQ(stats.connects, 7);
  EXPECT_EQ(stats.links, 4);
}

TEST(FollowerSessionTest, StatsReportProgress) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  EXPECT_EQ(follow.session.last_byte(), std::nullopt);
  follow.Connect();
  const std::string bytes =
      "+ACK 7 8\r\n" + FramesFrom(8, 12) + "+PING 7 15\r\n";
  follow.now += absl::Seconds(1);
  follow.Receive(bytes);
  follow.session.HandleApplied(10);
  FollowerStats stats = follow.session.stats();
  EXPECT_TRUE(stats.link_up);
  EXPECT_EQ(stats.frames, 4);
  EXPECT_EQ(stats.heartbeats, 1);
  EXPECT_EQ(stats.bytes, bytes.size());
  EXPECT_EQ(stats.received, (FeedPosition{7, 12}));
  EXPECT_EQ(stats.applied, (FeedPosition{7, 10}));
  EXPECT_EQ(stats.lag, 5u);
  EXPECT_EQ(follow.session.last_byte(), absl::UnixEpoch() + absl::Seconds(1));

  follow.Eof();
  stats = follow.session.stats();
  EXPECT_FALSE(stats.link_up);
  EXPECT_EQ(stats.lag, std::nullopt);
  EXPECT_EQ(stats.received, (FeedPosition{7, 10}));
  EXPECT_EQ(stats.bytes, bytes.size());
}

TEST(FollowerSessionTest, StatsCountWholeSnapshots) {
  Follow follow(Options({7, 8}));
  follow.Connect();
  follow.Receive("+ACK 9 8\r\n" + SnapshotTo(30));
  EXPECT_EQ(follow.session.stats().snapshots, 1);
  EXPECT_FALSE(follow.session.stats().in_snapshot);
  follow.Receive("+SNAPSHOT\r\n");
  EXPECT_TRUE(follow.session.stats().in_snapshot);
  follow.Eof();
  EXPECT_EQ(follow.session.stats().snapshots, 1);
  EXPECT_FALSE(follow.session.stats().in_snapshot);
}

TEST(FollowerSessionTest, InputWithoutConnectionHasNoEffect) {
  Follow follow(Options({7, 8}));
  EXPECT_TRUE(follow.session.PrepareRead(1).empty());
  follow.session.HandleRead(1, follow.now);
  follow.session.HandleEof();
  follow.session.HandleFailure(absl::UnavailableError("late"));
  follow.session.HandleTimeout(follow.now);
  follow.session.HandleWaiting(follow.now);
  EXPECT_THAT(follow.Poll(), IsEmpty());
  EXPECT_EQ(follow.Connect(), "2 7:8");
  follow.Receive("+ACK 7 8\r\n");
  follow.Eof();
  EXPECT_TRUE(follow.session.PrepareRead(1).empty());
  follow.session.HandleEof();
  EXPECT_THAT(follow.Poll(), IsEmpty());
}

TEST(FollowerSessionTest, Protocol1StoresAfterHeartbeat) {
  FollowerSessionOptions options = Options({7, 8}, ProtocolChoice::kV1);
  options.store_interval = absl::ZeroDuration();
  Follow follow(options);
  follow.Connect();
  follow.Receive("+ACK 8\r\n" + FrameAt(8));
  EXPECT_FALSE(follow.session.store_pending());
  EXPECT_EQ(follow.session.PollStore(follow.now + absl::Hours(1)),
            std::nullopt);
  EXPECT_THAT(follow.Receive("+PING 7 9\r\n"),
              ElementsAre("(store 7:9)", "heartbeat 7:9"));
}

TEST(FollowerSessionTest, LeavingPrimaryLosesUnconfirmedFrames) {
  // For another primary:
  Follow follow(Options({7, 8}, ProtocolChoice::kV1));
  follow.Connect();
  follow.Receive("+ACK 8\r\n" + FrameAt(8));
  follow.session.HandleRetarget();
  EXPECT_THAT(follow.Poll(), ElementsAre("(store 0:0)", "down retargeted 1 0"));
  EXPECT_EQ(follow.Connect(), "1 0:0");
  // For the next process:
  Follow stopped(Options({7, 8}, ProtocolChoice::kV1));
  stopped.Connect();
  stopped.Receive("+ACK 8\r\n" + FrameAt(8));
  stopped.session.HandleStop(absl::OkStatus());
  EXPECT_THAT(stopped.Poll(), ElementsAre("(store 0:0)", "down stopped 1 inf"));
}

TEST(FollowerSessionTest, EndByInvalidAddressLosesDoubtfulData) {
  Follow follow(Options({7, 8}, ProtocolChoice::kV1));
  follow.Connect();
  follow.Receive("+ACK 8\r\n" + FramesFrom(8, 11));
  follow.Eof();
  follow.now = follow.session.PollTimeout();
  EXPECT_NE(follow.session.PollLink(follow.now), 0u);
  follow.session.HandleConnectFailed(absl::InvalidArgumentError("no address"));
  EXPECT_THAT(follow.Poll(), ElementsAre("(store 0:0)", "down io 2 inf"));
  EXPECT_TRUE(follow.session.done());
}

// Whether the last LinkDown of `follow` asked for a resync.
bool Resyncs(Follow* follow) {
  bool resync = false;
  while (const FollowerEvent* event = follow->session.PollEvent(follow->now)) {
    if (const auto* down = std::get_if<LinkDown>(event)) resync = down->resync;
  }
  return resync;
}

TEST(FollowerSessionTest, LinkDownTellsEveryLossOfData) {
  Follow gap(Options({7, 8}));
  gap.Connect();
  gap.session.PrepareRead(1);
  const std::string bytes = "+ACK 7 8\r\n" + FrameAt(9);
  const absl::Span<char> room = gap.session.PrepareRead(bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  gap.session.HandleRead(bytes.size(), gap.now);
  EXPECT_TRUE(Resyncs(&gap));

  Follow doubtful(Options({7, 8}, ProtocolChoice::kV1));
  doubtful.Connect();
  doubtful.Receive("+ACK 8\r\n" + FramesFrom(8, 11));
  doubtful.session.HandleRetarget();
  EXPECT_TRUE(Resyncs(&doubtful));

  Follow unapplied(Options({7, 8}), /*applied_on_return=*/false);
  unapplied.Connect();
  unapplied.Receive("+ACK 9 8\r\n" + SnapshotTo(20));
  unapplied.session.HandleEof();
  EXPECT_TRUE(Resyncs(&unapplied));

  Follow arriving(Options({7, 8}));
  arriving.Connect();
  arriving.Receive("+ACK 9 8\r\n+SNAPSHOT\r\n");
  arriving.session.HandleEof();
  EXPECT_FALSE(Resyncs(&arriving));  // The held data stands.

  Follow fresh(Options());
  fresh.Connect();
  fresh.Receive("+ACK 7 0\r\n");
  fresh.session.HandleEof();
  EXPECT_FALSE(Resyncs(&fresh));  // There was none.
}

// The first snapshot may still be applied when the second one breaks off.
TEST(FollowerSessionTest, SecondSnapshotOverAnUnappliedOneLosesTheData) {
  Follow follow(Options({7, 8}), /*applied_on_return=*/false);
  follow.Connect();
  follow.Receive("+ACK 9 8\r\n" + SnapshotTo(20) + "+SNAPSHOT\r\n");
  EXPECT_EQ(follow.session.applied(), (FeedPosition{0, 0}));
  follow.Eof();
  EXPECT_EQ(follow.ConnectAfterWait(), "2 99:0");
}

}  // namespace
}  // namespace kevy_replica
