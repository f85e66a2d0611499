// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Counts the allocations of a program. It replaces the global operator new, and
// wraps the linked code's calls of malloc and realloc, from which a ByteBuffer
// has its memory. Link it into a test program of its own.

#ifndef KEVY_REPLICA_CODEC_TESTING_COUNTING_NEW_H_
#define KEVY_REPLICA_CODEC_TESTING_COUNTING_NEW_H_

#include <cstddef>
#include <cstdint>

namespace kevy_replica {
namespace codec_testing {

struct Allocations {
  uint64_t count = 0;
  uint64_t bytes = 0;
  size_t largest = 0;
};

// Returns the allocations of `function`. For programs of one thread.
Allocations AllocationsSoFar();
void ResetAllocations();

template <typename Function>
Allocations AllocationsOf(Function&& function) {
  ResetAllocations();
  function();
  return AllocationsSoFar();
}

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_COUNTING_NEW_H_
