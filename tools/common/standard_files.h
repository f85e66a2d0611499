// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_STANDARD_FILES_H_
#define KEVY_REPLICA_TOOLS_COMMON_STANDARD_FILES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// Puts the null device in the place of each standard file (input, output,
// errors) that was closed when the program started. Otherwise the next open()
// would take its number: a socket could become standard output. Call it before
// any descriptor is opened.
// Errors: the system's.
absl::Status OpenStandardFiles();

// kFailedPrecondition if standard output was closed when the program started:
// output would vanish. The message tells to give `flag` instead.
absl::Status CheckStandardOutput(absl::string_view flag);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_STANDARD_FILES_H_
