// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A clock that only the simulation advances.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_VIRTUAL_CLOCK_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_VIRTUAL_CLOCK_H_

#include "absl/time/time.h"

namespace kevy_replica {
namespace simulation {

class VirtualClock {
 public:
  absl::Time now() const { return now_; }
  absl::Duration passed() const { return now_ - absl::UnixEpoch(); }
  void Advance(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = absl::UnixEpoch();
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_VIRTUAL_CLOCK_H_
