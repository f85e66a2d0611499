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
