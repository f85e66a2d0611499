// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/replica_flags.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/codec/utf8.h"
#include "kevy_replica/tools/replace_file.h"

namespace kevy_replica {

absl::Status CheckReplicaFlags(absl::string_view replica_id,
                               absl::Duration idle_timeout,
                               absl::Duration heartbeat_timeout) {
  if (replica_id.empty() || !IsUtf8(replica_id)) {
    return absl::InvalidArgumentError("--replica_id must be non-empty UTF-8");
  }
  if (idle_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--idle_timeout must be more than 0");
  }
  if (heartbeat_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "--heartbeat_timeout must be more than 0");
  }
  return absl::OkStatus();
}

absl::Status MakeMetricsFile(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const absl::Status status = ReplaceFile(path, "");
  return status.ok()
             ? status
             : absl::Status(status.code(),
                            absl::StrCat("--prometheus: ", status.message()));
}

}  // namespace kevy_replica
