// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_FILES_H_
#define KEVY_REPLICA_TOOLS_COMMON_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// The folder of `path`, with the slash at its end: "./" for a bare name.
std::string FolderOf(const std::string& path);

// Replaces the contents of `path` in one step: a reader finds the old contents
// or the new ones, whole. Writes to `path` + ".tmp" first, then renames. The
// system decides when the contents reach the disk.
// Errors: the system's, with the path.
absl::Status ReplaceFile(const std::string& path, absl::string_view contents);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_FILES_H_
