// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Streams that differ in the memory that a reader needs.

#ifndef KEVY_REPLICA_BENCHMARKS_MEMORY_WORKLOAD_H_
#define KEVY_REPLICA_BENCHMARKS_MEMORY_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

namespace kevy_replica {
namespace benchmarks {

// A snapshot, then frames.
struct MemoryWorkload {
  // SET commands with values of `value_bytes`, up to `bytes`, and at least one.
  struct Frames {
    uint64_t value_bytes;
    uint64_t bytes;
  };

  std::string name;
  uint64_t snapshot_bytes =
      0;  // 0: an empty snapshot, as for any fresh replica.
  std::vector<Frames> frames;
};

// Small frames, 1 MiB values, and a snapshot: each with 1 MiB, then with
// `bytes`. The last stream has one frame of a quarter of `bytes`, then small
// frames of a half. That is enough for a reader to give back the memory of the
// huge frame.
std::vector<MemoryWorkload> MemoryWorkloads(uint64_t bytes);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_MEMORY_WORKLOAD_H_
