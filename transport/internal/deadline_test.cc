// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/deadline.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

TEST(DeadlineTest, ZeroAndLessLeaveZero) {
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Nanoseconds(1), -absl::Hours(1),
        -absl::InfiniteDuration()}) {
    EXPECT_FALSE(Deadline(timeout).infinite()) << timeout;
    EXPECT_EQ(Deadline(timeout).remaining(), absl::ZeroDuration()) << timeout;
  }
}

TEST(DeadlineTest, VeryLongIsInfinite) {
  for (const absl::Duration timeout :
       {absl::InfiniteDuration(), absl::Hours(24 * 365 * 300),
        absl::Hours(24 * 365) * 1000000}) {
    EXPECT_TRUE(Deadline(timeout).infinite()) << timeout;
    EXPECT_EQ(Deadline(timeout).remaining(), absl::InfiniteDuration())
        << timeout;
  }
}

TEST(DeadlineTest, RemainingIsAtMostTimeout) {
  const Deadline deadline(absl::Hours(1));
  EXPECT_FALSE(deadline.infinite());
  EXPECT_LE(deadline.remaining(), absl::Hours(1));
  EXPECT_GT(deadline.remaining(), absl::ZeroDuration());
}

}  // namespace
}  // namespace transport_internal
}  // namespace kevy_replica
