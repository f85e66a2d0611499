// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/session.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/testing/test_access.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/matchers.h"
#include "kevy_replica/transport/handshake_failure.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct SessionSetup {
  LinkOptions link;
  FeedPosition from;
};

SessionSetup Options(FeedPosition from = {},
                     ProtocolChoice protocol = ProtocolChoice::kV2) {
  SessionSetup options;
  options.link.replica_id = "r1";
  options.link.fresh_generation = 99;
  options.from = from;
  options.link.protocol = protocol;
  return options;
}

std::string FrameAt(uint64_t offset) {
  std::string wire;
  EXPECT_EQ(AppendFrame(offset, {"SET", "k", "v"}, &wire), WireError::kNone);
  return wire;
}

std::string SnapshotTo(uint64_t next_offset, absl::string_view inside = "") {
  return absl::StrCat("+SNAPSHOT\r\n", inside,
                      "$8\r\nKEVYSNAP\r\n+SNAPSHOT_END ", next_offset, "\r\n");
}

// A session whose network and clock the test controls.
class Link {
 public:
  explicit Link(SessionSetup options)
      : session(std::move(options.link), options.from) {
    session.HandleConnected(now);
  }

  // The bytes that the session sends now.
  std::string Sent() {
    std::string out;
    session.PollTransmit(now, &out);
    return out;
  }
  // Lets bytes arrive, without polling.
  void Arrive(absl::string_view bytes) {
    const absl::Span<char> room = session.PrepareRead(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    session.HandleRead(bytes.size(), now);
  }
  // Lets bytes arrive and polls all events. Returns them as text.
  std::vector<std::string> Receive(absl::string_view bytes) {
    Arrive(bytes);
    std::vector<std::string> events;
    while (const StreamEvent* event = session.PollEvent()) {
      events.emplace_back();
      AppendText(*event, &events.back());
      positions.push_back(session.position());
      EXPECT_EQ(client_testing::TestAccess::CheckInvariants(session),
                absl::OkStatus());
    }
    EXPECT_EQ(client_testing::TestAccess::CheckInvariants(session),
              absl::OkStatus());
    return events;
  }

  absl::Time now = absl::UnixEpoch();
  Session session;
  std::vector<FeedPosition> positions;  // After each event.
};

TEST(SessionTest, SendsTheRequestOfProtocol2) {
  Link link(Options({7, 8}));
  EXPECT_EQ(link.Sent(),
            "*6\r\n$9\r\nREPLICATE\r\n$4\r\nFROM\r\n$1\r\n7\r\n$1\r\n8\r\n"
            "$2\r\nID\r\n$2\r\nr1\r\n");
  EXPECT_EQ(link.Sent(), "");
}

TEST(SessionTest, SendsTheRequestOfProtocol1WithoutGeneration) {
  Link link(Options({7, 8}, ProtocolChoice::kV1));
  EXPECT_EQ(link.Sent(),
            "*5\r\n$9\r\nREPLICATE\r\n$4\r\nFROM\r\n$1\r\n8\r\n"
            "$2\r\nID\r\n$2\r\nr1\r\n");
}

TEST(SessionTest, InvalidIdFailsAtOnce) {
  for (const char* id : {"", "\xff"}) {
    SessionSetup options = Options();
    options.link.replica_id = id;
    Link link(options);
    EXPECT_TRUE(link.session.done());
    EXPECT_TRUE(absl::IsInvalidArgument(link.session.status()));
    EXPECT_EQ(link.Sent(), "");
    EXPECT_EQ(link.session.PollEvent(), nullptr);
  }
}

TEST(SessionTest, SendsOnlyOnConnection) {
  Session session(Options().link);
  std::string out = "stale";
  EXPECT_FALSE(session.PollTransmit(absl::UnixEpoch(), &out));
  EXPECT_EQ(out, "stale");
  EXPECT_EQ(session.PollTimeout(), absl::InfiniteFuture());
  EXPECT_EQ(session.PollEvent(), nullptr);
}

TEST(SessionTest, AutoTriesProtocol1AfterBareEof) {
  Link link(Options({7, 8}, ProtocolChoice::kAuto));
  EXPECT_THAT(link.Sent(), HasSubstr("*6\r\n"));
  link.session.HandleEof();
  EXPECT_TRUE(link.session.wants_reconnect());
  EXPECT_FALSE(link.session.done());
  EXPECT_TRUE(link.session.status().ok());

  link.session.HandleConnected(link.now);
  EXPECT_FALSE(link.session.wants_reconnect());
  EXPECT_THAT(link.Sent(), HasSubstr("*5\r\n"));
  EXPECT_THAT(link.Receive("+ACK 8\r\n" + FrameAt(8)),
              ElementsAre("8 \"SET\" \"k\" \"v\""));
  EXPECT_EQ(link.session.answer()->protocol, Protocol::kV1);
}

// A primary that closes with unread bytes resets the connection.
TEST(SessionTest, ResetBeforeTheAnswerIsARefusal) {
  const absl::Status reset =
      AsIoError(absl::UnavailableError("read from x: Connection reset"));
  Link link(Options({7, 8}, ProtocolChoice::kAuto));
  link.session.HandleFailure(reset);
  EXPECT_TRUE(link.session.wants_reconnect());
  link.session.HandleConnected(link.now);
  link.session.HandleFailure(reset);
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kHandshakeRejected);
  EXPECT_THAT(std::string(link.session.status().message()),
              HasSubstr("then of protocol 1: read from x: Connection reset"));

  // Once a byte has come, and for other failures, it is not.
  Link begun(Options({7, 8}, ProtocolChoice::kAuto));
  begun.Receive("+AC");
  begun.session.HandleFailure(reset);
  EXPECT_EQ(begun.session.status(), reset);
  for (const absl::Status& status :
       {absl::CancelledError("stop"), absl::DeadlineExceededError("late"),
        absl::PermissionDeniedError("no"),
        // Of TLS, say: it is no word about the protocol.
        AsIoError(HandshakeFailure(absl::UnavailableError("TLS")))}) {
    Link other(Options({7, 8}, ProtocolChoice::kAuto));
    other.session.HandleFailure(status);
    EXPECT_EQ(other.session.status(), status);
  }
}

