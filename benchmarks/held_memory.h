// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

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
