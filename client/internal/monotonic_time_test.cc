// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/monotonic_time.h"

#include <cstdint>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace client_internal {
namespace {

TEST(MonotonicTimeTest, RoughClockStaysBehindExactClock) {
  absl::Time last = absl::InfinitePast();
  for (int i = 0; i < 1000; ++i) {
    const absl::Time rough = RoughMonotonicNow();
    EXPECT_GE(rough, last);
    EXPECT_LE(rough, MonotonicNow());
    EXPECT_LT(MonotonicNow() - rough, absl::Hours(1));  // The same epoch.
    last = rough;
  }
}

TEST(MonotonicTimeTest, RoughNanosAreTheRoughClock) {
  for (int i = 0; i < 1000; ++i) {
    const int64_t before = absl::ToUnixNanos(RoughMonotonicNow());
    const int64_t nanos = RoughMonotonicNanos();
    EXPECT_GE(nanos, before);
    EXPECT_LE(nanos, absl::ToUnixNanos(RoughMonotonicNow()));
  }
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
