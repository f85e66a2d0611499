// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/program.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

TEST(DescribeTest, NamesKindAndAction) {
  EXPECT_EQ(Describe(OffsetGapError({8, 9}, "expected 8, got 9")),
            "offset_gap: expected 8, got 9 (action: resync)");
}

TEST(DescribeTest, LeavesOutActionOfCaller) {
  EXPECT_EQ(Describe(absl::DeadlineExceededError("nothing came within 5s")),
            "deadline_exceeded: nothing came within 5s");
}

TEST(DescribeTest, TellsRemedyBeforeAction) {
  EXPECT_EQ(Describe(ReplicaWireError(ReplicaErrorKind::kPayload,
                                      WireError::kRowSegment, "m")),
            "payload: m; a table with a WINDOW keeps such rows out of its "
            "snapshots (action: back_off)");
}

}  // namespace
}  // namespace kevy_replica
