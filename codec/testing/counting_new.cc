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

#include "kevy_replica/codec/testing/counting_new.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

// What the linker's --wrap makes of the originals.
extern "C" void* __real_malloc(size_t size);
extern "C" void* __real_realloc(void* memory, size_t size);

namespace kevy_replica {
namespace codec_testing {
namespace {

Allocations allocations;

}  // namespace

Allocations AllocationsSoFar() { return allocations; }

void ResetAllocations() { allocations = Allocations(); }

void Count(size_t size) {
  ++allocations.count;
  allocations.bytes += size;
  allocations.largest = std::max(allocations.largest, size);
}

void* CountedNew(size_t size) {
  Count(size);
  void* const memory = __real_malloc(std::max<size_t>(size, 1));
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace codec_testing
}  // namespace kevy_replica

// The array and nothrow forms come here by default; the codec has no type that
// is aligned beyond what malloc gives.
void* operator new(size_t size) {
  return kevy_replica::codec_testing::CountedNew(size);
}
void* operator new[](size_t size) {
  return kevy_replica::codec_testing::CountedNew(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

// The linker's --wrap, see BUILD.bazel.
extern "C" void* __wrap_malloc(size_t size) {
  kevy_replica::codec_testing::Count(size);
  return __real_malloc(size);
}
extern "C" void* __wrap_realloc(void* memory, size_t size) {
  kevy_replica::codec_testing::Count(size);
  return __real_realloc(memory, size);
}
