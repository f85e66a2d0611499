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
