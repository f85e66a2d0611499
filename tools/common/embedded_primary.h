// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary inside the program, for trying the program out.

#ifndef KEVY_REPLICA_TOOLS_COMMON_EMBEDDED_PRIMARY_H_
#define KEVY_REPLICA_TOOLS_COMMON_EMBEDDED_PRIMARY_H_

#include "absl/status/status.h"
#include "kevy_replica/testing/scripted_primary.h"

namespace kevy_replica {

// Makes `*primary` listen on loopback and play one recording to every
// connection, and says its address on stderr. The recording is the traffic of
// kevy 5.4.0 to a fresh replica. It has a snapshot, heartbeats, and frames of
// many commands, some with binary arguments.
// Errors: ScriptedPrimary::Listen()'s.
absl::Status StartEmbeddedPrimary(ScriptedPrimary* primary);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_EMBEDDED_PRIMARY_H_
