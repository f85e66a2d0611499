// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/progress.h"

#include <chrono>
#include <optional>

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(StatusLineTest, ShowsRateOfLastSecond) {
  const StatusLine::Clock::time_point start{};
  StatusLine line(start);
  EXPECT_EQ(line.Text({0, 0, std::nullopt}, start),
            "0 frames, 0 bytes, 0 frames/s");
  EXPECT_EQ(line.Text({14, 1770, 0}, start + milliseconds(999)),
            "14 frames, 1770 bytes, 14 frames/s, lag 0");
  EXPECT_EQ(line.Text({30, 1770, 3}, start + seconds(2)),
            "30 frames, 1770 bytes, 15 frames/s, lag 3");
  // Half a second later the rate is still the same.
  EXPECT_EQ(line.Text({40, 2000, 3}, start + milliseconds(2500)),
            "40 frames, 2000 bytes, 15 frames/s, lag 3");
  EXPECT_EQ(line.Text({40, 2000, 3}, start + seconds(12)),
            "40 frames, 2000 bytes, 1 frames/s, lag 3");
  EXPECT_EQ(line.Text({40, 2000, 3}, start + seconds(13)),
            "40 frames, 2000 bytes, 0 frames/s, lag 3");
}

}  // namespace
}  // namespace kevy_replica
