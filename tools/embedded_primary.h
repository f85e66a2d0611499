// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary within the program, for trying it out.

#ifndef KEVY_REPLICA_TOOLS_EMBEDDED_PRIMARY_H_
#define KEVY_REPLICA_TOOLS_EMBEDDED_PRIMARY_H_

#include "absl/status/status.h"
#include "kevy_replica/testing/scripted_primary.h"

namespace kevy_replica {

// Has `*primary` listen on loopback and play EmbeddedCapture() to every
// connection, and says so on stderr.
absl::Status StartEmbeddedPrimary(ScriptedPrimary* primary);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_EMBEDDED_PRIMARY_H_
