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

#include "kevy_replica/benchmarks/fleet_pass.h"

#include <time.h>

#include <chrono>

#include "kevy_replica/benchmarks/held_memory.h"

namespace kevy_replica {
namespace benchmarks {

double ThreadCpuSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

void FleetPass::Start() {
  start_ = std::chrono::steady_clock::now();
  cpu_start_ = ThreadCpuSeconds();
}

void FleetPass::End() {
  seconds_ =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_)
          .count();
  cpu_seconds_ = ThreadCpuSeconds() - cpu_start_;
  ended_ = true;
  // While all shards are there: their memory goes with their links.
  const HeldMemory now = MeasureHeldMemory();
  memory_.heap_bytes = now.heap_bytes - before_.heap_bytes;
  memory_.resident_bytes = now.resident_bytes - before_.resident_bytes;
  if (at_end) at_end();
}

}  // namespace benchmarks
}  // namespace kevy_replica
