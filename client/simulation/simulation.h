// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One run: a follower, a primary, a network between them, chance and time, all
// from one seed.
//
//   const SimulationResult result = Simulate(seed, Tracing::kOff);
//   if (!result.failure.empty()) {
//     // Simulate(seed, Tracing::kKeep).trace tells how it came.
//   }
//
// Storms, in which everything goes wrong that the seed has chosen, alternate
// with calms, at whose end the replica must hold what the primary holds. See
// README.md for what is checked, and for what is left out and why.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_SIMULATION_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_SIMULATION_H_

#include <cstdint>
#include <string>

#include "kevy_replica/client/simulation/record.h"

namespace kevy_replica {
namespace simulation {

enum class Tracing : uint8_t {
  kOff,
  kKeep,   // The last lines.
  kPrint,  // All, to the standard error output.
};

struct SimulationResult {
  std::string failure;  // Empty: every invariant held.
  std::string trace;
  Counts counts{};
};

SimulationResult Simulate(uint64_t seed, Tracing tracing);

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_SIMULATION_H_
