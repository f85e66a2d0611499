// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/snapshot_options.h"

#include <ostream>

#include "absl/strings/string_view.h"

namespace kevy_replica {

absl::string_view SnapshotPolicyName(SnapshotPolicy policy) {
  switch (policy) {
    case SnapshotPolicy::kError:
      return "error";
    case SnapshotPolicy::kSkip:
      return "skip";
    case SnapshotPolicy::kChunks:
      return "chunks";
    case SnapshotPolicy::kRecords:
      return "records";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, SnapshotPolicy policy) {
  return out << SnapshotPolicyName(policy);
}

}  // namespace kevy_replica
