// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What a mirror keeps about itself in its target: one key.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_RECORD_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_RECORD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// The key is a hash:
//
//   kevy_mirror  1                     the record's version
//   shards       3
//   shard-0      7270893326363503:39   what the target holds of it, or
//   shard-1      loading               a part of a snapshot, no position, or
//   shard-2      empty                 nothing: the shard has had no write yet
//   rejected     ...                   why the mirror has stopped, for good
struct MirrorRecord {
  bool exists = false;
  // {0, 0} where it is loading or empty, or there is no record.
  std::vector<FeedPosition> positions;
  std::vector<bool> empty;  // Each of them.
  bool loading = false;     // Any of them.
  std::string rejected;
};

// Reads the record at `key`. kUnavailable: the target cannot say now, and the
// link's errors. kFailedPrecondition, with what to do: the key
// holds something else, or a record of another version, or of other than
// `shards` shards.
absl::StatusOr<MirrorRecord> ReadMirrorRecord(const std::string& key,
                                              size_t shards, TargetLink* link);

// The field of a shard, and its value for a position: both as above.
std::string ShardField(size_t shard);
inline constexpr absl::string_view kLoading = "loading";
inline constexpr absl::string_view kEmpty = "empty";
inline constexpr absl::string_view kRejectedField = "rejected";

// Gathers the command that writes a new record, all of it loading.
void AddNewRecord(const std::string& key, size_t shards, TargetLink* link);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_RECORD_H_
