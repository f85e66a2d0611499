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
  std::string path;       // Empty: the flag was not given.
  bool is_store = false;  // A position store, which also writes `path` + ".tmp"
                          // and `path` + ".lock".
};

// Checks that the flags name different files. Follows links and other spellings
// of a path. Only looks at files.
//
// Returns:
//   OK                they differ
//   kInvalidArgument  two flags name one file, or one names a file that
//                     another one needs; the message names both
absl::Status CheckFilesDiffer(absl::Span<const FileFlag> flags);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_FILE_FLAGS_H_