TEST(SessionTest, AutoReportsRejectionInBothProtocols) {
  Link link(Options({}, ProtocolChoice::kAuto));
  link.session.HandleEof();
  link.session.HandleConnected(link.now);
  link.session.HandleEof();
  EXPECT_TRUE(link.session.done());
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kHandshakeRejected);
  EXPECT_THAT(std::string(link.session.status().message()),
              HasSubstr("protocol 2, then of protocol 1"));
}

TEST(SessionTest, ChosenProtocolIsKept) {
  for (const ProtocolChoice choice :
       {ProtocolChoice::kV1, ProtocolChoice::kV2}) {
    Link link(Options({}, choice));
    link.session.HandleEof();
    EXPECT_FALSE(link.session.wants_reconnect());
    EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
              ReplicaErrorKind::kHandshakeRejected);
  }
}

TEST(SessionTest, EofInsideAnswerIsTruncation) {
  Link link(Options({}, ProtocolChoice::kAuto));
  EXPECT_THAT(link.Receive("+ACK 1"), ElementsAre());
  link.session.HandleEof();
  EXPECT_FALSE(link.session.wants_reconnect());
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kTruncated);
}

TEST(SessionTest, MalformedAnswerIsReported) {
  Link link(Options());
  EXPECT_THAT(link.Receive("-ERR unknown command 'REPLICATE'\r\n"),
              ElementsAre());
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kAckMalformed);
  EXPECT_EQ(WireErrorOf(link.session.status()), WireError::kBadAnswer);
  EXPECT_THAT(std::string(link.session.status().message()),
              HasSubstr("-ERR unknown command 'REPLICATE'"));
}

TEST(SessionTest, AnswerOfOtherProtocolIsMalformed) {
  Link link(Options());
  link.Receive("+ACK 0\r\n");
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kAckMalformed);
  EXPECT_FALSE(link.session.answer().has_value());
}

TEST(SessionTest, PollAnswerLeavesFramesUnread) {
  Link link(Options({7, 8}));
  EXPECT_FALSE(link.session.PollAnswer());
  link.Arrive("+ACK 7 8\r\n" + FrameAt(9));
  EXPECT_TRUE(link.session.PollAnswer());
  EXPECT_TRUE(link.session.PollAnswer());
  EXPECT_EQ(link.session.answer()->generation, 7);
  EXPECT_TRUE(link.session.status().ok());  // The gap is still unread.
  EXPECT_EQ(link.session.PollEvent(), nullptr);
  EXPECT_FALSE(link.session.status().ok());
}

TEST(SessionTest, PositionFollowsFrames) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(9));
  EXPECT_THAT(link.positions,
              ElementsAre(FeedPosition{7, 9}, FeedPosition{7, 10}));
  link.session.HandleEof();
  EXPECT_TRUE(link.session.done());
  EXPECT_TRUE(link.session.status().ok());
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 10}));
}

TEST(SessionTest, FreshReplicaTakesSnapshotPosition) {
  Link link(Options());
  EXPECT_THAT(
      link.Receive("+ACK 7 0\r\n" + SnapshotTo(25, "+PING 7 25\r\n") +
                   FrameAt(25)),
      ElementsAre("# snapshot_begin", "# heartbeat generation=7 next_offset=25",
                  "# snapshot_chunk bytes=8", "# snapshot_end next_offset=25",
                  "25 \"SET\" \"k\" \"v\""));
  // The position moves at the snapshot's end only.
  EXPECT_THAT(
      link.positions,
      ElementsAre(FeedPosition{0, 0}, FeedPosition{0, 0}, FeedPosition{0, 0},
                  FeedPosition{7, 25}, FeedPosition{7, 26}));
}

TEST(SessionTest, RefusedResumeKeepsPositionUntilSnapshotEnd) {
  Link link(Options({6, 8}));
  link.Receive("+ACK 7 8\r\n" + SnapshotTo(39));
  EXPECT_THAT(
      link.positions,
      ElementsAre(FeedPosition{6, 8}, FeedPosition{6, 8}, FeedPosition{7, 39}));
}

TEST(SessionTest, EmbeddedWritersAnswerKeepsPosition) {
  Link link(Options());
  link.Receive("+ACK 7 25\r\n");
  EXPECT_EQ(link.session.position(), (FeedPosition{0, 0}));
  link.Receive(SnapshotTo(25));
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 25}));
}

TEST(SessionTest, FreshReplicaAcceptsHistoryFromStart) {
  Link link(Options());
  link.Receive("+ACK 7 0\r\n" + FrameAt(0));
  EXPECT_TRUE(link.session.status().ok());
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 1}));
}

TEST(SessionTest, MidStreamSnapshotHasUnknownGeneration) {
  Link link(Options());
  link.Receive("+ACK 7 0\r\n" + SnapshotTo(39) + FrameAt(39) + SnapshotTo(0) +
               FrameAt(0) + "+PING 9 1\r\n" + FrameAt(1));
  EXPECT_TRUE(link.session.status().ok()) << link.session.status();
  EXPECT_THAT(
      link.positions,
      ElementsAre(FeedPosition{0, 0}, FeedPosition{0, 0}, FeedPosition{7, 39},
                  FeedPosition{7, 40},                       // The frame.
                  FeedPosition{7, 40}, FeedPosition{7, 40},  // Inside.
                  FeedPosition{0, 0}, FeedPosition{0, 1},    // Unknown.
                  FeedPosition{9, 1}, FeedPosition{9, 2}));  // Told.
}

TEST(SessionTest, HeartbeatInsideSnapshotTellsGeneration) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + SnapshotTo(0, "+PING 9 0\r\n"));
  EXPECT_THAT(
      link.positions,
      ElementsAre(FeedPosition{7, 9}, FeedPosition{7, 9}, FeedPosition{7, 9},
                  FeedPosition{7, 9}, FeedPosition{9, 0}));
}

TEST(SessionTest, SnapshotAfterHeartbeatHasUnknownGeneration) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n+PING 7 8\r\n" + SnapshotTo(0));
  EXPECT_EQ(link.session.position(), (FeedPosition{0, 0}));
}

