// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Abseil's flags, read from a command line.

#ifndef KEVY_REPLICA_TOOLS_COMMON_COMMAND_LINE_H_
#define KEVY_REPLICA_TOOLS_COMMON_COMMAND_LINE_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace kevy_replica {

struct CommandLine {
  bool help = false;            // "--help" or "-h" was there.
  std::set<std::string> given;  // The names of the flags that were there.
};

// Sets the flags that `arguments` (without the program's name) give, as
// absl::ParseCommandLine does: --name=value, --name value, --name and --noname.
// That one ends the program with a status of its own choice, for --help too;
// this one returns kInvalidArgument, with a message of one line, for an unknown
// flag, a value that is none, and for arguments that are no flags.
absl::StatusOr<CommandLine> ParseArguments(
    absl::Span<const char* const> arguments);

// All flags, with their defaults, as a help page lists them.
std::string FlagsHelp();

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_COMMAND_LINE_H_
