// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Follows a primary's shards and prints their events.

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
  std::vector<std::string> addresses;  // Of the shards, at least one. Required.
  FleetOptions fleet;
  TailFormat format = TailFormat::kText;
  // End after so many frames of all shards. Default: 0, no limit.
  uint64_t max_frames = 0;
  // The path of the metrics file. Default: empty, no file.
  std::string prometheus;
  // Show a status line on stderr, a terminal. Default: false.
  bool status_line = false;
};

// Follows the shards and prints their events. Writes frames to `output` before
// it stores their position.
//
// Returns:
//   OK            a stop signal came (see StopBySignal()), `max_frames` were
//                 printed, or the reader of the output is gone
//   other errors  those of a shard, the position store, or `output`
absl::Status Follow(const FollowOptions& options, Output* output);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_FOLLOW_H_
