// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A program that runs, and the memory that it takes.

#ifndef KEVY_REPLICA_BENCHMARKS_MEMORY_PROCESS_H_
#define KEVY_REPLICA_BENCHMARKS_MEMORY_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kevy_replica {
namespace benchmarks {

class MemoryProcess {
 public:
  // Runs `command`: the program's path and its arguments. What it prints on
  // stdout is thrown away.
  static absl::StatusOr<std::unique_ptr<MemoryProcess>> Start(
      std::vector<std::string> command);
  ~MemoryProcess();  // Kills it, if it was not waited for.
  MemoryProcess(const MemoryProcess&) = delete;
  MemoryProcess& operator=(const MemoryProcess&) = delete;

  // Its resident memory, while it runs. The peak is not rusage's ru_maxrss,
  // which on Linux begins with what the parent held when it started this.
  struct Memory {
    uint64_t peak_kib = 0;
    uint64_t now_kib = 0;
  };
  absl::StatusOr<Memory> Measure() const;

  // Waits for its end. An error if it exited with another status than 0.
  absl::Status Wait();

 private:
  explicit MemoryProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // 0 once it was waited for.
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_MEMORY_PROCESS_H_
