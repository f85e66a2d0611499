// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_FILE_FLAGS_H_
#define KEVY_REPLICA_TOOLS_COMMON_FILE_FLAGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace kevy_replica {

// A flag that names a file.
struct FileFlag {
  std::string name;       // "--output".
  std::string path;       // Empty: it was not given.
  bool replaced = false;  // Written to `path` + ".tmp" first, then renamed.
};

// kInvalidArgument where two flags name one file, be it by other paths, or one
// names what another writes first. Neither makes nor changes a file.
absl::Status CheckFilesDiffer(absl::Span<const FileFlag> flags);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_FILE_FLAGS_H_
