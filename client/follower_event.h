// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Events of a replica over many links.

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_EVENT_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_EVENT_H_

#include <iosfwd>
#include <string>
#include <tuple>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {

// The primary has answered. The stream goes on at `from`, or with a snapshot.
struct LinkUp {
  HandshakeAnswer answer;
  FeedPosition from;

  template <typename T>
  static auto ValueFields(const T& link) {
    return std::tie(link.answer, link.from);
  }
};
// Appends "link_up protocol=2 from=7:8".
void AppendText(const LinkUp& link, std::string* out);

// A link ended, or an attempt at one failed.
struct LinkDown {
  absl::Status status;  // OK: the primary closed it cleanly.
  LinkEnd end = LinkEnd::kClosed;
  // The held data stopped counting, so the next link is a fresh start. Causes:
  // a gap, a foreign history, or the second stall at one position; a retarget
  // or a stop while the data is Holding::kDoubtful; a void snapshot that may
  // still be applied. A handler that stores the position with its data stores
  // {0, 0} now.
  bool resync = false;
  // Number of the next attempt since the waits began anew: 1, 2...
  int attempt = 0;
  // Infinite: the follower stops, or waits for another primary (kNotPrimary).
  absl::Duration retry_in;
};
// Two are equal if all members are. A status has no hash, so this has none.
bool operator==(const LinkDown& a, const LinkDown& b);
bool operator!=(const LinkDown& a, const LinkDown& b);
// "link_down offset_gap resync attempt=1 retry_in=50ms".
std::ostream& operator<<(std::ostream& out, const LinkDown& link);

// A history follows from its first write on, without a snapshot: drop the held
// data. See FollowerHandler::OnReset().
struct HistoryReset {
  template <typename T>
  static std::tuple<> ValueFields(const T&) {
    return {};
  }
};
// Appends "history_reset".
void AppendText(const HistoryReset& reset, std::string* out);

// The link ended inside a snapshot, or before the snapshot was applied. See
// FollowerHandler::OnSnapshotVoid().
struct SnapshotVoid {
  template <typename T>
  static std::tuple<> ValueFields(const T&) {
    return {};
  }
};
// Appends "snapshot_void".
void AppendText(const SnapshotVoid& snapshot, std::string* out);

// The first alternative: one or more frames with consecutive offsets.
using FollowerEvent = std::variant<absl::Span<const FrameView>, Heartbeat,
                                   HistoryReset, SnapshotBegin, SnapshotChunk,
                                   SnapshotEnd, SnapshotVoid, LinkUp, LinkDown>;

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_EVENT_H_
