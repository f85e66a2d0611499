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

// What this process holds in memory.

#ifndef KEVY_REPLICA_BENCHMARKS_HELD_MEMORY_H_
#define KEVY_REPLICA_BENCHMARKS_HELD_MEMORY_H_

#include <cstdint>

namespace kevy_replica {
namespace benchmarks {

struct HeldMemory {
  // What was allocated and not freed; 0 where the allocator does not tell.
  int64_t heap_bytes = 0;
  // What is resident: pages that were never touched are not.
  int64_t resident_bytes = 0;
};

HeldMemory MeasureHeldMemory();

// The same, after what is free was given back to the system, so that what comes
// to be held later is resident anew. The allocator may not know how to.
HeldMemory TrimAndMeasureHeldMemory();

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_HELD_MEMORY_H_
