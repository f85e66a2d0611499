// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal_command.h"

#include "absl/strings/match.h"
#include "kevy_replica/codec/argv_view.h"

namespace kevy_replica {

bool IsInternalCommand(ArgvView argv) {
  return !argv.empty() && absl::StartsWithIgnoreCase(argv[0], "XINTERNAL.");
}

}  // namespace kevy_replica
