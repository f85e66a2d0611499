// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_TAIL_FOLLOW_H_
#define KEVY_REPLICA_TOOLS_TAIL_FOLLOW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/tail/tail_printer.h"

namespace kevy_replica {

struct FollowOptions {
  std::vector<std::string> addresses;  // Of the shards: at least one.
  FleetOptions fleet;
  TailFormat format = TailFormat::kText;
  uint64_t max_frames = 0;   // End after that many, of all shards; 0: go on.
  std::string prometheus;    // A file of metrics. Empty: none.
  bool status_line = false;  // Keep one on stderr, a terminal.
};

// Follows the shards and prints until a signal comes (see StopBySignal()) or
// `max_frames` were printed: both are OK. What is printed was written to
// `output` when its position is stored. Otherwise the error of a shard's, of
// the store's, or of `output`'s.
absl::Status Follow(const FollowOptions& options, Output* output);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_FOLLOW_H_
