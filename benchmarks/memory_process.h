// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A running program and the memory that it takes.

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
  // Runs `command`, the path of the program and its arguments. Discards its
  // standard output.
  static absl::StatusOr<std::unique_ptr<MemoryProcess>> Start(
      std::vector<std::string> command);
  ~MemoryProcess();  // Kills it unless Wait() was called.
  MemoryProcess(const MemoryProcess&) = delete;
  MemoryProcess& operator=(const MemoryProcess&) = delete;

  // The resident memory of the running program. The peak comes from VmHWM:
  // ru_maxrss would start at the parent's memory.
  struct Memory {
    uint64_t peak_kib = 0;
    uint64_t now_kib = 0;
  };
  absl::StatusOr<Memory> Measure() const;

  // Waits for its end. An error if its exit status differs from 0.
  absl::Status Wait();

 private:
  explicit MemoryProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // 0 after Wait().
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_MEMORY_PROCESS_H_
