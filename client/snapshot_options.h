// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// How a reader treats the snapshots of its stream. A current primary (kevy 5.0
// and later) sends every fresh replica one first, and another one after a gap.

#ifndef KEVY_REPLICA_CLIENT_SNAPSHOT_OPTIONS_H_
#define KEVY_REPLICA_CLIENT_SNAPSHOT_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <iosfwd>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// The treatment of a snapshot's content. A follower needs the content: kChunks
// or kRecords.
//
// |          | ReplicaClient                    | FollowerHandler    |
// |----------|----------------------------------|--------------------|
// | kError   | ends with kSnapshotInProgress    | kInvalidArgument   |
// | kSkip    | reads past it: its data is lost  | kInvalidArgument   |
// | kChunks  | `on_snapshot` gets its bytes     | OnSnapshotChunk()  |
// | kRecords | `on_payload` gets its records    | OnPayload()        |
enum class SnapshotPolicy : uint8_t { kError, kSkip, kChunks, kRecords };

// "error", "skip", "chunks" or "records".
absl::string_view SnapshotPolicyName(SnapshotPolicy policy);
std::ostream& operator<<(std::ostream& out, SnapshotPolicy policy);
template <typename Sink>
void AbslStringify(Sink& sink, SnapshotPolicy policy) {
  sink.Append(SnapshotPolicyName(policy));
}

// For ReplicaClient, FollowerSession, Follower, Fleet and Replay(). A
// FollowerSession acts on `in_place` alone: its events carry the chunks.
struct SnapshotOptions {
  // Default: kChunks; kError for a ReplicaClient.
  SnapshotPolicy policy = SnapshotPolicy::kChunks;
  // Whether a follower loads snapshots in place: the held data is gone as soon
  // as one begins. The position is then {0, 0} until the snapshot is applied,
  // and stored as {0, 0} before the begin is delivered. A ReplicaClient stores
  // no position, so true is kInvalidArgument there. Default: false, the held
  // data stands until the snapshot is applied.
  bool in_place = false;
  // For kRecords: Unix time in milliseconds. Payloads of version 2 count their
  // expiries from it. Default: the system's; for Replay() the time 0.
  std::function<uint64_t()> now_ms;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SNAPSHOT_OPTIONS_H_
