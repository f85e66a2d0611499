// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A short soak. The long one: `bazel run //tools/testing:soak`.

#include <set>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/tools/testing/soak_run.h"

namespace kevy_replica {
namespace {

using ::testing::IsEmpty;

// Bounded by counts. The waits inside end loudly.
SoakOptions ShortSoak(const client_testing::TempFolder& folder) {
  SoakOptions options;
  options.duration = absl::ZeroDuration();
  options.links = 40;
  options.shards = 6;
  options.folder = folder.path();
  return options;
}

TEST(SoakTest, PlainFleetDeliversEveryByte) {
  const client_testing::TempFolder folder;
  Soak soak(ShortSoak(folder));
  EXPECT_TRUE(soak.Run());
  EXPECT_THAT(soak.report().texts(), IsEmpty());
  EXPECT_GE(soak.report().links, 40u);
  EXPECT_GT(soak.report().frames, 0u);
  EXPECT_GT(soak.report().snapshots, 0u);
  EXPECT_GT(soak.report().acks, 0u);
}

TEST(SoakTest, HalfSecureFleetDeliversEveryByte) {
  const client_testing::TempFolder folder;
  SoakOptions options = ShortSoak(folder);
  options.secure = true;
  options.seed = 2;
  Soak soak(options);
  EXPECT_TRUE(soak.Run());
  EXPECT_THAT(soak.report().texts(), IsEmpty());
  EXPECT_GE(soak.report().links, 40u);
}

TEST(SoakReportTest, EveryFaultHasItsName) {
  std::set<std::string> names;
  for (size_t i = 0; i < kSoakFaults; ++i) {
    names.emplace(SoakFaultName(static_cast<SoakFault>(i)));
  }
  EXPECT_EQ(names.size(), kSoakFaults);
  EXPECT_EQ(SoakFaultName(SoakFault::kSlowClose), "slow_close");
}

}  // namespace
}  // namespace kevy_replica
