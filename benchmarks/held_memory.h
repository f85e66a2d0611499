// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The memory that this process holds.

#ifndef KEVY_REPLICA_BENCHMARKS_HELD_MEMORY_H_
#define KEVY_REPLICA_BENCHMARKS_HELD_MEMORY_H_

#include <cstdint>

namespace kevy_replica {
namespace benchmarks {

struct HeldMemory {
  // Bytes allocated and not yet freed. 0 if the allocator does not tell.
  int64_t heap_bytes = 0;
  // Resident bytes: pages that were touched.
  int64_t resident_bytes = 0;
};

HeldMemory MeasureHeldMemory();

// Returns the same after giving free memory back to the system, so that later
// use makes pages resident anew. Some allocators cannot give memory back.
HeldMemory TrimAndMeasureHeldMemory();

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_HELD_MEMORY_H_
