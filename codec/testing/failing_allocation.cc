// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/failing_allocation.h"

#include <cstddef>
#include <new>

// The originals, as the linker's --wrap names them.
extern "C" void* __real_malloc(size_t size);
extern "C" void* __real_realloc(void* memory, size_t size);

namespace kevy_replica {
namespace codec_testing {
namespace {

// Allocations up to the one that fails. 0: none fails.
thread_local size_t left = 0;
thread_local bool failed = false;
thread_local bool later_fail = false;

}  // namespace

// For the replaced functions below.
bool FailsNow() {
  if (left == 0) return failed && later_fail;
  if (--left != 0) return false;
  failed = true;
  return true;
}

FailingAllocation::FailingAllocation(size_t number, Later later) {
  left = number;
  failed = false;
  later_fail = later == Later::kFail;
}

FailingAllocation::~FailingAllocation() {
  left = 0;
  failed = false;
}

bool FailingAllocation::has_failed() const { return failed; }

}  // namespace codec_testing
}  // namespace kevy_replica

void* operator new(size_t size, const std::nothrow_t&) noexcept {
  if (kevy_replica::codec_testing::FailsNow()) return nullptr;
  return ::operator new(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  if (kevy_replica::codec_testing::FailsNow()) return nullptr;
  return ::operator new[](size);
}

// The linker's --wrap, see BUILD.bazel. Compilers turn realloc of a null
// pointer into malloc.
extern "C" void* __wrap_malloc(size_t size) {
  if (kevy_replica::codec_testing::FailsNow()) return nullptr;
  return __real_malloc(size);
}
extern "C" void* __wrap_realloc(void* memory, size_t size) {
  if (kevy_replica::codec_testing::FailsNow()) return nullptr;
  return __real_realloc(memory, size);
}
