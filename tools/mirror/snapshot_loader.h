// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Snapshots as commands that load them into the target.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_SNAPSHOT_LOADER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_SNAPSHOT_LOADER_H_

#include <cstddef>
#include <deque>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/tools/common/payload_commands.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/rejection.h"

namespace kevy_replica {

// The commands of all shards' snapshots that wait for their reply. They travel
// outside of transactions: a snapshot that breaks off is loaded again whole.
//
// Errors: kFailedPrecondition, the target rejects a command (see Reject());
// CheckedLink's.
class LoadQueue {
 public:
  // All pointers must outlive this object.
  LoadQueue(const MirrorOptions* options, CheckedLink* link,
            MirrorCounters* counters)
      : options_(*options), link_(link), counters_(counters) {}
  LoadQueue(const LoadQueue&) = delete;
  LoadQueue& operator=(const LoadQueue&) = delete;

  // Gathers a command, which is copied.
  void Add(absl::Span<const absl::string_view> argv);

  // If 256 KiB or MirrorOptions::max_batch commands are there: sends all, and
  // reads replies until half the limit is outstanding. The target works on that
  // half while the caller gathers more.
  absl::Status SendIfFull();

  // Sends all commands and reads all replies.
  absl::Status Settle();

 private:
  absl::Status Receive(size_t most_outstanding);

  const MirrorOptions& options_;
  CheckedLink* const link_;
  MirrorCounters* const counters_;
  std::deque<SentCommand> sent_;  // Gathered or outstanding, in order.
};

// One shard's snapshot, from +SNAPSHOT to +SNAPSHOT_END. Destroy it early if
// the snapshot is void.
//
// Errors of both functions: kDataLoss, the payload cannot be read;
// kFailedPrecondition, the primary has a key at the mirror's own place;
// LoadQueue's.
class SnapshotLoader {
 public:
  // All pointers must outlive this object.
  SnapshotLoader(size_t shard, PayloadCommands::Target features,
                 const MirrorOptions* options, MirrorCounters* counters,
                 LoadQueue* queue);
  SnapshotLoader(const SnapshotLoader&) = delete;
  SnapshotLoader& operator=(const SnapshotLoader&) = delete;

  // Loads the next bytes of the payload.
  absl::Status Load(absl::string_view bytes);

  // Checks that the payload is whole, settles the queue, and logs the losses.
  absl::Status Finish();

 private:
  absl::Status PayloadStatus() const;

  const size_t shard_;
  const MirrorOptions& options_;
  MirrorCounters* const counters_;
  LoadQueue* const queue_;
  PayloadDecoder decoder_;
  PayloadCommands commands_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_SNAPSHOT_LOADER_H_
