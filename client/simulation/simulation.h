// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One run: a follower, a primary, a network between them, and a clock. One seed
// determines all of it.
//
//   const SimulationResult result = Simulate(seed, Tracing::kOff);
//   if (!result.failure.empty()) {
//     // Simulate(seed, Tracing::kKeep).trace tells the way to it.
//   }
//
// Storms alternate with calms. In a storm, the faults that the seed has chosen
// occur. At the end of a calm, replica and primary must hold the same data.
// README.md lists the checks and the gaps.

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

enum class Links : uint8_t {
  kPlain,
  kSecure,  // Over NoiseTransport.
};

struct SimulationResult {
  std::string failure;  // Empty: every check passed.
  std::string trace;
  Counts counts{};
};

SimulationResult Simulate(uint64_t seed, Tracing tracing,
                          Links links = Links::kPlain);

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_SIMULATION_H_
