// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Time that passes only when the simulation says so.

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
