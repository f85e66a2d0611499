// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The flags for operators, which the programs share: --listen, --health_grace
// and --log_format. RunProgram() heeds --log_format.

#ifndef KEVY_REPLICA_TOOLS_COMMON_MONITOR_FLAGS_H_
#define KEVY_REPLICA_TOOLS_COMMON_MONITOR_FLAGS_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/tools/common/http_server.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/monitor.h"

namespace kevy_replica {

// The pages at the flags' address.
struct MonitorOfFlags {
  std::unique_ptr<Monitor> monitor;
  std::unique_ptr<HttpServer> server;  // Null: --listen was not given.
};

// Starts the server, and says its address. Errors: those of
// HttpServer::Start(), with the flag's name; kInvalidArgument for a negative
// --health_grace.
absl::StatusOr<MonitorOfFlags> StartMonitorOfFlags();

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_MONITOR_FLAGS_H_
