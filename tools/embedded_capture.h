// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A recording that is part of the program.

#ifndef KEVY_REPLICA_TOOLS_EMBEDDED_CAPTURE_H_
#define KEVY_REPLICA_TOOLS_EMBEDDED_CAPTURE_H_

#include "absl/strings/string_view.h"

namespace kevy_replica {

// What kevy 5.4.0 sent a fresh replica, from its answer on: a snapshot, frames
// of many commands, binary arguments among them, and heartbeats.
absl::string_view EmbeddedCapture();

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_EMBEDDED_CAPTURE_H_
