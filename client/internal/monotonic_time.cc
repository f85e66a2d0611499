// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/monotonic_time.h"

#include <time.h>

#include <cstdint>

#include "absl/time/time.h"

namespace kevy_replica {
namespace client_internal {
namespace {

#ifdef CLOCK_MONOTONIC_COARSE
constexpr clockid_t kRough = CLOCK_MONOTONIC_COARSE;
#else
constexpr clockid_t kRough = CLOCK_MONOTONIC;
#endif

timespec Read(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);  // Cannot fail: every system has it.
  return now;
}

}  // namespace

absl::Time MonotonicNow() {
  return absl::TimeFromTimespec(Read(CLOCK_MONOTONIC));
}

absl::Time RoughMonotonicNow() { return absl::TimeFromTimespec(Read(kRough)); }

int64_t RoughMonotonicNanos() {
  const timespec now = Read(kRough);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace client_internal
}  // namespace kevy_replica
