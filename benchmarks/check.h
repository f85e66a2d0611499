// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// For what cannot fail unless the machine is out of something.

#ifndef KEVY_REPLICA_BENCHMARKS_CHECK_H_
#define KEVY_REPLICA_BENCHMARKS_CHECK_H_

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kevy_replica {
namespace benchmarks {

// OK, or the end of the program with the status on stderr.
inline void OkOrDie(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// The value, or the same end.
template <typename T>
T ValueOrDie(absl::StatusOr<T> value) {
  OkOrDie(value.status());
  return *std::move(value);
}

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_CHECK_H_
