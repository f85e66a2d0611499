// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What a follower has done so far, for monitoring.

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_STATS_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"

namespace kevy_replica {

// Why a link, or an attempt at one, ended.
enum class LinkEnd : uint8_t {
  kClosed,  // By the primary, cleanly.
  // As the ReplicaErrorKind of the same name. kIo is also an attempt that
  // failed.
  kHandshakeRejected,
  kAckMalformed,
  kTruncated,
  kFrame,
  kOffsetGap,
  kGenerationChanged,
  kUnexpectedInSnapshot,
  kPayload,
  kIo,
  kTimeout,     // No connection, answer, byte or heartbeat in time; or no room
                // for an acknowledgement.
  kRetargeted,  // By SetPrimary().
  kStopped,     // By Stop(), or by an error of the handler's or the store's.
};
inline constexpr size_t kLinkEnds = static_cast<size_t>(LinkEnd::kStopped) + 1;

// Why `status`, that of a session or of connecting, ended a link.
LinkEnd LinkEndOf(const absl::Status& status);

// "offset_gap" for kOffsetGap.
absl::string_view LinkEndName(LinkEnd end);

// Counters begin at 0 with the follower and do not go back.
struct FollowerStats {
  uint64_t frames = 0;     // Handed to the handler.
  uint64_t snapshots = 0;  // Come to their ends.
  uint64_t heartbeats = 0;
  uint64_t bytes = 0;                           // Received, of all links.
  uint64_t connects = 0;                        // Attempts at a connection.
  uint64_t links = 0;                           // Those answered by a primary.
  std::array<uint64_t, kLinkEnds> link_ends{};  // By cause.

  bool link_up = false;      // The primary has answered, and the link stands.
  bool in_snapshot = false;  // One has begun and not ended.
  FeedPosition received;     // Behind what was handed to the handler.
  FeedPosition applied;      // Behind what the handler has applied.
  // How many frames the primary had, as far as it has told, that are not
  // applied. Unknown without a link, before its first heartbeat, and while a
  // snapshot has begun and is not applied.
  std::optional<uint64_t> lag;
  // Unknown before the first byte.
  std::optional<absl::Duration> since_last_byte;

  uint64_t ended_by(LinkEnd end) const {
    return link_ends[static_cast<size_t>(end)];
  }
};

// The stats of one of several followers.
struct NamedFollowerStats {
  std::string name;
  FollowerStats stats;
};

// All of them in the Prometheus text format (version 0.0.4), each sample with
// the label shard="<name>". What is unknown is left out.
//
// | metric                               | type    | of FollowerStats       |
// |--------------------------------------|---------|------------------------|
// | kevy_replica_frames_total            | counter | frames                 |
// | kevy_replica_snapshots_total         | counter | snapshots              |
// | kevy_replica_heartbeats_total        | counter | heartbeats             |
// | kevy_replica_received_bytes_total    | counter | bytes                  |
// | kevy_replica_connects_total          | counter | connects               |
// | kevy_replica_links_total             | counter | links                  |
// | kevy_replica_link_ends_total{cause=} | counter | link_ends              |
// | kevy_replica_link_up                 | gauge   | link_up, 1 or 0        |
// | kevy_replica_in_snapshot             | gauge   | in_snapshot, 1 or 0    |
// | kevy_replica_received_offset         | gauge   | received.next_offset   |
// | kevy_replica_applied_offset          | gauge   | applied.next_offset    |
// | kevy_replica_generation_info         | gauge   | 1, with the label      |
// |                                      |         | generation=, a u64,    |
// |                                      |         | of applied             |
// | kevy_replica_lag_frames              | gauge   | lag                    |
// | kevy_replica_since_last_byte_seconds | gauge   | since_last_byte        |
std::string PrometheusText(absl::Span<const NamedFollowerStats> followers);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_STATS_H_
