// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Ends the program on failures that only an exhausted machine explains.

#ifndef KEVY_REPLICA_BENCHMARKS_CHECK_H_
#define KEVY_REPLICA_BENCHMARKS_CHECK_H_

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kevy_replica {
namespace benchmarks {

// Ends the program with the status on stderr unless it is OK.
inline void OkOrDie(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// Returns the value, or ends the program in the same way.
template <typename T>
T ValueOrDie(absl::StatusOr<T> value) {
  OkOrDie(value.status());
  return *std::move(value);
}

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_CHECK_H_
