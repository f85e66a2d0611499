// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What a mirror would do, as text.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_EXPLAIN_H_
#define KEVY_REPLICA_TOOLS_MIRROR_EXPLAIN_H_

#include <string>

#include "absl/status/status.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror.h"

namespace kevy_replica {

// Connects to the target and to each shard of the primary (with kevy://, finds
// the primary), and appends lines about them to `*text`. Only asks: both sides
// stay as they are, and a mirror that runs keeps running.
//
// Returns:
//   OK            `*text` says it all, also that the mirror would refuse
//   other errors  the target's link, or its refusal to answer
absl::Status Explain(const MirrorRunOptions& options, std::string* text);

// Appends the version and the memory of one server, and the commands that it
// lacks. Errors: CheckedLink::Ask()'s.
absl::Status ExplainServer(CheckedLink* link, std::string* text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_EXPLAIN_H_
