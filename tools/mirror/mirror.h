// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Copies a primary into a target, and keeps it in step.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Connects to the target. The mirror calls it again after each broken link.
using TargetConnector =
    std::function<absl::StatusOr<std::unique_ptr<TargetLink>>()>;

struct MirrorRunOptions {
  MirrorOptions mirror;
  std::vector<std::string> addresses;  // Of the shards: at least one.
  FleetOptions fleet;
  TargetConnector connect;
  std::shared_ptr<Interrupter> interrupter;  // Ends it.
  bool status_line = false;                  // Keep one on stderr, a terminal.
  std::string prometheus;                    // A file of metrics. Empty: none.
  bool once = false;                         // End when a primary closes.
};

// Runs until a signal comes: OK (see StopBySignal()). A target that cannot be
// reached is tried again, and so is a primary. Otherwise the error: what the
// target holds is not to be replaced, or it rejects a command, or a snapshot
// cannot be read.
absl::Status RunMirror(const MirrorRunOptions& options);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_H_