TEST(SessionTest, HeartbeatReportsChangedGeneration) {
  Link link(Options({7, 8}));
  EXPECT_THAT(link.Receive("+ACK 7 8\r\n+PING 9 8\r\n"), ElementsAre());
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kGenerationChanged);
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 8}));
}

TEST(SessionTest, FramesOfOtherGenerationAreForeign) {
  for (const FeedPosition held : {FeedPosition{6, 8}, FeedPosition{0, 8}}) {
    Link link(Options(held));
    EXPECT_THAT(link.Receive("+ACK 7 8\r\n" + FrameAt(8)), ElementsAre());
    EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
              ReplicaErrorKind::kForeignHistory);
    EXPECT_EQ(RecommendedAction(link.session.status()), Action::kResync);
  }
}

TEST(SessionTest, Protocol1LearnsGenerationFromHeartbeats) {
  Link link(Options({0, 3}, ProtocolChoice::kV1));
  link.Receive("+ACK 3\r\n" + FrameAt(3) + "+PING 1 4\r\n" + FrameAt(4));
  EXPECT_THAT(
      link.positions,
      ElementsAre(FeedPosition{0, 4}, FeedPosition{1, 4}, FeedPosition{1, 5}));
}

TEST(SessionTest, Protocol1ComparesAssumedGeneration) {
  Link same(Options({1, 3}, ProtocolChoice::kV1));
  same.Receive("+ACK 3\r\n" + FrameAt(3) + "+PING 1 4\r\n");
  EXPECT_TRUE(same.session.status().ok());

  Link other(Options({1, 3}, ProtocolChoice::kV1));
  other.Receive("+ACK 3\r\n" + FrameAt(3) + "+PING 2 4\r\n");
  EXPECT_EQ(ReplicaErrorKindOf(other.session.status()),
            ReplicaErrorKind::kForeignHistory);

  // A snapshot replaces the data, so the generation is not compared any more.
  Link replaced(Options({1, 3}, ProtocolChoice::kV1));
  replaced.Receive("+ACK 3\r\n" + SnapshotTo(14) + "+PING 2 14\r\n");
  EXPECT_TRUE(replaced.session.status().ok());
  EXPECT_EQ(replaced.session.position(), (FeedPosition{2, 14}));
}

TEST(SessionTest, OlderHeartbeatsKeepGeneration) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n+PING 8\r\n");
  EXPECT_TRUE(link.session.status().ok());
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 8}));
  EXPECT_EQ(link.session.last_heartbeat()->generation, 0);
}

TEST(SessionTest, GapIsReported) {
  Link link(Options({7, 8}));
  EXPECT_EQ(link.Receive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(10)).size(), 1u);
  ASSERT_TRUE(OffsetGapOf(link.session.status()).has_value());
  EXPECT_EQ(OffsetGapOf(link.session.status())->expected, 9);
  EXPECT_EQ(OffsetGapOf(link.session.status())->got, 10);
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 9}));
  const std::string message(link.session.status().message());
  EXPECT_THAT(message, HasSubstr("expected the frame at offset 9, got 10"));
  EXPECT_THAT(message,
              HasSubstr(absl::StrCat("at byte ", 10 + FrameAt(8).size(), " ")));
  EXPECT_THAT(message, HasSubstr("near \"*2\\r\\n:10\\r\\n"));
}

TEST(SessionTest, RepeatedFrameIsGap) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(8));
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kOffsetGap);
}

TEST(SessionTest, FrameNotFollowingSnapshotIsGap) {
  Link link(Options());
  link.Receive("+ACK 7 0\r\n" + SnapshotTo(25) + FrameAt(26));
  EXPECT_EQ(OffsetGapOf(link.session.status())->expected, 25);
}

TEST(SessionTest, MalformedFrameReportsErrorPlaceAndBytes) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + "*2\r\n:9\r\n*1\r\n$-1\r\n");
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kFrame);
  EXPECT_EQ(WireErrorOf(link.session.status()), WireError::kBadBulk);
  const std::string message(link.session.status().message());
  EXPECT_THAT(message, HasSubstr("bad_bulk"));
  EXPECT_THAT(message, HasSubstr(absl::StrCat(
                           "at byte ", 10 + FrameAt(8).size() + 13, " ")));
  EXPECT_THAT(message, HasSubstr("next offset is 9"));
  EXPECT_THAT(message, HasSubstr("$-1\\r\\n"));
}

TEST(SessionTest, FrameInsideSnapshotIsUnexpected) {
  Link link(Options());
  link.Receive("+ACK 7 0\r\n+SNAPSHOT\r\n" + FrameAt(0));
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kUnexpectedInSnapshot);
}

TEST(SessionTest, EofInsideElementOrSnapshotIsTruncation) {
  for (const std::string& bytes :
       {FrameAt(8).substr(0, 20), std::string("+PIN"),
        std::string("+SNAPSHOT\r\n"),
        std::string("+SNAPSHOT\r\n$3\r\nabc\r\n")}) {
    Link link(Options({7, 8}));
    link.Receive("+ACK 7 8\r\n" + bytes);
    link.session.HandleEof();
    EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
              ReplicaErrorKind::kTruncated)
        << bytes;
    EXPECT_EQ(link.session.position(), (FeedPosition{7, 8}));
  }
}

TEST(SessionTest, FirstErrorStays) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(9));
  const absl::Status status = link.session.status();
  EXPECT_THAT(link.Receive(FrameAt(8)), ElementsAre());
  link.session.HandleEof();
  link.session.HandleTimeout(link.now + absl::Hours(1));
  link.session.HandleConnected(link.now);
  EXPECT_EQ(link.session.status(), status);
  EXPECT_EQ(link.Sent(), "");
  EXPECT_EQ(link.session.PollTimeout(), absl::InfiniteFuture());
}

TEST(SessionTest, LagCountsFramesSinceHeartbeat) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8));
  EXPECT_EQ(link.session.lag(), std::nullopt);
  link.Receive("+PING 7 12\r\n");
  EXPECT_EQ(link.session.lag(), 3u);
  link.Receive(FrameAt(9) + FrameAt(10) + FrameAt(11) + FrameAt(12));
  EXPECT_EQ(link.session.lag(), 0u);
  // A heartbeat of the old history does not count for the new one.
  link.Receive(SnapshotTo(0));
  EXPECT_EQ(link.session.lag(), std::nullopt);
  link.Receive("+PING 9 2\r\n");
  EXPECT_EQ(link.session.lag(), 2u);
}

