// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Keys that the target dropped because their deadline had passed.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_PASSED_DEADLINES_H_
#define KEVY_REPLICA_TOOLS_MIRROR_PASSED_DEADLINES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"

namespace kevy_replica {

// A mirror that is behind meets deadlines that have passed. The target drops
// such a key at once. The frames do not tell whether a later write came before
// the deadline, to a key that is gone now, or behind it, to a new key. The
// target begins the key anew.
class PassedDeadlines {
 public:
  // Keys that are remembered. With more, all are forgotten. Default: 100,000.
  static constexpr size_t kMaxKeys = 100000;

  // Notes a key whose deadline is `deadline_ms`, Unix time in milliseconds.
  void Note(absl::string_view key, uint64_t deadline_ms, uint64_t now_ms);

  // Takes the next command that is passed on. Returns whether it writes to a
  // noted key and depends on the value there. Forgets the key then, or if the
  // command replaces the whole value.
  bool Take(const ArgvView& argv, uint64_t now_ms);

 private:
  std::unordered_set<std::string> keys_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_PASSED_DEADLINES_H_
