// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/testing/watchdog.h"

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace transport_testing {
namespace {

TEST(WatchdogDeathTest, EndsHangingTest) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const Watchdog watchdog("Some.Test", absl::Milliseconds(1));
        absl::SleepFor(absl::Seconds(60));
      },
      "Some.Test still waits after 1ms");
}

TEST(WatchdogTest, EndsWithTest) {
  std::optional<Watchdog> watchdog(std::in_place, "Some.Test", absl::Hours(1));
  watchdog.reset();
}

}  // namespace
}  // namespace transport_testing
}  // namespace kevy_replica
