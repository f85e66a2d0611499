// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary inside the program, for trying the program out.

#ifndef KEVY_REPLICA_TOOLS_COMMON_EMBEDDED_PRIMARY_H_
#define KEVY_REPLICA_TOOLS_COMMON_EMBEDDED_PRIMARY_H_

#include <string>

#include "absl/status/statusor.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/secure/keys.h"

namespace kevy_replica {

// Makes `*primary` listen on loopback and play one recording to every
// connection, and says its address on stderr. Returns that address. The
// recording is the traffic of kevy 5.4.0 to a fresh replica. It has a snapshot,
// heartbeats, and frames of many commands, some with binary arguments.
//
// `replica_key`: null for a plain primary. Otherwise the primary is secure, has
// a new key, and allows this key alone.
//
// Errors: ScriptedPrimary::Listen()'s and PrivateKey::Generate()'s.
absl::StatusOr<std::string> StartEmbeddedPrimary(const PublicKey* replica_key,
                                                 ScriptedPrimary* primary);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_EMBEDDED_PRIMARY_H_
