// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/held_memory.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace kevy_replica {
namespace benchmarks {

HeldMemory MeasureHeldMemory() {
  HeldMemory memory;
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 33)  // Older versions wrap at 4 GiB.
  const struct mallinfo2 info = mallinfo2();
  memory.heap_bytes = static_cast<int64_t>(info.uordblks + info.hblkhd);
#endif
#endif
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  if (statm >> size >> resident) {
    memory.resident_bytes = resident * sysconf(_SC_PAGESIZE);
  }
  return memory;
}

HeldMemory TrimAndMeasureHeldMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return MeasureHeldMemory();
}

}  // namespace benchmarks
}  // namespace kevy_replica
