// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_BENCHMARKS_TEMPORARY_FOLDER_H_
#define KEVY_REPLICA_BENCHMARKS_TEMPORARY_FOLDER_H_

#include <stdlib.h>

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kevy_replica {
namespace benchmarks {

// Makes a folder for a Unix socket, whose path must be free and short. The
// caller removes it.
inline absl::StatusOr<std::string> MakeTemporaryFolder() {
  std::string folder = "/tmp/kevy_benchmark.XXXXXX";
  if (mkdtemp(&folder[0]) == nullptr) {
    return absl::ErrnoToStatus(errno, "mkdtemp");
  }
  return folder;
}

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_TEMPORARY_FOLDER_H_
