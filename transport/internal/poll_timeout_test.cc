// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/poll_timeout.h"

#include <limits>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

TEST(PollTimeoutMsTest, RoundsUp) {
  EXPECT_EQ(PollTimeoutMs(absl::ZeroDuration()), 0);
  EXPECT_EQ(PollTimeoutMs(absl::Nanoseconds(1)), 1);
  EXPECT_EQ(PollTimeoutMs(absl::Milliseconds(1)), 1);
  EXPECT_EQ(PollTimeoutMs(absl::Microseconds(1001)), 2);
}

TEST(PollTimeoutMsTest, NegativeTimeoutIsZero) {
  EXPECT_EQ(PollTimeoutMs(-absl::Milliseconds(1)), 0);
  EXPECT_EQ(PollTimeoutMs(-absl::InfiniteDuration()), 0);
}

TEST(PollTimeoutMsTest, ClampsLongTimeouts) {
  EXPECT_EQ(PollTimeoutMs(absl::Hours(24 * 365)),
            std::numeric_limits<int>::max());
  EXPECT_EQ(PollTimeoutMs(absl::InfiniteDuration()), -1);
}

}  // namespace
}  // namespace transport_internal
}  // namespace kevy_replica
