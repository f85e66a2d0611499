// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Deadlines that had passed when they came.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_PASSED_DEADLINES_H_
#define KEVY_REPLICA_TOOLS_MIRROR_PASSED_DEADLINES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"

namespace kevy_replica {

// The held deadlines of one shard.
//
// A mirror that is behind meets deadlines that have passed. The target would
// drop such a key at once, and the next write would begin it anew, without a
// deadline. Frames carry no time, so they do not tell whether that
// write came before the deadline. The rules:
//
// 1. A deadline that has passed is held: the target gets now + kGraceMs in its
//    place. Writes behind it meet the key, and count as uncertain. A mirror
//    that is killed loses no deadline, because the target has one.
// 2. A heartbeat bounds the doubt. The primary made the frames from the
//    heartbeat's offset on after the deadline. A heartbeat may have been on its
//    way as long as the frames: it counts if it comes kTransitMs after the
//    deadline.
// 3. In front of the first of those frames, or at a heartbeat there, the target
//    gets the true deadline and drops the key, unless it has got another
//    deadline since. Without heartbeats the key lives for kGraceMs.
//
// Times are Unix times in milliseconds.
class PassedDeadlines {
 public:
  // The longest time that a key outlives its deadline. It covers the time to
  // catch up, and a target's clock that is ahead of the mirror's.
  static constexpr uint64_t kGraceMs = 10 * 60 * 1000;
  // The longest time that a heartbeat may have been on its way to a mirror that
  // is slower than the primary.
  static constexpr uint64_t kTransitMs = 10 * 1000;
  // Bounds of the held keys. Beyond them a deadline goes on as it is.
  static constexpr size_t kMaxKeys = 100000;
  static constexpr size_t kMaxBytes = 16 << 20;

  struct Held {
    std::string key;
    uint64_t deadline_ms = 0;  // The true one.
    uint64_t until_ms = 0;     // The one in the target.
  };

  // `max_keys` 0: nothing is held.
  explicit PassedDeadlines(size_t max_keys = kMaxKeys) : max_keys_(max_keys) {}

  // Returns the deadline for the target: `deadline_ms` itself, or the end of
  // the grace if it has passed.
  uint64_t Hold(absl::string_view key, uint64_t deadline_ms, uint64_t now_ms);

  struct Taken {
    std::vector<std::string> argv;  // Empty: the command as it is.
    // It is the first write to a held key that depends on the value there.
    bool uncertain = false;
  };
  // Takes the next command for the target, and holds its deadline if that has
  // passed.
  Taken Take(const ArgvView& argv, uint64_t now_ms);

  // Takes a heartbeat: the primary's next offset is `next_offset`.
  void TakeHeartbeat(uint64_t next_offset, uint64_t now_ms);

  // Whether TakeDue(offset) has something to return.
  bool HasDue(uint64_t offset) const {
    return bound_.has_value() && offset >= *bound_;
  }
  // Removes and returns the deadlines that the target must get in front of the
  // frame at `offset`.
  std::vector<Held> TakeDue(uint64_t offset);

  // Forgets all: the keys are gone.
  void Clear();

 private:
  struct Entry {
    uint64_t deadline_ms = 0;
    uint64_t until_ms = 0;
    bool told = false;  // A write to it was reported.
  };
  using Entries = std::unordered_map<std::string, Entry>;

  void Forget(const std::string& key);
  bool TakeWrite(const ArgvView& argv);

  const size_t max_keys_;
  size_t bytes_ = 0;  // Of all keys.
  Entries held_;      // No heartbeat has bounded these.
  Entries bounded_;   // Due from `bound_` on.
  std::optional<uint64_t> bound_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_PASSED_DEADLINES_H_
