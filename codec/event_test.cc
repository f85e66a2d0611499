// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/event.h"

#include <string>

#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {
namespace {

std::string Text(const StreamEvent& event) {
  std::string text = "> ";  // Stays: the text is appended.
  AppendText(event, &text);
  return text;
}

TEST(EventTest, AppendsTextOfEveryElement) {
  FrameDecoder decoder;
  FrameView frame;
  ASSERT_TRUE(decoder
                  .Decode("*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$4\r\n"
                          "b\r\n\xff\r\n",
                          &frame)
                  .done());
  EXPECT_EQ(Text(frame), R"(> 8 "SET" "foo" "b\r\n\xff")");
  EXPECT_EQ(Text(Heartbeat{1, 9}), "> # heartbeat generation=1 next_offset=9");
  EXPECT_EQ(Text(SnapshotBegin()), "> # snapshot_begin");
  EXPECT_EQ(Text(SnapshotChunk{"hello"}), "> # snapshot_chunk bytes=5");
  EXPECT_EQ(Text(SnapshotEnd{9}), "> # snapshot_end next_offset=9");
}

TEST(EventTest, DefaultEventIsAFrameWithoutArguments) {
  EXPECT_EQ(Text(StreamEvent()), "> 0");
}

}  // namespace
}  // namespace kevy_replica
