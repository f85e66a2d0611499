// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Copies a primary into a target and keeps the copy up to date.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/tools/common/monitor.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

struct MirrorRunOptions {
  MirrorOptions mirror;
  std::vector<std::string> addresses;  // Of the shards, at least one. Required.
  FleetOptions fleet;
  TargetConnector connect;  // To one server. Required without `open`.
  // Opens another target than one server. Default: null.
  std::function<absl::StatusOr<std::unique_ptr<MirrorTarget>>(
      const MirrorOptions& options, MirrorCounters* counters,
      MirrorState* state)>
      open;
  // For Explain() with `open`: appends lines about that target. Default: null.
  std::function<absl::Status(std::string* text)> explain;
  // Ends the waits between two connections. Required.
  std::shared_ptr<Interrupter> interrupter;
  // Show a status line on stderr, a terminal. Default: false.
  bool status_line = false;
  // Shows the mirror's state to others. Default: null.
  Monitor* monitor = nullptr;
  // The path of the metrics file. Default: empty, no file.
  std::string prometheus;
  // End when a primary closes its link. Default: false.
  bool once = false;
};

// Mirrors until a stop signal comes (see StopBySignal()). Connects again after
// a broken link to a primary or to the target, and while the target is in
// trouble; one side's link does not end the other's. The wait for the target
// grows from 100 ms to 5 s.
//
// Returns:
//   OK                   a stop signal came, or the end of `once`
//   kFailedPrecondition  the target's data must not be replaced, or the target
//                        rejects a command; the message names the remedy
//   kDataLoss            a snapshot's payload cannot be read
//   other errors         those of the fleet
absl::Status RunMirror(const MirrorRunOptions& options);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_H_
