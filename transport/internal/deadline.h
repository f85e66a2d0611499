// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A point in time, made from a timeout.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_DEADLINE_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_DEADLINE_H_

#include <chrono>

#include "absl/time/time.h"

namespace kevy_replica {
namespace transport_internal {

// A call that waits several times makes one of these at its start. Its timeout
// then covers all waits together.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(absl::Duration timeout)
      // 100 years and more count as infinite: they could overflow the clock.
      : time_(timeout >= absl::Hours(24 * 365 * 100)
                  ? Clock::time_point::max()
                  : Clock::now() + absl::ToChronoNanoseconds(timeout)) {}

  bool infinite() const { return time_ == Clock::time_point::max(); }

  // Precondition: !infinite().
  Clock::time_point time() const { return time_; }

  // Returns the rest of the timeout, at least zero.
  absl::Duration remaining() const {
    if (infinite()) return absl::InfiniteDuration();
    const Clock::time_point now = Clock::now();
    return now < time_ ? absl::FromChrono(time_ - now) : absl::ZeroDuration();
  }

 private:
  Clock::time_point time_;
};

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_DEADLINE_H_
