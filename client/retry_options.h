// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Options of the waits between links.

#ifndef KEVY_REPLICA_CLIENT_RETRY_OPTIONS_H_
#define KEVY_REPLICA_CLIENT_RETRY_OPTIONS_H_

#include <functional>

#include "absl/time/time.h"

namespace kevy_replica {

// For FollowerSession, Follower and Fleet. The wait before attempt n is drawn
// evenly from 0 to min(initial_backoff * 2^(n-1), max_backoff). After
// Action::kBackOff it is drawn from 0 to max_backoff. follower_session.h tells
// when n begins at 1 again, and when a snapshot is asked for.
struct RetryOptions {
  // Precondition: more than 0. Default: 100 ms.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  // Precondition: more than 0, finite. Default: 30 s.
  absl::Duration max_backoff = absl::Seconds(30);
  // Returns a number from 0 up to, but not including, 1. Default: the system's
  // randomness.
  std::function<double()> random;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_RETRY_OPTIONS_H_
