// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/limits.h"

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(LimitsTest, DefaultsAreTheDocumentedOnes) {
  const Limits limits;
  EXPECT_EQ(limits.max_arguments, 1'048'576u);
  EXPECT_EQ(limits.max_bulk_bytes, 536'870'912u);     // 512 MiB.
  EXPECT_EQ(limits.max_frame_bytes, 1'073'741'824u);  // 1 GiB.
  EXPECT_EQ(limits.max_line_bytes, 256u);
  EXPECT_EQ(limits.max_chunk_bytes, 65'536u);             // 64 KiB.
  EXPECT_EQ(limits.max_snapshot_bytes, 17'179'869'184u);  // 16 GiB.
  EXPECT_EQ(limits.max_trailer_bytes, 1'048'576u);        // 1 MiB.
  EXPECT_EQ(kMaxFrameOffset, 9'223'372'036'854'775'807u);
}

}  // namespace
}  // namespace kevy_replica
