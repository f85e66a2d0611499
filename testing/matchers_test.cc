// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/matchers.h"

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Matcher;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::Pointee;
using ::testing::SizeIs;
using ::testing::StartsWith;

class MatchersTest : public ::testing::Test {
 protected:
  MatchersTest() {
    EXPECT_EQ(
        AppendFrame(8, {"SET", "foo", absl::string_view("b\r\n\xff\0", 5)},
                    &wire_),
        WireError::kNone);
    EXPECT_TRUE(decoder_.Decode(wire_, &frame_).done());
  }

  std::string wire_;
  FrameDecoder decoder_;
  FrameView frame_;
};

// Returns the text of a failed EXPECT_THAT after "Actual: <value>, ".
std::string Explain(const Matcher<StreamEvent>& matcher,
                    const StreamEvent& event) {
  ::testing::StringMatchResultListener listener;
  EXPECT_FALSE(matcher.MatchAndExplain(event, &listener));
  return listener.str();
}

TEST_F(MatchersTest, MatchesFrameAsEventAndAlone) {
  const std::string binary("b\r\n\xff\0", 5);
  const StreamEvent event = frame_;
  EXPECT_THAT(frame_, IsFrame(8, ElementsAre("SET", "foo", binary)));
  EXPECT_THAT(event, IsFrame(8, ElementsAre("SET", "foo", binary)));
  EXPECT_THAT(&event, Pointee(IsFrame(8, SizeIs(3))));
  EXPECT_THAT(event, IsFrame(Ge(7u), Contains("foo")));
  EXPECT_THAT(event, IsFrame(_, _));
  EXPECT_THAT(event,
              IsFrame(8, std::vector<std::string>{"SET", "foo", binary}));
  EXPECT_THAT((std::vector<StreamEvent>{event, event}), Each(IsFrame(8, _)));

  EXPECT_THAT(event, Not(IsFrame(9, _)));
  EXPECT_THAT(event, Not(IsFrame(8, ElementsAre("SET", "foo"))));
  EXPECT_THAT(event, Not(IsFrame(8, ElementsAre("SET", "fop", binary))));
  EXPECT_THAT(event, Not(IsHeartbeat(_, _)));
  EXPECT_THAT(event, Not(IsSnapshotBegin()));
  EXPECT_THAT(event, Not(IsSnapshotChunk(_)));
  EXPECT_THAT(event, Not(IsSnapshotEnd(_)));
}

TEST_F(MatchersTest, MatchesHeartbeat) {
  const Heartbeat heartbeat{7, 9};
  EXPECT_THAT(heartbeat, IsHeartbeat(7, 9));
  EXPECT_THAT(StreamEvent(heartbeat), IsHeartbeat(7, 9));
  EXPECT_THAT(heartbeat, IsHeartbeat(_, Ge(9u)));
  EXPECT_THAT(heartbeat, Not(IsHeartbeat(8, 9)));
  EXPECT_THAT(heartbeat, Not(IsHeartbeat(7, 8)));
  EXPECT_THAT(heartbeat, Not(IsFrame(_, _)));
}

TEST_F(MatchersTest, MatchesSnapshot) {
  EXPECT_THAT(SnapshotBegin{}, IsSnapshotBegin());
  EXPECT_THAT(StreamEvent(SnapshotBegin{}), IsSnapshotBegin());
  EXPECT_THAT(SnapshotBegin{}, Not(IsSnapshotEnd(_)));

  const SnapshotChunk chunk{absl::string_view("KEVYSNAP\0", 9)};
  EXPECT_THAT(chunk, IsSnapshotChunk(std::string("KEVYSNAP\0", 9)));
  EXPECT_THAT(StreamEvent(chunk), IsSnapshotChunk(StartsWith("KEVYSNAP")));
  EXPECT_THAT(chunk, IsSnapshotChunk(SizeIs(9)));
  EXPECT_THAT(chunk, Not(IsSnapshotChunk(IsEmpty())));
  EXPECT_THAT(chunk, Not(IsSnapshotBegin()));

  EXPECT_THAT(SnapshotEnd{14}, IsSnapshotEnd(14));
  EXPECT_THAT(StreamEvent(SnapshotEnd{14}), IsSnapshotEnd(Ge(14u)));
  EXPECT_THAT(SnapshotEnd{14}, Not(IsSnapshotEnd(15)));
  EXPECT_THAT(SnapshotEnd{14}, Not(IsSnapshotBegin()));
}

TEST_F(MatchersTest, FailureShowsEventAndReason) {
  EXPECT_THAT(Explain(IsFrame(9, _), frame_),
              AllOf(StartsWith(R"(which is [8 "SET" "foo" "b\r\n\xff\x00"], )"),
                    ContainsRegex("property .offset. is 8")));
  EXPECT_THAT(Explain(IsFrame(8, ElementsAre("SET", "bar", _)), frame_),
              AllOf(StartsWith(R"(which is [8 "SET" "foo")"),
                    HasSubstr("whose element #1")));

  EXPECT_EQ(Explain(IsFrame(8, _), Heartbeat{7, 9}),
            "which is [# heartbeat generation=7 next_offset=9]");
  EXPECT_THAT(
      Explain(IsHeartbeat(7, 8), Heartbeat{7, 9}),
      AllOf(StartsWith("which is [# heartbeat generation=7 next_offset=9], "),
            ContainsRegex("field .next_offset. is 9")));
  EXPECT_THAT(Explain(IsSnapshotEnd(15), SnapshotEnd{14}),
              AllOf(StartsWith("which is [# snapshot_end next_offset=14], "),
                    ContainsRegex("field .next_offset. is 14")));
  EXPECT_EQ(Explain(IsSnapshotBegin(), frame_),
            R"(which is [8 "SET" "foo" "b\r\n\xff\x00"])");
  EXPECT_THAT(Explain(IsSnapshotChunk("x"), SnapshotChunk{"KEVYSNAP"}),
              StartsWith("which is [# snapshot_chunk bytes=8]"));
}

TEST_F(MatchersTest, DescribesItself) {
  const Matcher<StreamEvent> frame = IsFrame(8, ElementsAre("DEL"));
  EXPECT_THAT(::testing::DescribeMatcher<StreamEvent>(frame),
              MatchesRegex("is a frame that .*offset.* is equal to 8.*"
                           "arguments.*element.* is equal to .DEL.*"));
  EXPECT_THAT(::testing::DescribeMatcher<StreamEvent>(frame, /*negation=*/true),
              StartsWith("is not a frame that "));
  EXPECT_EQ(::testing::DescribeMatcher<StreamEvent>(IsSnapshotBegin()),
            "is a snapshot's begin that is anything");
}

}  // namespace
}  // namespace kevy_replica
