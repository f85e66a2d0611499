// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/program.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

TEST(DescribeTest, NamesFlagOfEveryLimit) {
  for (const auto& [error, flag] :
       {std::pair(WireError::kTooManyArguments, "--max_arguments"),
        std::pair(WireError::kBulkTooLong, "--max_bulk_bytes"),
        std::pair(WireError::kFrameTooLong, "--max_frame_bytes"),
        std::pair(WireError::kLineTooLong, "--max_line_bytes"),
        std::pair(WireError::kChunkTooLong, "--max_chunk_bytes"),
        std::pair(WireError::kSnapshotTooLong, "--max_snapshot_bytes")}) {
    EXPECT_EQ(Describe(ReplicaWireError(ReplicaErrorKind::kFrame, error, "m")),
              absl::StrCat("frame: m; ", flag,
                           " sets the limit (action: reconnect)"));
  }
}

TEST(DescribeTest, TellsWhereRowsOfWindowAre) {
  EXPECT_EQ(RemedyOf(WireError::kRowSegment),
            "; it is a row of a table with a WINDOW, which lies on the "
            "primary's disk and not in its snapshots: read such rows over the "
            "client port");
}

}  // namespace
}  // namespace kevy_replica