TEST(SessionTest, AcksAreSpacedWhileFramesFlow) {
  Link link(Options({7, 8}));
  link.Sent();
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(9));
  EXPECT_EQ(link.Sent(), "");  // Received is not applied.
  link.session.HandleApplied(9);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 9\r\n");
  EXPECT_EQ(link.Sent(), "");
  EXPECT_EQ(link.session.PollTimeout(), absl::InfiniteFuture());

  link.session.HandleApplied(10);
  EXPECT_EQ(link.Sent(), "");
  EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Milliseconds(100));
  link.now += absl::Milliseconds(99);
  EXPECT_EQ(link.Sent(), "");
  link.now += absl::Milliseconds(1);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 10\r\n");
}

TEST(SessionTest, HeartbeatIsAckedAtOnce) {
  Link link(Options({7, 8}));
  link.Sent();
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+PING 7 9\r\n");
  EXPECT_EQ(link.Sent(), "");  // Without an applied offset.
  link.session.HandleApplied(9);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 9\r\n");
  link.Receive("+PING 7 9\r\n");
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 9\r\n");
  EXPECT_EQ(link.Sent(), "");
}

TEST(SessionTest, HeartbeatsOfOneReadAreAckedOnce) {
  Link link(Options({7, 8}));
  link.Sent();
  link.Receive("+ACK 7 8\r\n" + FrameAt(8));
  link.session.HandleApplied(9);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 9\r\n");
  link.Arrive("+PING 7 9\r\n+PING 7 9\r\n+PING 7 9\r\n");
  ASSERT_NE(link.session.PollEvent(), nullptr);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 9\r\n");
  while (link.session.PollEvent() != nullptr) EXPECT_EQ(link.Sent(), "");
  link.Receive("+PING 7 9\r\n");
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 9\r\n");
}

TEST(SessionTest, AckNowSendsAtOnce) {
  Link link(Options({7, 8}));
  link.Sent();
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(9));
  EXPECT_TRUE(link.session.AckNow(9).ok());
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 9\r\n");
  EXPECT_TRUE(link.session.AckNow(10).ok());
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 10\r\n");
}

TEST(SessionTest, AckBeyondReceivedOffsetFails) {
  Link link(Options({7, 8}));
  link.Sent();
  EXPECT_TRUE(absl::IsFailedPrecondition(link.session.AckNow(8)));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8));
  link.session.HandleApplied(10);
  EXPECT_TRUE(absl::IsInvalidArgument(link.session.AckNow(10)));
  EXPECT_EQ(link.Sent(), "");
  EXPECT_TRUE(link.session.status().ok());
  link.session.HandleEof();
  EXPECT_TRUE(absl::IsFailedPrecondition(link.session.AckNow(9)));
}

TEST(SessionTest, LowerAckHasNoEffect) {
  Link link(Options({7, 8}));
  link.Sent();
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(9));
  link.session.HandleApplied(10);
  link.session.HandleApplied(9);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 10\r\n");
}

TEST(SessionTest, SnapshotForgetsAckedOffsets) {
  SessionSetup options = Options({7, 8});
  options.link.stall_timeout = absl::InfiniteDuration();
  Link link(options);
  link.Sent();
  link.Receive("+ACK 7 8\r\n" + FrameAt(8));
  link.session.HandleApplied(9);
  // From the begin on, applied offsets belong to the replaced data.
  link.Receive("+SNAPSHOT\r\n+PING 9 0\r\n");
  EXPECT_EQ(link.Sent(), "");
  link.session.HandleApplied(9);
  EXPECT_TRUE(absl::IsFailedPrecondition(link.session.AckNow(9)));
  link.now += absl::Seconds(1);
  EXPECT_EQ(link.Sent(), "");
  EXPECT_EQ(link.session.PollTimeout(), absl::InfiniteFuture());
  link.Receive("$8\r\nKEVYSNAP\r\n+SNAPSHOT_END 0\r\n+PING 9 0\r\n");
  EXPECT_EQ(link.Sent(), "");
  link.session.HandleApplied(0);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 0\r\n");
}

TEST(SessionTest, ForeignAnswerForbidsAcksUntilSnapshot) {
  Link link(Options({7, 8}));
  link.Sent();
  // The primary would count an acknowledgement for its own history.
  link.Receive("+ACK 9 8\r\n");
  link.session.HandleApplied(8);
  EXPECT_TRUE(absl::IsFailedPrecondition(link.session.AckNow(8)));
  EXPECT_EQ(link.Sent(), "");
  link.Receive("+PING 9 20\r\n");
  link.session.HandleApplied(8);
  EXPECT_EQ(link.Sent(), "");
  link.Receive(SnapshotTo(5) + FrameAt(5));
  link.session.HandleApplied(6);
  EXPECT_EQ(link.Sent(), "REPLCONF ACK 6\r\n");
}

TEST(SessionTest, SnapshotAfterAcceptedResumeHasUnknownGeneration) {
  // FLUSHALL right after the answer: the generation of the answer has ended.
  Link link(Options({7, 100}));
  link.Receive("+ACK 7 100\r\n" + SnapshotTo(0) + FrameAt(0));
  EXPECT_EQ(link.session.position(), (FeedPosition{0, 1}));
  link.Receive("+PING 8 1\r\n");
  EXPECT_TRUE(link.session.status().ok()) << link.session.status();
  EXPECT_EQ(link.session.position(), (FeedPosition{8, 1}));

  Link told(Options({7, 100}));
  told.Receive("+ACK 7 100\r\n" + SnapshotTo(0, "+PING 8 0\r\n") + FrameAt(0));
  EXPECT_TRUE(told.session.status().ok()) << told.session.status();
  EXPECT_EQ(told.session.position(), (FeedPosition{8, 1}));
}

