// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Checks of the flags that the programs share.

#ifndef KEVY_REPLICA_TOOLS_REPLICA_FLAGS_H_
#define KEVY_REPLICA_TOOLS_REPLICA_FLAGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {

// kInvalidArgument, with the flag's name, where one is no value for a link.
absl::Status CheckReplicaFlags(absl::string_view replica_id,
                               absl::Duration idle_timeout,
                               absl::Duration heartbeat_timeout);

// Makes the file of --prometheus, empty. The system's error, with the flag's
// name. Nothing to do where `path` is empty.
absl::Status MakeMetricsFile(const std::string& path);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_REPLICA_FLAGS_H_
