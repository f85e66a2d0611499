// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Steps one shard as a loop does, without waiting, and stores its position.

#ifndef KEVY_REPLICA_CLIENT_TESTING_SHARD_RUNNER_H_
#define KEVY_REPLICA_CLIENT_TESTING_SHARD_RUNNER_H_

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/testing/test_access.h"

namespace kevy_replica {
namespace client_testing {

// Not thread-safe.
class ShardRunner {
 public:
  using Store = std::function<absl::Status(const FeedPosition&)>;

  // `store` is called at most every `store_interval`, and when a position must
  // be stored at once. All time between two steps counts as waiting, unless
  // `waited` tells it.
  ShardRunner(client_internal::ShardOptions options, Store store,
              absl::Duration store_interval,
              std::function<absl::Duration()> waited = nullptr)
      : now_(options.now),
        store_(std::move(store)),
        store_interval_(store_interval),
        start_(options.now()),
        waited_(std::move(waited)),
        next_store_(NextStore()),
        shard_(WithoutInterval(std::move(options)), nullptr, 0) {}

  // Steps, and stores, until the shard stops asking for a store. Updates
  // ready() and deadline().
  void Step() {
    do {
      next_ = shard_.Step({waited_ ? waited_() : now_() - start_, next_store_});
      if (next_.store_due) StorePosition();
      broken_.Update(TestAccess::CheckInvariants(shard_.session()));
    } while (next_.store_due);
    if (session().done() && session().store_pending()) StorePosition();
  }

  // Results of the last step.
  bool ready() const { return next_.ready; }
  absl::Time deadline() const {
    return shard_.session().store_pending()
               ? std::min(next_.deadline, next_store_)
               : next_.deadline;
  }
  bool done() const { return shard_.done(); }
  // The shard's status, else the store's.
  const absl::Status& status() const {
    return shard_.status().ok() ? store_status_ : shard_.status();
  }
  // The first invariant that did not hold after a step.
  const absl::Status& broken_invariant() const { return broken_; }

  client_internal::Shard& shard() { return shard_; }
  const FollowerSession& session() const { return shard_.session(); }

 private:
  static client_internal::ShardOptions WithoutInterval(
      client_internal::ShardOptions options) {
    options.session.store_interval = absl::InfiniteDuration();
    return options;
  }

  absl::Time NextStore() const {
    return store_interval_ == absl::ZeroDuration() ? absl::InfinitePast()
                                                   : now_() + store_interval_;
  }

  void StorePosition() {
    if (!store_status_.ok()) return;
    const FeedPosition position = session().applied();
    store_status_ = store_(position);
    next_store_ = NextStore();
    if (store_status_.ok()) {
      shard_.HandleStored(position);
    } else {
      shard_.Stop(store_status_);
    }
  }

  const std::function<absl::Time()> now_;
  const Store store_;
  const absl::Duration store_interval_;
  const absl::Time start_;
  const std::function<absl::Duration()> waited_;
  absl::Time next_store_;
  absl::Status store_status_;
  absl::Status broken_;
  client_internal::Shard::Next next_;
  client_internal::Shard shard_;
};

}  // namespace client_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_TESTING_SHARD_RUNNER_H_
