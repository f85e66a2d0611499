// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/backoff.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/random/random.h"
#include "absl/time/time.h"
#include "kevy_replica/client/retry_options.h"

namespace kevy_replica {
namespace client_internal {

Backoff::Backoff(RetryOptions options) : options_(std::move(options)) {
  if (options_.random) return;
  options_.random = [random = std::make_shared<absl::BitGen>()] {
    return absl::Uniform(*random, 0.0, 1.0);
  };
}

absl::Duration Backoff::Next() {
  ++attempt_;
  return options_.random() *
         std::min(options_.max_backoff,
                  options_.initial_backoff * std::exp2(attempt_ - 1));
}

absl::Duration Backoff::Longest() {
  ++attempt_;
  return options_.random() * options_.max_backoff;
}

absl::Duration Backoff::Skip() {
  ++attempt_;
  return absl::ZeroDuration();
}

}  // namespace client_internal
}  // namespace kevy_replica
