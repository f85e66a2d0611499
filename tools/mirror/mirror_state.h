// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The options, the counters and the memory that a mirror's parts share.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_STATE_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/limits.h"

namespace kevy_replica {

struct MirrorOptions {
  // The primary's shards, which share one database of the target. Default: 1.
  size_t shards = 1;
  // The key of the mirror's record in the target. Default: "kevy_mirror".
  std::string position_key = "kevy_mirror";
  // Replace the data of a database that no mirror has written. Default: false.
  bool replace = false;
  // Skip commands that the target rejects, instead of stopping. Default: false.
  bool skip_rejected = false;
  // Limit of commands in a transaction, and of a snapshot's commands that wait
  // for their reply. Default: 1000.
  size_t max_batch = 1000;
  // Unix time in milliseconds, which turns the relative deadlines of payload
  // version 2 into absolute ones. Required.
  std::function<uint64_t()> now_ms;
  // For snapshots' payloads. Default: as in limits.h.
  Limits limits;
  // Gets a line for every skipped command and every loss. Required.
  std::function<void(absl::string_view)> log;
};

// The totals of a mirror since its start. Any thread may read them.
struct MirrorCounters {
  std::atomic<uint64_t> records{0};  // Records of snapshots that were loaded.
  std::atomic<uint64_t> snapshot_bytes{0};
  std::atomic<uint64_t> transactions{0};
  std::atomic<uint64_t> skipped{0};  // Rejected commands that were skipped.
  std::atomic<uint64_t> lost_field_expiries{0};
  // Executed transactions whose replies the connection lost. A command that the
  // target rejected in one of them stays unknown.
  std::atomic<uint64_t> untold{0};
};

// The state that outlives a connection to the target. One thread.
struct MirrorState {
  struct Shard {
    // Below this offset every transaction has one command, since the target
    // refused to queue one of them. 0: no limit.
    uint64_t careful_until = 0;
    // The position after the rejected command that was last skipped. It is
    // counted and logged once, even if its position could not be stored.
    FeedPosition told_until;
    // The end of the transaction that was executed and is not answered yet.
    std::optional<FeedPosition> unanswered;
  };
  std::vector<Shard> shards;
  // The reason to stop, until the target has stored it. Empty: none.
  std::string rejected;
  // All shards must be loaded again, because one of them needs a snapshot. They
  // share a database, so one shard's keys cannot be replaced alone.
  bool reload = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_STATE_H_
