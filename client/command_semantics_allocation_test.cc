// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Classify() allocates nothing for a command that it does not rewrite.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/testing/counting_new.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

uint64_t AllocationsFor(const std::vector<absl::string_view>& argv) {
  std::string wire;
  EXPECT_EQ(AppendFrame(0, argv, &wire), WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  EXPECT_TRUE(decoder.Decode(wire, &frame).done());
  const KevyVersion version = {5, 4, 0};
  return codec_testing::AllocationsOf([&] { Classify(frame.argv(), version); })
      .count;
}

TEST(CommandSemanticsAllocationTest, OnlyRewritesAllocate) {
  EXPECT_EQ(AllocationsFor({"SET", "k", "v", "EX", "9"}), 0u);
  EXPECT_EQ(AllocationsFor({"SET", "k", "v", "KEEPTTL"}), 0u);
  EXPECT_EQ(AllocationsFor({"HSET", "h", "f", "v"}), 0u);
  EXPECT_EQ(AllocationsFor({"XADD", "s", "MAXLEN", "9", "*", "f", "v"}), 0u);
  EXPECT_EQ(AllocationsFor({"XINTERNAL.CATALOG", "1"}), 0u);
  EXPECT_GT(AllocationsFor({"XTRIM", "s", "MAXLEN", "~", "1"}), 0u);
}

}  // namespace
}  // namespace kevy_replica
