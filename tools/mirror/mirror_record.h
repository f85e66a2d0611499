// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The mirror's record about itself in its target: one key.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_RECORD_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// The field of one shard.
struct ShardRecord {
  enum class State : uint8_t {
    // A snapshot has begun, or the history of the held data is unknown.
    // Next: kAt at the snapshot's end.
    kLoading,
    // A heartbeat has told that the shard is without writes.
    // Next: kLoading with the shard's first event.
    kEmpty,
    // The target holds the shard up to `position`.
    // Next: kAt with a later position; kLoading with a new history.
    kAt,
    // In a cluster, in the place of kAt: each slot has its own position.
    // Next: kLoading with a new history.
    kInSlots,
  };
  State state = State::kLoading;
  FeedPosition position;  // {0, 0} unless kAt.
  uint64_t loaded = 0;    // The number behind "loading". 0 without one.
  std::string text;       // The field's value.
};

// The key is a hash:
//
//   kevy_mirror  1                     the record's version
//   shards       3
//   shard-0      7270893326363503:39   kAt
//   shard-1      loading 17            kLoading: the mark of a transaction of a
//                                      snapshot, or of a forgotten history
//   shard-2      empty                 kEmpty
//   shard-3      slots                 kInSlots: see cluster/slot_mark.h
//   rejected     ...                   the reason why the mirror has stopped
//   told         7270893326363503:39,empty    the shards' fields at the last
//                                      end that has read all replies
//   spare_of     1                     not the readers' database 1, but the
//                                      spare one: see swap_database.h
struct MirrorRecord {
  bool exists = false;
  std::vector<ShardRecord> shards;
  std::string rejected;  // Empty: the mirror has not stopped.
  std::string told;

  bool is_loading() const;          // Whether any shard is.
  std::string shard_texts() const;  // "7:39,empty", as in the field `told`.
  // Whether the mirror before has ended without the replies to its last
  // transaction, as a killed one does.
  bool is_untold() const;
};

inline constexpr absl::string_view kLoading = "loading";
inline constexpr absl::string_view kEmpty = "empty";
inline constexpr absl::string_view kInSlots = "slots";
inline constexpr absl::string_view kRejectedField = "rejected";
inline constexpr absl::string_view kToldField = "told";
inline constexpr absl::string_view kVersionField = "kevy_mirror";
inline constexpr absl::string_view kSpareField = "spare_of";

// The name of a shard's field, which also names the shard in messages.
std::string ShardField(size_t shard);

// Reads the record at `key`.
//
// Returns:
//   a record             of `shards` shards; `exists` is false without the key
//   kFailedPrecondition  the key holds something else, a record of another
//                        version, or one with another number of shards; the
//                        message names the remedy
//   kUnavailable         the target is in trouble
//   other errors         the connection's
absl::StatusOr<MirrorRecord> ReadMirrorRecord(const std::string& key,
                                              size_t shards, CheckedLink* link);

// Gathers the command that writes a new record with every shard kLoading.
void AddNewRecord(const std::string& key, size_t shards, TargetLink* link);

// Writes one field of the record. Precondition and errors:
// CheckedLink::Ask()'s.
absl::Status WriteRecordField(const std::string& key, absl::string_view field,
                              absl::string_view value, CheckedLink* link);

// Writes the field of one shard. Errors: WriteRecordField()'s;
// OverwrittenRecord() if the record is gone.
absl::Status WriteShardField(const std::string& key, size_t shard,
                             absl::string_view value, CheckedLink* link);

// kFailedPrecondition: a shard's field, which every record has, was not there.
absl::Status OverwrittenRecord(const std::string& key);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_RECORD_H_
