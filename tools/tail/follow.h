// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Follows a primary's shards and prints their events.

#ifndef KEVY_REPLICA_TOOLS_TAIL_FOLLOW_H_
#define KEVY_REPLICA_TOOLS_TAIL_FOLLOW_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/tools/common/monitor.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/primary_flags.h"
#include "kevy_replica/tools/tail/snapshot_printer.h"
#include "kevy_replica/tools/tail/tail_printer.h"

namespace kevy_replica {

struct FollowOptions {
  ChosenPrimary primary;  // Required.
  FleetOptions fleet;
  TailFormat format = TailFormat::kText;
  SnapshotMode snapshot = SnapshotMode::kRecords;
  // End after so many frames of all shards. Default: 0, no limit.
  uint64_t max_frames = 0;
  // The path of the metrics file. Default: empty, no file.
  std::string prometheus;
  // Shows the tail's state to others. Default: null.
  Monitor* monitor = nullptr;
  // Show a status line on stderr, a terminal. Default: false.
  bool status_line = false;
  // Called before events are printed. The positions of all printed frames are
  // stored then, if `fleet` stores them after every batch. An error ends the
  // tail. Default: null.
  std::function<absl::Status()> before_print;
};

// Follows the shards and prints their events. Writes frames to `output` before
// it stores their position.
//
// Returns:
//   OK            a stop was requested (see stop_signals.h), `max_frames` were
//                 printed, or the reader of the output is gone
//   other errors  those of a shard, the position store, or `output`
absl::Status Follow(const FollowOptions& options, Output* output);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_FOLLOW_H_
