// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The randomness of a simulation. A seed gives the same numbers on every
// machine and with every standard library.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_RANDOM_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_RANDOM_H_

#include <cstdint>

namespace kevy_replica {
namespace simulation {

// SplitMix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Bits() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // At least 0, less than `n`. Precondition: n > 0.
  uint64_t Below(uint64_t n) { return Bits() % n; }
  // At least `low`, at most `high`.
  uint64_t Between(uint64_t low, uint64_t high) {
    return low + Below(high - low + 1);
  }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  // At least 0, less than 1.
  double Fraction() { return static_cast<double>(Bits() >> 11) * 0x1p-53; }

  // A generator for another part of the simulation. Draws of one do not shift
  // the draws of the other.
  Random Fork() { return Random(Bits()); }

 private:
  uint64_t state_;
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_RANDOM_H_
