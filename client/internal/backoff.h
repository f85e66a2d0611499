// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The waits between attempts at a link.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_

#include <optional>

#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/retry_options.h"

namespace kevy_replica {
namespace client_internal {

// A link that the primary answered, at its end.
struct EndedLink {
  absl::Time connected;
  // From the first delivery to the end. Empty: nothing was delivered.
  std::optional<absl::Duration> followed;
  // Whether it asked for a snapshot, or one came unasked.
  bool had_snapshot = false;
  // The received position of an error. Empty: the primary closed it cleanly.
  std::optional<FeedPosition> failed_at;
  // Whether the next link is a fresh start because of this end.
  bool resync = false;
};

// Exponential, with full jitter. Not thread-safe.
class Backoff {
 public:
  // A link that has followed for so long clears the memory of all failures.
  static constexpr absl::Duration kSettled = absl::Minutes(1);

  // Sets an empty `options.random` to the system's randomness.
  explicit Backoff(RetryOptions options);

  // Forgets everything: the next link goes to another primary.
  void Reset();

  // Tells of a link's end, before the wait is drawn. The waits begin anew if
  // the link delivered and then lived longer than the last wait, with two
  // exceptions that only a settled link ends: the error is at the same position
  // as an earlier one; and a resync follows a resync.
  void HandleEnd(const EndedLink& link);

  // An attempt ended. Returns the wait before the next one.
  absl::Duration Next();
  // The same for an attempt whose repetition is likely to fail, too: the wait
  // is drawn up to max_backoff.
  absl::Duration Longest();
  // The same for an attempt that is certain to fail again: max_backoff.
  absl::Duration Whole();
  // The same without a wait.
  absl::Duration Skip();

  // The earliest time to ask for a snapshot. Once two links with snapshots did
  // not settle, one is asked for in max_backoff.
  absl::Time snapshot_after() const {
    return in_vain_ < 2 ? absl::InfinitePast()
                        : snapshot_asked_ + options_.max_backoff;
  }

  // Number of the next attempt since the waits began anew: 1, 2...
  int attempt() const { return attempt_; }

 private:
  absl::Duration Wait(absl::Duration wait);

  RetryOptions options_;
  int attempt_ = 0;
  absl::Duration last_wait_;
  std::optional<FeedPosition> failed_at_;
  bool resynced_ = false;
  // The links with snapshots since the last one that settled.
  int in_vain_ = 0;
  absl::Time snapshot_asked_;  // The last of them.
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_