TEST(SessionTest, HeartbeatOverEmptyDataKeepsZeroPosition) {
  Link link(Options({0, 0}, ProtocolChoice::kV1));
  link.Receive("+ACK 0\r\n+PING 9 50\r\n");
  EXPECT_EQ(link.session.position(), (FeedPosition{0, 0}));
  // The snapshot of an empty primary is data.
  Link empty(Options({0, 0}, ProtocolChoice::kV1));
  empty.Receive("+ACK 0\r\n" + SnapshotTo(0) + "+PING 9 0\r\n");
  EXPECT_EQ(empty.session.position(), (FeedPosition{9, 0}));
}

TEST(SessionTest, AnswerWithGeneration0IsMalformed) {
  Link link(Options({7, 50}));
  link.Receive("+ACK 0 50\r\n");
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kAckMalformed);
}

TEST(SessionTest, ErrorOfClientPortNamesTheReplicationListener) {
  for (const ProtocolChoice protocol :
       {ProtocolChoice::kV1, ProtocolChoice::kV2}) {
    Link link(Options({7, 50}, protocol));
    link.Receive("-ERR unknown command 'REPLICATE'\r\n");
    EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
              ReplicaErrorKind::kAckMalformed);
    EXPECT_THAT(std::string(link.session.status().message()),
                HasSubstr("unknown command 'REPLICATE'\\r\\n\": this is a "
                          "client port; give the replication listener"));
  }
  Link other(Options({7, 50}));
  other.Receive("+OK\r\n");
  EXPECT_THAT(std::string(other.session.status().message()),
              Not(HasSubstr("client port")));
}

TEST(SessionTest, HandshakeTimeoutEndsSession) {
  SessionSetup options = Options();
  options.link.handshake_timeout = absl::Seconds(3);
  Link link(options);
  const absl::Time until = link.now + absl::Seconds(3);
  EXPECT_EQ(link.session.PollTimeout(), until);
  // Part of an answer does not defer the timeout.
  link.now += absl::Seconds(2);
  link.Receive("+ACK");
  EXPECT_EQ(link.session.PollTimeout(), until);
  link.session.HandleTimeout(until - absl::Nanoseconds(1));
  EXPECT_FALSE(link.session.done());
  link.session.HandleTimeout(until);
  EXPECT_TRUE(absl::IsDeadlineExceeded(link.session.status()));
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()), std::nullopt);
}

TEST(SessionTest, AnyByteDefersIdleTimeout) {
  SessionSetup options = Options({7, 8});
  options.link.idle_timeout = absl::Seconds(5);
  Link link(options);
  link.Receive("+ACK 7 8\r\n");
  link.now += absl::Seconds(4);
  link.Receive("+");
  EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(5));
  link.session.HandleTimeout(link.now + absl::Seconds(4));
  EXPECT_FALSE(link.session.done());
  link.session.HandleTimeout(link.now + absl::Seconds(5));
  EXPECT_TRUE(absl::IsDeadlineExceeded(link.session.status()));
}

SessionSetup WithHeartbeats(ProtocolChoice protocol = ProtocolChoice::kV2) {
  SessionSetup options = Options({7, 8}, protocol);
  options.link.heartbeat_timeout = absl::Seconds(5);
  options.link.stall_timeout = absl::InfiniteDuration();
  return options;
}

// Embedded writers speak protocol 2 without heartbeats.
TEST(SessionTest, HeartbeatsAreExpectedAfterTheFirst) {
  for (const ProtocolChoice protocol :
       {ProtocolChoice::kV1, ProtocolChoice::kV2}) {
    Link link(WithHeartbeats(protocol));
    link.Receive(protocol == ProtocolChoice::kV1 ? "+ACK 8\r\n"
                                                 : "+ACK 7 8\r\n");
    EXPECT_EQ(link.session.PollTimeout(), absl::InfiniteFuture());
    link.now += absl::Hours(1);
    link.session.HandleTimeout(link.now);
    EXPECT_FALSE(link.session.done());
    link.Receive("+PING 8\r\n");
    EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(5));
    link.session.HandleTimeout(link.now + absl::Milliseconds(4999));
    EXPECT_FALSE(link.session.done());
    link.session.HandleTimeout(link.now + absl::Seconds(5));
    EXPECT_TRUE(absl::IsDeadlineExceeded(link.session.status()));
    EXPECT_THAT(std::string(link.session.status().message()),
                HasSubstr("nothing came within 5s (heartbeat_timeout)"));
  }
}

TEST(SessionTest, AnyElementDefersHeartbeatTimeout) {
  Link link(WithHeartbeats());
  link.Receive("+ACK 7 8\r\n+PING 7 8\r\n");
  for (const std::string& element :
       {FrameAt(8), std::string("+PING 7 9\r\n"), FrameAt(9),
        std::string("+SNAPSHOT\r\n"), std::string("$1\r\nx\r\n"),
        std::string("+SNAPSHOT_END 9\r\n")}) {
    link.now += absl::Seconds(4);
    link.Receive(element);
    EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(5));
  }
}

TEST(SessionTest, LongElementBytesDeferHeartbeatTimeout) {
  Link link(WithHeartbeats());
  link.Receive("+ACK 7 8\r\n+PING 7 8\r\n");
  std::string frame;
  ASSERT_EQ(AppendFrame(8, {"SET", "k", std::string(1000, 'x')}, &frame),
            WireError::kNone);
  for (size_t at = 0; at < frame.size(); at += 200) {
    link.now += absl::Seconds(4);
    link.Receive(absl::string_view(frame).substr(at, 200));
    EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(5));
  }
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 9}));
}

TEST(SessionTest, ApplicationTimeIsNotSilence) {
  SessionSetup options = WithHeartbeats();
  options.link.idle_timeout = absl::Seconds(20);
  Link link(options);
  link.Receive("+ACK 7 8\r\n+PING 7 8\r\n");
  link.now += absl::Seconds(4);
  link.session.HandleTimeout(link.now);
  link.now += absl::Hours(1);  // The heartbeat is handled.
  link.Sent();
  EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(1));
  link.session.HandleTimeout(link.now);
  EXPECT_FALSE(link.session.done());
  // The next wait counts.
  link.session.HandleTimeout(link.now + absl::Seconds(1));
  EXPECT_TRUE(link.session.done());
}

