// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/memory_workload.h"

#include <cstdint>
#include <vector>

namespace kevy_replica {
namespace benchmarks {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kSmallValue = 7;  // As in the corpus set57.

}  // namespace

std::vector<MemoryWorkload> MemoryWorkloads(uint64_t bytes) {
  std::vector<MemoryWorkload> workloads;
  for (const uint64_t size : {kMiB, bytes}) {
    workloads.push_back({"small frames", 0, {{kSmallValue, size}}});
  }
  for (const uint64_t size : {kMiB, bytes}) {
    workloads.push_back({"1 MiB values", 0, {{kMiB, size}}});
  }
  for (const uint64_t size : {kMiB, bytes}) {
    workloads.push_back({"a snapshot", size, {}});
  }
  const uint64_t huge = bytes / 4;
  workloads.push_back({"a huge frame, then small ones",
                       0,
                       {{huge, huge}, {kSmallValue, 2 * huge}}});
  return workloads;
}

}  // namespace benchmarks
}  // namespace kevy_replica
