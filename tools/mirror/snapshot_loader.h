// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Snapshots as commands that load them into the target.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_SNAPSHOT_LOADER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_SNAPSHOT_LOADER_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"

namespace kevy_replica {

// One shard's snapshot, from +SNAPSHOT to +SNAPSHOT_END. Destroy it early if
// the snapshot is void.
//
// Errors of both functions: kDataLoss, the payload cannot be read;
// kFailedPrecondition, the primary has a key at the mirror's own place;
// `begin`'s; the target's.
class SnapshotLoader {
 public:
  // `begin` makes room in the target. It is called once, when the payload's
  // header has been read: until then the target stays as it is. All pointers
  // must outlive this object.
  SnapshotLoader(size_t shard, PayloadCommandsOptions features,
                 const MirrorOptions* options, MirrorCounters* counters,
                 MirrorTarget* target, PassedDeadlines* deadlines,
                 std::function<absl::Status()> begin);
  SnapshotLoader(const SnapshotLoader&) = delete;
  SnapshotLoader& operator=(const SnapshotLoader&) = delete;

  // Loads the next bytes of the payload.
  absl::Status Load(absl::string_view bytes);

  // Checks that the payload is whole, and commits its commands.
  absl::Status Finish();

 private:
  PayloadCommandsOptions CommandsOptions(PayloadCommandsOptions features);
  absl::Status Take(const PayloadEvent& event);
  absl::Status Take(absl::Span<const PayloadRecord> records);
  // An error if it is the mirror's own key.
  absl::Status CheckKey(absl::string_view key) const;
  absl::Status Load(const PayloadCommand& command);
  absl::Status PayloadStatus() const;

  const size_t shard_;
  const MirrorOptions& options_;
  MirrorCounters* const counters_;
  MirrorTarget* const target_;
  PassedDeadlines* const deadlines_;
  const std::function<absl::Status()> begin_;
  PayloadDecoder decoder_;
  PayloadCommands commands_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_SNAPSHOT_LOADER_H_
