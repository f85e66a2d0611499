// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The soak's handler: each demand is violated once.

#include "kevy_replica/tools/testing/soak_handler.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/testing/soak_report.h"
#include "kevy_replica/tools/testing/soak_stream.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const uint64_t kGeneration = FirstSoakGeneration(0);

class SoakHandlerTest : public ::testing::Test {
 protected:
  // Delivers the frames at `offsets`, with the bytes of `generation`.
  absl::Status Frames(const std::vector<uint64_t>& offsets,
                      uint64_t generation = kGeneration) {
    std::vector<OwnedFrame> owned;
    for (const uint64_t offset : offsets) {
      const std::vector<std::string> command = SoakCommand(generation, offset);
      std::string wire;
      EXPECT_EQ(AppendFrame(offset, command, &wire), WireError::kNone);
      FrameDecoder decoder;
      FrameView frame;
      EXPECT_TRUE(decoder.Decode(wire, &frame).done());
      owned.emplace_back(frame);
    }
    std::vector<FrameView> frames;
    for (const OwnedFrame& frame : owned) frames.push_back(frame.view());
    return handler_.OnFrames(frames, {kGeneration, offsets.back() + 1});
  }

  // Delivers the snapshot with these bytes, told as `position`.
  absl::Status Snapshot(absl::string_view payload,
                        const FeedPosition& position) {
    absl::Status status = handler_.OnSnapshotBegin();
    status.Update(handler_.OnSnapshotChunk(payload.substr(0, 5)));
    status.Update(handler_.OnSnapshotChunk(payload.substr(5)));
    status.Update(handler_.OnSnapshotEnd(position));
    return status;
  }
  absl::Status Snapshot(const FeedPosition& position) {
    return Snapshot(SoakPayload(position), position);
  }

  void ExpectViolation(absl::string_view text) {
    EXPECT_THAT(report_.texts(), ElementsAre(HasSubstr(std::string(text))));
  }

  SoakReport report_;
  SoakHandler handler_{0, &report_};
};

TEST_F(SoakHandlerTest, StreamInOrderPasses) {
  EXPECT_TRUE(Snapshot({kGeneration, 5}).ok());
  EXPECT_TRUE(Frames({5, 6}).ok());
  EXPECT_TRUE(Frames({7}).ok());
  EXPECT_TRUE(Snapshot({kGeneration, 100}).ok());
  EXPECT_TRUE(Frames({100}).ok());
  // A later generation may begin at any offset, and is told later.
  const FeedPosition later = {kGeneration + 1, 0};
  EXPECT_TRUE(Snapshot(SoakPayload(later), {0, 0}).ok());
  EXPECT_EQ(handler_.held(), later);
  EXPECT_THAT(report_.texts(), IsEmpty());
  EXPECT_EQ(report_.frames, 4u);
  EXPECT_EQ(report_.snapshots, 3u);
}

TEST_F(SoakHandlerTest, LostFrameIsViolation) {
  handler_.Resume({kGeneration, 5});
  EXPECT_FALSE(Frames({5, 7}).ok());
  ExpectViolation("the frame at 7 came");
}

TEST_F(SoakHandlerTest, LostBatchIsViolation) {
  handler_.Resume({kGeneration, 5});
  EXPECT_TRUE(Frames({5}).ok());
  EXPECT_FALSE(Frames({7}).ok());
  ExpectViolation("the frame at 7 came");
}

TEST_F(SoakHandlerTest, DoubledFrameIsViolation) {
  handler_.Resume({kGeneration, 5});
  EXPECT_FALSE(Frames({5, 5}).ok());
  ExpectViolation("the frame at 5 came");
}

TEST_F(SoakHandlerTest, FrameOfOtherGenerationIsViolation) {
  handler_.Resume({kGeneration, 5});
  EXPECT_FALSE(Frames({5}, kGeneration + 1).ok());
  ExpectViolation("has other bytes");
}

TEST_F(SoakHandlerTest, FrameOntoUncountedDataIsViolation) {
  handler_.Resume({kGeneration, 5});
  LinkDown down;
  down.resync = true;
  EXPECT_TRUE(handler_.OnLinkDown(down).ok());
  EXPECT_FALSE(Frames({5}).ok());
  ExpectViolation("data that does not count");
}

TEST_F(SoakHandlerTest, FrameInSnapshotIsViolation) {
  handler_.Resume({kGeneration, 5});
  EXPECT_TRUE(handler_.OnSnapshotBegin().ok());
  EXPECT_FALSE(Frames({5}).ok());
  ExpectViolation("inside a snapshot");
}

TEST_F(SoakHandlerTest, ShortSnapshotIsViolation) {
  const FeedPosition position = {kGeneration, 5};
  std::string payload = SoakPayload(position);
  payload.pop_back();
  EXPECT_FALSE(Snapshot(payload, position).ok());
  ExpectViolation("has other bytes");
}

TEST_F(SoakHandlerTest, EarlierSnapshotIsViolation) {
  handler_.Resume({kGeneration + 1, 5});
  EXPECT_FALSE(Snapshot({kGeneration, 9}).ok());
  ExpectViolation("lies before the held data");
}

TEST_F(SoakHandlerTest, WrongPositionIsViolation) {
  EXPECT_FALSE(Snapshot(SoakPayload({kGeneration, 5}), {kGeneration, 6}).ok());
  ExpectViolation("was told");
}

TEST_F(SoakHandlerTest, UnvoidedSnapshotIsViolation) {
  EXPECT_TRUE(handler_.OnSnapshotBegin().ok());
  EXPECT_FALSE(handler_.OnLinkDown(LinkDown()).ok());
  ExpectViolation("not made void");
}

TEST_F(SoakHandlerTest, LinkElsewhereIsViolation) {
  handler_.Resume({kGeneration, 5});
  LinkUp up;
  up.from = {kGeneration, 4};
  handler_.OnLinkUp(up);
  ExpectViolation("the link goes on");
}

TEST_F(SoakHandlerTest, ResetIsViolation) {
  EXPECT_FALSE(handler_.OnReset({}).ok());
  ExpectViolation("a reset came");
}

}  // namespace
}  // namespace kevy_replica
