// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The waits between attempts at a link.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "kevy_replica/client/retry_options.h"

namespace kevy_replica {
namespace client_internal {

// A link that the primary answered, at its end.
struct EndedLink {
  absl::Time connected;
  // From the first delivery to the end. Empty: nothing was delivered.
  std::optional<absl::Duration> followed;
  // Whether it asked for a snapshot: it was a fresh start, or a snapshot came
  // before any frame.
  bool asked_snapshot = false;
  // The snapshot that it asked for did not come to its end, or was not applied.
  bool snapshot_broke_off = false;
  // The received offset of an error. Empty: the primary closed it cleanly. (Its
  // generation may be told on one link and not on the next.)
  std::optional<uint64_t> failed_at;
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
  // The same for a primary that was located. But the spacing of snapshots stays
  // if the last one that was asked for broke off: nodes that change their roles
  // again and again must not cost a snapshot each time.
  void HandleLocated();

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

  // The earliest time to ask for a snapshot. Once two links that asked did not
  // settle, one is asked for in max_backoff.
  absl::Time snapshot_after() const {
    return in_vain_ < 2 ? absl::InfinitePast()
                        : snapshot_asked_ + options_.max_backoff;
  }

  // Number of the next attempt since the waits began anew: 1, 2...
  int attempt() const { return attempt_; }

 private:
  void BeginWaits();
  absl::Duration Wait(absl::Duration wait);

  RetryOptions options_;
  int attempt_ = 0;
  absl::Duration last_wait_;
  std::optional<uint64_t> failed_at_;
  bool resynced_ = false;
  // The links that asked for a snapshot since the last one that settled.
  int in_vain_ = 0;
  absl::Time snapshot_asked_;  // The last of them.
  bool broke_off_ = false;     // That snapshot.
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_BACKOFF_H_
