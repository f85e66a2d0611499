// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Streams that are told apart by what a reader may have to hold.

#ifndef KEVY_REPLICA_BENCHMARKS_MEMORY_WORKLOAD_H_
#define KEVY_REPLICA_BENCHMARKS_MEMORY_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

namespace kevy_replica {
namespace benchmarks {

// A snapshot, then frames.
struct MemoryWorkload {
  // SETs of a value of `value_bytes`: one, and more until they have `bytes`.
  struct Frames {
    uint64_t value_bytes;
    uint64_t bytes;
  };

  std::string name;
  uint64_t snapshot_bytes = 0;  // 0: an empty one, as any fresh replica gets.
  std::vector<Frames> frames;
};

// Small frames, 1 MiB values, and a snapshot: each with 1 MiB, then with
// `bytes`. At last a frame of a quarter of `bytes`, and small ones of a half:
// so many that a reader may be expected to have given back the huge one's
// memory.
std::vector<MemoryWorkload> MemoryWorkloads(uint64_t bytes);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_MEMORY_WORKLOAD_H_
