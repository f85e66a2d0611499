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

// How often this program has allocated: linking this replaces the global
// operator new, and wraps the linked code's calls of malloc and realloc (which
// is how a ByteBuffer gets its memory), so it belongs into a test program of
// its own.

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

// What `function` allocates. For programs of one thread.
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