// ---- element_timeout.

TEST(SessionTest, ElementTimeoutBoundsAnElement) {
  std::string frame;
  ASSERT_EQ(AppendFrame(8, {"SET", "k", std::string(100, 'x')}, &frame),
            WireError::kNone);
  for (const std::string& bytes :
       {frame, "+PING 7 " + std::string(15, '1'),
        "+SNAPSHOT\r\n$100\r\n" + std::string(100, 'x')}) {
    SessionSetup options = Options({7, 8});
    options.link.element_timeout = absl::Seconds(10);
    Link link(options);
    link.Receive("+ACK 7 8\r\n" + bytes.substr(0, 13));
    // A byte a second does not defer it.
    for (size_t at = 13; !link.session.done() && at < bytes.size(); ++at) {
      link.now += absl::Seconds(1);
      if (link.now >= link.session.PollTimeout()) {
        link.session.HandleTimeout(link.now);
      } else {
        link.Receive(absl::string_view(bytes).substr(at, 1));
      }
    }
    EXPECT_EQ(link.now, absl::UnixEpoch() + absl::Seconds(10)) << bytes;
    EXPECT_TRUE(absl::IsDeadlineExceeded(link.session.status()));
    EXPECT_THAT(std::string(link.session.status().message()),
                HasSubstr("did not end within 10s (element_timeout)"));
  }
}

TEST(SessionTest, EachElementHasItsOwnTime) {
  SessionSetup options = Options({7, 8});
  options.link.element_timeout = absl::Seconds(10);
  Link link(options);
  link.Receive("+ACK 7 8\r\n+SNAPSHOT\r\n$2\r\nx");
  for (int i = 0; i < 10; ++i) {
    link.now += absl::Seconds(6);
    link.session.HandleTimeout(link.now);
    link.Receive("y\r\n$2\r\nx");  // Ends one chunk, begins the next.
    EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(10));
  }
  link.Receive("y\r\n");
  // No element has begun.
  EXPECT_EQ(link.session.PollTimeout(), absl::InfiniteFuture());
}

TEST(SessionTest, ApplicationTimeDoesNotCountForAnElement) {
  SessionSetup options = Options({7, 8});
  options.link.element_timeout = absl::Seconds(10);
  Link link(options);
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(9).substr(0, 9));
  link.now += absl::Hours(1);  // The first frame is applied.
  link.Sent();
  EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(10));
}

// ---- stall_timeout.

// Receives a heartbeat each second until the session ends, for a minute.
// Returns the seconds it took, or 60.
int SecondsUntilStalled(Link* link, absl::string_view heartbeat) {
  for (int second = 1; second <= 60; ++second) {
    link->now += absl::Seconds(1);
    if (link->now >= link->session.PollTimeout()) {
      link->session.HandleTimeout(link->now);
    }
    if (link->session.done()) return second;
    link->Receive(heartbeat);
    link->Sent();
  }
  return 60;
}

TEST(SessionTest, StalledLinkIsReported) {
  for (const ProtocolChoice protocol :
       {ProtocolChoice::kV1, ProtocolChoice::kV2}) {
    Link link(Options({7, 8}, protocol));
    link.Receive(protocol == ProtocolChoice::kV1 ? "+ACK 8\r\n"
                                                 : "+ACK 7 8\r\n");
    link.Receive("+PING 7 9\r\n");
    EXPECT_EQ(SecondsUntilStalled(&link, "+PING 7 9\r\n"), 10);
    EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
              ReplicaErrorKind::kStalled);
    EXPECT_EQ(RecommendedAction(link.session.status()), Action::kReconnect);
    EXPECT_THAT(std::string(link.session.status().message()),
                HasSubstr("nothing but heartbeats came within 10s "
                          "(stall_timeout), although the primary is at "
                          "offset 9"));
    EXPECT_EQ(link.session.position(), (FeedPosition{7, 8}));
  }
}

TEST(SessionTest, FreshStartWithoutSnapshotStalls) {
  Link link(Options());
  link.Receive("+ACK 7 0\r\n+PING 7 9\r\n");
  EXPECT_EQ(SecondsUntilStalled(&link, "+PING 7 9\r\n"), 10);
}

TEST(SessionTest, SnapshotWithoutChunksStalls) {
  Link link(Options());
  link.Receive("+ACK 7 0\r\n+SNAPSHOT\r\n+PING 7 0\r\n");
  EXPECT_EQ(SecondsUntilStalled(&link, "+PING 7 0\r\n"), 10);
}

TEST(SessionTest, CaughtUpLinkDoesNotStall) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+PING 7 9\r\n");
  EXPECT_EQ(SecondsUntilStalled(&link, "+PING 7 9\r\n"), 60);
  // The time counts from the first heartbeat that is ahead.
  EXPECT_EQ(SecondsUntilStalled(&link, "+PING 7 10\r\n"), 11);
  // Without a heartbeat on this link nothing is known.
  Link silent(Options({7, 8}));
  silent.Receive("+ACK 7 8\r\n");
  EXPECT_EQ(silent.session.PollTimeout(), absl::InfiniteFuture());
}

TEST(SessionTest, InfiniteStallTimeoutWaits) {
  SessionSetup options = Options({7, 8});
  options.link.stall_timeout = absl::InfiniteDuration();
  Link link(options);
  link.Receive("+ACK 7 8\r\n");
  EXPECT_EQ(SecondsUntilStalled(&link, "+PING 7 10\r\n"), 60);
}

TEST(SessionTest, BytesOfAnUnfinishedFrameAreProgress) {
  std::string frame;
  ASSERT_EQ(AppendFrame(8, {"SET", "k", std::string(100, 'x')}, &frame),
            WireError::kNone);
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n+PING 7 9\r\n");
  for (const char& byte : frame) {
    link.now += absl::Seconds(9);
    link.session.HandleTimeout(link.now);
    link.Receive(absl::string_view(&byte, 1));
  }
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 9}));
  // Pieces of heartbeats are not.
  link.Receive("+PING 7 10\r\n");
  const absl::Time begin = link.now;
  for (int i = 0; !link.session.done() && i < 60; ++i) {
    link.now += absl::Seconds(1);
    link.session.HandleTimeout(link.now);
    link.Receive(i % 2 == 0 ? "+PING " : "7 10\r\n");
  }
  EXPECT_EQ(link.now, begin + absl::Seconds(10));
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kStalled);
}

