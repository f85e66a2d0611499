// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_REPLACE_FILE_H_
#define KEVY_REPLICA_TOOLS_REPLACE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// Has `path` hold `contents`, at once: who reads it finds them or what was
// there before, whole. They are written to `path` + ".tmp" first. Whether they
// outlast a power failure is left to the system. Errors: the system's, with the
// path.
absl::Status ReplaceFile(const std::string& path, absl::string_view contents);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_REPLACE_FILE_H_
