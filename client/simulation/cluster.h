// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One run of a follower over a cluster of three nodes, on a virtual clock. One
// seed determines all of it.
//
//   const ClusterResult result = SimulateCluster(seed, 200);
//   EXPECT_EQ(result.failure, "");
//
// Each round kills, demotes or brings back nodes while a primary writes, until
// one primary is left in peace. The follower (PrimaryLocator and Shard) must
// then hold its data within 10 s. It must not connect to a node that has been a
// replica for longer than two checks, and must resume from its held data
// wherever it goes.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_CLUSTER_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_CLUSTER_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace kevy_replica {
namespace simulation {

struct ClusterResult {
  std::string failure;  // Empty: every check passed.
  std::string trace;    // The last events.
  absl::Duration slowest;
  // How often each of these happened.
  uint64_t kills = 0;
  uint64_t vanishings = 0;
  uint64_t failovers = 0;
  uint64_t splits = 0;
  uint64_t links = 0;
  uint64_t demoted_links = 0;
  uint64_t snapshots = 0;
};

ClusterResult SimulateCluster(uint64_t seed, int rounds);

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_CLUSTER_H_
