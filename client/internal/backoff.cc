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

void Backoff::Reset() {
  BeginWaits();
  last_wait_ = absl::ZeroDuration();
  in_vain_ = 0;
}

void Backoff::HandleLocated() {
  const int in_vain = broke_off_ ? in_vain_ : 0;
  Reset();
  in_vain_ = in_vain;
}

void Backoff::HandleEnd(const EndedLink& link) {
  const absl::Duration followed =
      link.followed.value_or(-absl::InfiniteDuration());
  const bool settled = followed >= kSettled;
  const bool repeats =
      (link.failed_at.has_value() && link.failed_at == failed_at_) ||
      (link.resync && resynced_);
  if (settled || (followed > last_wait_ && !repeats)) BeginWaits();
  if (link.failed_at.has_value()) failed_at_ = link.failed_at;
  resynced_ |= link.resync;
  if (settled) in_vain_ = 0;
  if (link.asked_snapshot && !settled) {
    in_vain_ = std::min(in_vain_ + 1, 2);
    snapshot_asked_ = link.connected;
    broke_off_ = link.snapshot_broke_off;
  }
}

void Backoff::BeginWaits() {
  attempt_ = 0;
  failed_at_.reset();
  resynced_ = false;
}

absl::Duration Backoff::Next() {
  const absl::Duration most = std::min(
      options_.max_backoff, options_.initial_backoff * std::exp2(attempt_));
  return Wait(options_.random() * most);
}

absl::Duration Backoff::Longest() {
  return Wait(options_.random() * options_.max_backoff);
}

absl::Duration Backoff::Whole() { return Wait(options_.max_backoff); }

absl::Duration Backoff::Skip() { return Wait(absl::ZeroDuration()); }

absl::Duration Backoff::Wait(absl::Duration wait) {
  ++attempt_;
  last_wait_ = wait;
  return wait;
}

}  // namespace client_internal
}  // namespace kevy_replica
