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

// A duration as poll() and its kin want it.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_POLL_TIMEOUT_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_POLL_TIMEOUT_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace kevy_replica {
namespace transport_internal {

// -1 is for ever. Rounded up, so that the last fraction of a millisecond does
// not spin; what is too long for an int is cut to it.
inline int PollTimeoutMs(absl::Duration timeout) {
  if (timeout == absl::InfiniteDuration()) return -1;
  const int64_t timeout_ms =
      absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1)));
  return static_cast<int>(
      std::clamp<int64_t>(timeout_ms, 0, std::numeric_limits<int>::max()));
}

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_POLL_TIMEOUT_H_
