// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/scan_limit.h"

#include <cstdint>
#include <limits>
#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

TEST(ScanLimitTest, KeysBeyondTwiceTheSizeEndScan) {
  ScanLimit limit(10);
  EXPECT_EQ(limit.Count(100, 100), "");
  EXPECT_EQ(limit.Count(110, 100), "");
  EXPECT_THAT(limit.Count(1, 100),
              HasSubstr("it has brought 211 keys of a database of 100"));
}

TEST(ScanLimitTest, LargestSizeCounts) {
  ScanLimit limit(10);
  EXPECT_EQ(limit.Count(5, 0), "");
  EXPECT_EQ(limit.Count(95, 100), "");
  EXPECT_EQ(limit.Count(110, 0), "");
  EXPECT_NE(limit.Count(1, 0), "");
}

TEST(ScanLimitTest, RepliesWithoutKeyEndScan) {
  ScanLimit limit(10);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(limit.Count(0, 1000000), "");
    EXPECT_EQ(limit.Count(1, 1000000), "");
  }
  EXPECT_THAT(limit.Count(0, 1000000), HasSubstr("11 replies without a key"));
}

TEST(ScanLimitTest, LieAboutSizeIsBounded) {
  ScanLimit liar(0);
  EXPECT_EQ(
      liar.Count(2 * kMaxScannedSize, std::numeric_limits<uint64_t>::max()),
      "");
  EXPECT_NE(liar.Count(1, std::numeric_limits<uint64_t>::max()), "");
  ScanLimit silent(0);
  EXPECT_EQ(silent.Count(2 * kMaxScannedSize, std::nullopt), "");
  EXPECT_NE(silent.Count(1, std::nullopt), "");
}

}  // namespace
}  // namespace kevy_replica
