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

// The end of the chain of links that begins at `path`. It may not exist.
std::string Followed(std::string path);

// Replaces the contents of `path` in one step: a reader finds the old contents
// or the new ones, whole. Writes to a new file in the same folder first, whose
// name nobody can predict, then renames it. Follows a link, and keeps the
// file's permissions. The system decides when the contents reach the disk.
//
// Returns:
//   OK                   the contents are replaced
//   kFailedPrecondition  `path` exists and is no regular file: a device or a
//                        pipe, say
//   other errors         the system's, with the path
absl::Status ReplaceFile(const std::string& path, absl::string_view contents);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_FILES_H_
