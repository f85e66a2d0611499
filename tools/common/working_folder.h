// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_WORKING_FOLDER_H_
#define KEVY_REPLICA_TOOLS_COMMON_WORKING_FOLDER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// Makes relative paths mean what the user means under `bazel run`, which starts
// a program in its runfiles folder: if the current folder is that of `program`,
// changes to $BUILD_WORKING_DIRECTORY, where the command was given.
// Errors: the system's.
absl::Status EnterUsersFolder(absl::string_view program);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_WORKING_FOLDER_H_
