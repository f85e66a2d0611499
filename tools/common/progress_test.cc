// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/progress.h"

#include <optional>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(StatusLineTest, ShowsRateOfLastSecond) {
  const absl::Time start = absl::UnixEpoch();
  StatusLine line(start);
  EXPECT_EQ(line.Text({0, 0, std::nullopt}, start),
            "0 frames, 0 bytes, 0 frames/s");
  EXPECT_EQ(line.Text({14, 1770, 0}, start + absl::Milliseconds(999)),
            "14 frames, 1770 bytes, 14 frames/s, lag 0");
  EXPECT_EQ(line.Text({30, 1770, 3}, start + absl::Seconds(2)),
            "30 frames, 1770 bytes, 15 frames/s, lag 3");
  // Half a second later the rate is still the same.
  EXPECT_EQ(line.Text({40, 2000, 3}, start + absl::Milliseconds(2500)),
            "40 frames, 2000 bytes, 15 frames/s, lag 3");
  EXPECT_EQ(line.Text({40, 2000, 3}, start + absl::Seconds(12)),
            "40 frames, 2000 bytes, 1 frames/s, lag 3");
  EXPECT_EQ(line.Text({40, 2000, 3}, start + absl::Seconds(13)),
            "40 frames, 2000 bytes, 0 frames/s, lag 3");
}

}  // namespace
}  // namespace kevy_replica
