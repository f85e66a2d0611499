// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The waits between attempts at a link.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_

#include "absl/time/time.h"
#include "kevy_replica/client/retry_options.h"

namespace kevy_replica {
namespace client_internal {

// Exponential, with full jitter. Not thread-safe.
class Backoff {
 public:
  // Sets an empty `options.random` to the system's randomness.
  explicit Backoff(RetryOptions options);

  // The link delivered data: the next wait is a first one.
  void Reset() { attempt_ = 0; }

  // An attempt ended. Returns the wait before the next one.
  absl::Duration Next();
  // The same for an attempt whose repetition is likely to fail, too: the wait
  // is drawn up to max_backoff.
  absl::Duration Longest();
  // The same without a wait.
  absl::Duration Skip();

  // Number of the next attempt since the last Reset(): 1, 2...
  int attempt() const { return attempt_; }

 private:
  RetryOptions options_;
  int attempt_ = 0;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_