TEST(SessionTest, ApplicationTimeIsNotAStall) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n+PING 7 9\r\n");
  link.now += absl::Hours(1);
  link.Sent();
  link.session.HandleTimeout(link.now);
  EXPECT_FALSE(link.session.done());
  EXPECT_EQ(link.session.PollTimeout(), link.now + absl::Seconds(10));
}

// ---- Fresh starts.

TEST(SessionTest, FreshStartPresentsAMadeUpGeneration) {
  Link link(Options());
  EXPECT_THAT(link.Sent(), HasSubstr("$2\r\n99\r\n$1\r\n0\r\n"));
  EXPECT_EQ(link.session.from(), (FeedPosition{0, 0}));
  EXPECT_EQ(link.session.position(), (FeedPosition{0, 0}));
}

TEST(SessionTest, FreshStartDrawsItsGeneration) {
  std::set<uint64_t> generations;
  for (int i = 0; i < 20; ++i) {
    SessionSetup options = Options();
    options.link.fresh_generation = 0;
    Link link(options);
    HandshakeRequest request;
    ArgvStorage storage;
    const std::string sent = link.Sent();
    ASSERT_TRUE(
        DecodeHandshakeRequest(sent, Limits(), &storage, &request).done());
    EXPECT_EQ(request.offset, 0u);
    // No counter reaches it, and every version can read it.
    EXPECT_GE(request.generation, uint64_t{1} << 52);
    EXPECT_LT(request.generation, uint64_t{1} << 53);
    generations.insert(request.generation);
  }
  EXPECT_EQ(generations.size(), 20u);
}

TEST(SessionTest, FreshStartOfProtocol1AsksForOffset0) {
  Link link(Options({}, ProtocolChoice::kAuto));
  EXPECT_THAT(link.Sent(), HasSubstr("*6\r\n"));
  link.session.HandleEof();
  link.session.HandleConnected(link.now);
  EXPECT_EQ(link.Sent(),
            "*5\r\n$9\r\nREPLICATE\r\n$4\r\nFROM\r\n$1\r\n0\r\n"
            "$2\r\nID\r\n$2\r\nr1\r\n");
}

TEST(SessionTest, ClaimedGenerationsArePresentedAsTheyAre) {
  EXPECT_THAT(Link(Options({7, 0})).Sent(),
              HasSubstr("$1\r\n7\r\n$1\r\n0\r\n"));
  EXPECT_THAT(Link(Options({0, 8})).Sent(),
              HasSubstr("$1\r\n0\r\n$1\r\n8\r\n"));
}

// The primary's generation happens to be the made-up one.
TEST(SessionTest, SnapshotAfterPresentedGenerationHasUnknownGeneration) {
  Link link(Options());
  link.Receive("+ACK 99 0\r\n" + SnapshotTo(25));
  EXPECT_EQ(link.session.position(), (FeedPosition{0, 25}));
}

// ---- Heartbeats below the received offset.

TEST(SessionTest, ShorterHistoryOfTheSameGenerationIsForeign) {
  struct Case {
    FeedPosition from;
    ProtocolChoice protocol;
    absl::string_view bytes;
  };
  for (const Case& c : {
           // Right behind the answer: the offset lies ahead of the primary's.
           Case{{1, 50}, ProtocolChoice::kV2, "+ACK 1 50\r\n+PING 1 3\r\n"},
           Case{{1, 50}, ProtocolChoice::kV2, "+ACK 1 50\r\n+PING 3\r\n"},
           Case{{1, 50}, ProtocolChoice::kV1, "+ACK 50\r\n+PING 1 3\r\n"},
           Case{{1, 50}, ProtocolChoice::kV1, "+ACK 50\r\n+PING 3\r\n"},
           Case{{0, 50}, ProtocolChoice::kV1, "+ACK 50\r\n+PING 1 3\r\n"},
           Case{{0, 50}, ProtocolChoice::kV1, "+ACK 50\r\n+PING 49\r\n"},
       }) {
    Link link(Options(c.from, c.protocol));
    EXPECT_THAT(link.Receive(c.bytes), ElementsAre());
    EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
              ReplicaErrorKind::kForeignHistory)
        << c.bytes;
    EXPECT_THAT(
        std::string(link.session.status().message()),
        HasSubstr("reaches offset 50, but the primary's history ends "));
  }
  // Behind frames, too.
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+PING 7 8\r\n");
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kForeignHistory);
  // The same offset is not below.
  Link same(Options({7, 8}));
  same.Receive("+ACK 7 8\r\n" + FrameAt(8) + "+PING 7 9\r\n");
  EXPECT_TRUE(same.session.status().ok());
}

TEST(SessionTest, HeartbeatsOfNewDataAreNotComparedWithOld) {
  // Before a snapshot that is due, between its begin and its first chunk, and
  // behind it.
  Link due(Options({6, 50}));
  due.Receive("+ACK 7 50\r\n+PING 7 3\r\n" + SnapshotTo(3, "+PING 7 3\r\n") +
              "+PING 7 3\r\n");
  EXPECT_TRUE(due.session.status().ok()) << due.session.status();
  Link flushed(Options({7, 50}));
  flushed.Receive("+ACK 7 50\r\n" + SnapshotTo(0, "+PING 9 0\r\n") +
                  "+PING 9 0\r\n");
  EXPECT_TRUE(flushed.session.status().ok()) << flushed.session.status();
  Link untold(Options({0, 50}));
  untold.Receive("+ACK 7 50\r\n+PING 7 3\r\n" + SnapshotTo(3));
  EXPECT_TRUE(untold.session.status().ok()) << untold.session.status();
  Link older(Options({0, 50}, ProtocolChoice::kV1));
  older.Receive("+ACK 50\r\n" + SnapshotTo(3, "+PING 3\r\n") + "+PING 3\r\n");
  EXPECT_TRUE(older.session.status().ok()) << older.session.status();
}

