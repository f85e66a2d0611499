// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_MONOTONIC_TIME_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_MONOTONIC_TIME_H_

#include "absl/time/time.h"

namespace kevy_replica {
namespace client_internal {

// The system's clock that does not go back, as an absl::Time: only differences
// mean something. Thread-safe.
absl::Time MonotonicNow();

// The same to a few milliseconds, which it may lie behind MonotonicNow(): where
// the system has it, at a fraction of the cost.
absl::Time RoughMonotonicNow();

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_MONOTONIC_TIME_H_
