// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/client/internal/monotonic_time.h"

#include <time.h>

#include "absl/time/time.h"

namespace kevy_replica {
namespace client_internal {
namespace {

absl::Time Read(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);  // Cannot fail: the clock is there.
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