TEST(SessionTest, ChangedGenerationIsToldBeforeAShorterHistory) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n+PING 9 3\r\n");
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kGenerationChanged);
}

TEST(SessionTest, ExternalFailureIsKept) {
  Link link(Options());
  link.session.HandleFailure(absl::AbortedError("by the application"));
  EXPECT_EQ(link.session.status(), absl::AbortedError("by the application"));
  EXPECT_TRUE(link.session.done());
}

TEST(SessionTest, FirstFailureCounts) {
  Link link(Options({7, 8}));
  link.Receive("+ACK 7 8\r\n");
  link.session.HandleEof();
  link.session.HandleFailure(absl::UnavailableError("late"));
  EXPECT_TRUE(link.session.status().ok());

  Link failed(Options({7, 8}));
  failed.session.HandleFailure(absl::AbortedError("first"));
  failed.session.HandleFailure(absl::UnavailableError("second"));
  EXPECT_EQ(failed.session.status(), absl::AbortedError("first"));
}

TEST(SessionTest, SnapshotFailureLosesPosition) {
  Link link(Options({6, 8}));
  link.Receive("+ACK 7 8\r\n" + SnapshotTo(39));
  link.session.HandleSnapshotFailure(absl::ResourceExhaustedError("full"));
  EXPECT_EQ(link.session.position(), (FeedPosition{0, 0}));
  EXPECT_EQ(link.session.status(), absl::ResourceExhaustedError("full"));
}

TEST(SessionTest, DecoderKeepsLimits) {
  SessionSetup options = Options({7, 8});
  options.link.limits.max_arguments = 2;
  Link link(options);
  link.Receive("+ACK 7 8\r\n" + FrameAt(8));
  EXPECT_EQ(WireErrorOf(link.session.status()), WireError::kTooManyArguments);
  EXPECT_THAT(std::string(link.session.status().message()),
              HasSubstr("too_many_arguments (limit max_arguments), at byte "));
  EXPECT_TRUE(absl::IsResourceExhausted(link.session.status()));
}

std::vector<uint64_t> Offsets(absl::Span<const FrameView> frames) {
  std::vector<uint64_t> offsets;
  for (const FrameView& frame : frames) offsets.push_back(frame.offset());
  return offsets;
}

TEST(SessionTest, PollFramesReturnsBatch) {
  Link link(Options({7, 8}));
  EXPECT_TRUE(link.session.PollFrames().empty());
  link.Arrive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(9) + FrameAt(10) +
              "+PING 7 12\r\n" + FrameAt(11));
  EXPECT_THAT(Offsets(link.session.PollFrames(2)), ElementsAre(8, 9));
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 10}));
  EXPECT_THAT(Offsets(link.session.PollFrames()), ElementsAre(10));
  EXPECT_TRUE(link.session.PollFrames().empty());
  EXPECT_FALSE(link.session.last_heartbeat().has_value());
  ASSERT_NE(link.session.PollEvent(), nullptr);
  EXPECT_EQ(link.session.last_heartbeat()->next_offset, 12);
  EXPECT_EQ(link.session.lag(), 1);
  EXPECT_THAT(Offsets(link.session.PollFrames()), ElementsAre(11));
  EXPECT_EQ(link.session.lag(), 0);
  EXPECT_TRUE(link.session.PollFrames().empty());
  EXPECT_EQ(link.session.PollEvent(), nullptr);
  EXPECT_FALSE(link.session.done());
}

TEST(SessionTest, PollFramesStopsBeforeGap) {
  Link link(Options({7, 8}));
  link.Arrive("+ACK 7 8\r\n" + FrameAt(8) + FrameAt(9) + FrameAt(11) +
              FrameAt(12));
  EXPECT_THAT(Offsets(link.session.PollFrames()), ElementsAre(8, 9));
  EXPECT_TRUE(link.session.status().ok());
  EXPECT_TRUE(link.session.PollFrames().empty());
  ASSERT_TRUE(OffsetGapOf(link.session.status()).has_value());
  EXPECT_EQ(OffsetGapOf(link.session.status())->expected, 10);
  EXPECT_EQ(OffsetGapOf(link.session.status())->got, 11);
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 10}));
  EXPECT_THAT(
      std::string(link.session.status().message()),
      HasSubstr(absl::StrCat("at byte ", 10 + 2 * FrameAt(8).size(), " ")));
  EXPECT_TRUE(link.session.PollFrames().empty());
}

TEST(SessionTest, PollFramesRejectsForeignBatch) {
  Link link(Options({7, 8}));
  link.Arrive("+ACK 9 8\r\n" + FrameAt(8) + FrameAt(9));
  EXPECT_TRUE(link.session.PollFrames().empty());
  EXPECT_EQ(ReplicaErrorKindOf(link.session.status()),
            ReplicaErrorKind::kForeignHistory);
  EXPECT_EQ(link.session.position(), (FeedPosition{7, 8}));
  // Over empty data, a batch has the generation of the answer.
  Link fresh(Options());
  fresh.Arrive("+ACK 9 0\r\n" + FrameAt(0) + FrameAt(1));
  EXPECT_THAT(Offsets(fresh.session.PollFrames()), ElementsAre(0, 1));
  EXPECT_EQ(fresh.session.position(), (FeedPosition{9, 2}));
}

TEST(SessionTest, SingleBytesYieldSameEvents) {
  const std::string stream = "+ACK 7 0\r\n" + SnapshotTo(39, "+PING 7 39\r\n") +
                             FrameAt(39) + SnapshotTo(0) + FrameAt(0) +
                             "+PING 9 1\r\n" + FrameAt(1);
  Link whole(Options());
  const std::vector<std::string> events = whole.Receive(stream);
  Link pieces(Options());
  std::vector<std::string> piecewise;
  for (const char c : stream) {
    for (std::string& event : pieces.Receive(absl::string_view(&c, 1))) {
      piecewise.push_back(std::move(event));
    }
  }
  EXPECT_EQ(piecewise, events);
  EXPECT_EQ(pieces.positions, whole.positions);
  EXPECT_EQ(pieces.session.bytes_received(), stream.size());
}

}  // namespace
}  // namespace kevy_replica
