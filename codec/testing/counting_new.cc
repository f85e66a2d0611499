// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/counting_new.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

// The originals, as the linker's --wrap names them.
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

// All forms except the aligned ones: malloc's alignment suffices for every type
// of the codec. A sanitizer's own nothrow form would not match these delete
// operators.
void* operator new(size_t size) {
  return kevy_replica::codec_testing::CountedNew(size);
}
void* operator new[](size_t size) {
  return kevy_replica::codec_testing::CountedNew(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return kevy_replica::codec_testing::CountedNew(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return kevy_replica::codec_testing::CountedNew(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

// The linker's --wrap, see BUILD.bazel.
extern "C" void* __wrap_malloc(size_t size) {
  kevy_replica::codec_testing::Count(size);
  return __real_malloc(size);
}
extern "C" void* __wrap_realloc(void* memory, size_t size) {
  kevy_replica::codec_testing::Count(size);
  return __real_realloc(memory, size);
}
