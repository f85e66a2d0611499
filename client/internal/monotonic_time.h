// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_MONOTONIC_TIME_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_MONOTONIC_TIME_H_

#include <cstdint>

#include "absl/time/time.h"

namespace kevy_replica {
namespace client_internal {

// The system's monotonic clock. Only differences of its times have a meaning.
// Thread-safe.
absl::Time MonotonicNow();

// A coarse reading of the same clock: up to a few milliseconds behind
// MonotonicNow(), never ahead of it. Thread-safe.
absl::Time RoughMonotonicNow();
// The same in nanoseconds: absl::ToUnixNanos(RoughMonotonicNow()), without the
// conversions, which take longer than the reading.
int64_t RoughMonotonicNanos();

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_MONOTONIC_TIME_H_
