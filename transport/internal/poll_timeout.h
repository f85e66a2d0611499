// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Converts a duration for poll() and epoll_wait().

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_POLL_TIMEOUT_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_POLL_TIMEOUT_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace kevy_replica {
namespace transport_internal {

// Returns milliseconds; -1 waits without a limit. Rounds up, since rounding
// down would spin through the last fraction of a millisecond. Clamps to an int.
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
