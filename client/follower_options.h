// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Options of Follower and Fleet.

#ifndef KEVY_REPLICA_CLIENT_FOLLOWER_OPTIONS_H_
#define KEVY_REPLICA_CLIENT_FOLLOWER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/retry_options.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Where a shard without a stored position starts.
enum class StartAt : uint8_t {
  kPosition,  // At FollowerOptions::from.
  // At the primary's end: live frames, no snapshot and no earlier write. Needs
  // a kevy:// URL, and FEED.TAIL (kevy 2.3 and later) at the primary. Once a
  // link has stood, the follower resumes as usual, so a snapshot may come
  // later.
  kNow,
};

// "position" or "now".
absl::string_view StartAtName(StartAt start_at);
std::ostream& operator<<(std::ostream& out, StartAt start_at);
template <typename Sink>
void AbslStringify(Sink& sink, StartAt start_at) {
  sink.Append(StartAtName(start_at));
}

// Where and how often the applied position is stored.
struct StoreOptions {
  // Not owned. Its position takes the place of FollowerOptions::from. A handler
  // that stores the position with its data leaves it null. Default: null, the
  // position is not stored.
  PositionStore* positions = nullptr;
  // The position's name. For a Fleet: the names' beginning, before the shard's
  // number. Empty: "shard-0" for a Follower, "shard-" for a Fleet. Default:
  // empty.
  std::string name;
  // The shortest time between two stores of a moving position. All shards'
  // positions are stored together. Zero: a store after every batch of frames.
  // Default: 1 s.
  absl::Duration interval = absl::Seconds(1);
};

struct FollowerOptions {
  FollowerOptions() { link.heartbeat_timeout = absl::Seconds(5); }

  // link.heartbeat_timeout is 5 s by default. Assigning another LinkOptions
  // makes it infinite: set it again, or a dead primary may go unnoticed.
  LinkOptions link;
  // The start, for each shard without a stored position. Default: {0, 0}, a
  // fresh start.
  FeedPosition from;
  // With kNow, `from` must be {0, 0}. Default: kPosition.
  StartAt start_at = StartAt::kPosition;
  RetryOptions retry;
  // With kevy://: the time between two checks that the primary still is one.
  // Default: 2 s.
  absl::Duration role_check_interval = absl::Seconds(2);
  StoreOptions store;
  // snapshots.policy: kChunks calls the handler's OnSnapshotChunk(), kRecords
  // its OnPayload(). Others are kInvalidArgument.
  SnapshotOptions snapshots;
  // For addresses: see connect_options.h. `interrupter` must be null, since
  // Stop() ends connecting. Default: that of ConnectOptions.
  ConnectOptions connect;
  // Secures every link: see NoiseSecurity() in transport/secure. Required for
  // an address with keys (kevy_url.h). If set, no link is plain. For an address
  // without keys, and for a factory, it gets no keys, which NoiseSecurity()
  // rejects. Client ports (kevy://) stay plain. Default: null, plain links.
  TransportSecurity secure;
  // Whether applied offsets are acknowledged, so that the primary's WAIT counts
  // this replica. False for an observer. Default: true.
  bool acknowledge = true;
  // Whether OK from OnFrames() and OnSnapshotEnd() means applied. If false,
  // Applied() tells it. Default: true.
  bool applied_on_return = true;
  // The least room for a read, in bytes. All shards of a Fleet read into one
  // buffer of twice the size. Keep it at 512 KiB or below: a larger buffer is
  // freed and allocated again with each turn of a shard. 0, the default, is 256
  // KiB.
  size_t read_bytes = 0;
  // The longest write of the handshake's request. Acknowledgements do not wait:
  // a link that does not take one is given up. Default: 10 s.
  absl::Duration write_timeout = absl::Seconds(10);
  // A monotonic clock. Any thread calls it. Default: the system's.
  std::function<absl::Time()> now;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FOLLOWER_OPTIONS_H_
