// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/monotonic_time.h"

#include <time.h>

#include "absl/time/time.h"

namespace kevy_replica {
namespace client_internal {
namespace {

absl::Time Read(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);  // Cannot fail: every system has it.
  return absl::TimeFromTimespec(now);
}

}  // namespace

absl::Time MonotonicNow() { return Read(CLOCK_MONOTONIC); }

absl::Time RoughMonotonicNow() {
#ifdef CLOCK_MONOTONIC_COARSE
  return Read(CLOCK_MONOTONIC_COARSE);
#else
  return MonotonicNow();
#endif
}

}  // namespace client_internal
}  // namespace kevy_replica
