// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Progress of a follower, for monitoring.

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_STATS_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// Why a link, or an attempt at one, ended.
enum class LinkEnd : uint8_t {
  kClosed,  // The primary closed it cleanly.
  // As the ReplicaErrorKind of the same name. kIo includes failed attempts.
  kHandshakeRejected,
  kAckMalformed,
  kTruncated,
  kFrame,
  kOffsetGap,
  kForeignHistory,
  kGenerationChanged,
  kStalled,
  kNotPrimary,
  kUnexpectedInSnapshot,
  kPayload,
  kIo,
  kTimeout,     // A connection, an answer, a byte or a heartbeat did not come
                // in time, or the primary did not take an acknowledgement.
  kRetargeted,  // By SetPrimary().
  kStopped,     // By Stop(), or by an error of the handler or the store.
};
inline constexpr size_t kLinkEnds = static_cast<size_t>(LinkEnd::kStopped) + 1;

// The cause of a link's end with `status`, a session's or a connection's.
LinkEnd LinkEndOf(const absl::Status& status);

// "offset_gap" for kOffsetGap.
absl::string_view LinkEndName(LinkEnd end);
std::ostream& operator<<(std::ostream& out, LinkEnd end);
template <typename Sink>
void AbslStringify(Sink& sink, LinkEnd end) {
  sink.Append(LinkEndName(end));
}

// Counters start at 0 with the follower and only grow.
struct FollowerStats {
  uint64_t frames = 0;     // Delivered to the handler.
  uint64_t snapshots = 0;  // Delivered whole.
  uint64_t heartbeats = 0;
  uint64_t bytes = 0;     // Received on all links.
  uint64_t connects = 0;  // Attempts at a connection.
  uint64_t links = 0;     // Connections that a primary answered.
  std::array<uint64_t, kLinkEnds> link_ends{};  // By cause.

  bool link_up = false;      // The primary has answered, and the link stands.
  bool in_snapshot = false;  // A snapshot is being delivered.
  FeedPosition received;     // Behind the last delivered event.
  FeedPosition applied;      // Of the held data.
  // Frames of the primary that are not applied, by its last heartbeat. Unknown
  // without a link, before the first heartbeat, and from a snapshot's begin
  // until it is applied.
  std::optional<uint64_t> lag;
  // Unknown before the first byte.
  std::optional<absl::Duration> since_last_byte;

  uint64_t ended_by(LinkEnd end) const {
    return link_ends[static_cast<size_t>(end)];
  }

  template <typename T>
  static auto ValueFields(const T& stats) {
    // Abseil 20220623 hashes no std::optional.
    return std::make_tuple(
        stats.frames, stats.snapshots, stats.heartbeats, stats.bytes,
        stats.connects, stats.links, stats.link_ends, stats.link_up,
        stats.in_snapshot, stats.received, stats.applied, stats.lag.has_value(),
        stats.lag.value_or(0), stats.since_last_byte.has_value(),
        stats.since_last_byte.value_or(absl::ZeroDuration()));
  }
};
// Appends "frames=4 snapshots=0 heartbeats=1 bytes=99 connects=1 links=1
// link_up=1 in_snapshot=0 received=7:12 applied=7:10", then " lag=5" and
// " since_last_byte=1s" if they are known.
void AppendText(const FollowerStats& stats, std::string* out);

// The stats of one of several followers.
struct NamedFollowerStats {
  std::string name;
  FollowerStats stats;

  template <typename T>
  static auto ValueFields(const T& named) {
    return std::tie(named.name, named.stats);
  }
};
// Appends "shard-0: " and the stats.
void AppendText(const NamedFollowerStats& named, std::string* out);

// All of them in the Prometheus text format (version 0.0.4), each sample with
// the label shard="<name>". Unknown values are left out.
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
