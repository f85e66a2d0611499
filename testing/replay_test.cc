// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/replay.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::client_testing::RecordingHandler;
using ::kevy_replica::codec_testing::ReadFile;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

constexpr absl::string_view kFrames =
    "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\na\r\n"
    "*2\r\n:9\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nb\r\n";

std::vector<std::string> Lines(absl::string_view recording,
                               const ReplayOptions& options = {}) {
  RecordingHandler handler;
  const absl::Status end = Replay(recording, &handler, options);
  std::vector<std::string> lines = handler.lines();
  lines.push_back(end.ok() ? "OK" : std::string(end.message()));
  return lines;
}

TEST(ReplayTest, RecordingResumesAtItsAnswer) {
  EXPECT_THAT(
      Lines(absl::StrCat("+ACK 7 8\r\n", kFrames)),
      ElementsAre("up 7:8", "frame 8 a", "frame 9 b", "down closed", "OK"));
  EXPECT_THAT(
      Lines(absl::StrCat("+ACK 8\r\n", kFrames)),
      ElementsAre("up 0:8", "frame 8 a", "frame 9 b", "down closed", "OK"));
}

TEST(ReplayTest, StreamWithoutAnswerStartsAtItsFirstFrame) {
  EXPECT_THAT(Lines(kFrames), ElementsAre("up 0:8", "frame 8 a", "frame 9 b",
                                          "down closed", "OK"));
  EXPECT_THAT(Lines(absl::StrCat(kFrames, "+PING 7 10\r\n")),
              ElementsAre("up 0:8", "frame 8 a", "frame 9 b", "heartbeat 7:10",
                          "down closed", "OK"));
  EXPECT_THAT(Lines("+PING 7 0\r\n"),
              ElementsAre("up 0:0", "heartbeat 0:0", "down closed", "OK"));
}

TEST(ReplayTest, FromIsThePositionOfHeldData) {
  ReplayOptions options;
  options.from = FeedPosition{3, 9};
  EXPECT_THAT(Lines(kFrames, options),
              ElementsAre("up 3:9", "down offset_gap",
                          StartsWith("expected the frame at offset 9, got 8")));
  EXPECT_THAT(Lines(absl::StrCat("+ACK 3 9\r\n", kFrames), options),
              ElementsAre("up 3:9", "down offset_gap",
                          StartsWith("expected the frame at offset 9, got 8")));
}

TEST(ReplayTest, PolicyWithoutContentIsRejected) {
  for (const SnapshotPolicy policy :
       {SnapshotPolicy::kError, SnapshotPolicy::kSkip}) {
    ReplayOptions options;
    options.snapshots.policy = policy;
    EXPECT_THAT(Lines(kFrames, options),
                ElementsAre(StartsWith(absl::StrCat(
                    "snapshots.policy is ", SnapshotPolicyName(policy)))));
  }
}

TEST(ReplayTest, PiecesCutElementsWithoutChangingCalls) {
  const std::string recording =
      ReadFile("testdata/captures/kevy-5.4.0-all-types.resp");
  ReplayOptions options;
  options.snapshots.policy = SnapshotPolicy::kRecords;
  const std::vector<std::string> whole = Lines(recording, options);
  ASSERT_THAT(whole, Contains(StartsWith("payload trailer")).Times(0));
  ASSERT_THAT(whole, Contains(StartsWith("payload hash")));
  ASSERT_EQ(whole.back(), "OK");
  for (options.piece = 1; options.piece < 100; options.piece += 7) {
    EXPECT_EQ(Lines(recording, options), whole) << options.piece;
  }
}

TEST(ReplayTest, ChunksComeWithoutDecoding) {
  const std::vector<std::string> lines =
      Lines(ReadFile("testdata/captures/kevy-5.4.0-all-types.resp"));
  EXPECT_THAT(lines, Contains(StartsWith("chunk KEVYSNAP")));
  EXPECT_THAT(lines, Not(Contains(StartsWith("payload"))));
}

TEST(ReplayTest, SnapshotInPlaceIsVoidWhenBrokenOff) {
  const absl::string_view kBroken = "+ACK 7 0\r\n+SNAPSHOT\r\n$1\r\nx\r\n";
  ReplayOptions options;
  for (const bool in_place : {false, true}) {
    options.snapshots.in_place = in_place;
    EXPECT_THAT(
        Lines(kBroken, options),
        ElementsAre("up 0:0", "begin", "chunk x", "void", "down truncated",
                    StartsWith("the stream ended inside a snapshot")))
        << in_place;
  }
}

TEST(ReplayTest, ReturnsHandlersError) {
  RecordingHandler handler;
  handler.on_line = [](absl::string_view line) {
    return line == "frame 8 a" ? absl::InternalError("no room")
                               : absl::OkStatus();
  };
  EXPECT_EQ(Replay(kFrames, &handler), absl::InternalError("no room"));
  EXPECT_THAT(handler.lines(), Contains("down stopped"));
}

TEST(ReplayTest, EveryPrefixEnds) {
  const std::string recording = absl::StrCat("+ACK 7 8\r\n", kFrames);
  int clean = 0;
  for (size_t size = 0; size < recording.size(); ++size) {
    clean += Lines(recording.substr(0, size)).back() == "OK" ? 1 : 0;
  }
  EXPECT_EQ(clean, 2);  // Behind the answer, and behind the first frame.
}

TEST(ReplayTest, MalformedAnswerIsAnError) {
  RecordingHandler handler;
  const absl::Status end = Replay("+ACK seven\r\n", &handler);
  EXPECT_EQ(ReplicaErrorKindOf(end), ReplicaErrorKind::kAckMalformed) << end;
}

}  // namespace
}  // namespace kevy_replica
