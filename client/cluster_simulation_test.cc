// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/simulation/cluster.h"

namespace kevy_replica {
namespace {

using simulation::ClusterResult;
using simulation::SimulateCluster;

constexpr int kRounds = 200;
constexpr uint64_t kSeeds = 3;

TEST(ClusterSimulationTest, FollowerEndsOnPrimary) {
  ClusterResult all;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const ClusterResult result = SimulateCluster(seed, kRounds);
    ASSERT_EQ(result.failure, "") << "seed " << seed << "\n" << result.trace;
    EXPECT_LE(result.slowest, absl::Seconds(10));
    all.kills += result.kills;
    all.vanishings += result.vanishings;
    all.failovers += result.failovers;
    all.splits += result.splits;
    all.links += result.links;
    all.demoted_links += result.demoted_links;
    all.snapshots += result.snapshots;
  }
  EXPECT_GT(all.kills, 0u);
  EXPECT_GT(all.vanishings, 0u);
  EXPECT_GT(all.failovers, 0u);
  EXPECT_GT(all.splits, 0u);
  EXPECT_GT(all.demoted_links, 0u);
  // Some links resume without a snapshot.
  EXPECT_LT(all.snapshots, all.links);
  RecordProperty("links", static_cast<int>(all.links));
}

TEST(ClusterSimulationTest, SeedDeterminesRun) {
  const ClusterResult first = SimulateCluster(7, 20);
  const ClusterResult second = SimulateCluster(7, 20);
  EXPECT_EQ(first.trace, second.trace);
  EXPECT_NE(first.trace, SimulateCluster(8, 20).trace);
}

}  // namespace
}  // namespace kevy_replica
