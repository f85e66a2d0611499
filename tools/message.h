// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_MESSAGE_H_
#define KEVY_REPLICA_TOOLS_MESSAGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// Prints a line on stderr, with the program's name before it. Thread-safe, as
// long as the name is set first.
void Say(absl::string_view message);
void SetProgramName(absl::string_view name);

// "offset_gap: expected 8, got 9 (action: resync)".
std::string Describe(const absl::Status& status);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MESSAGE_H_
