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
  bool help = false;            // --help or -h was given.
  bool version = false;         // --version was given.
  std::set<std::string> given;  // The names of the given flags.
};

// Sets the flags in `arguments`, the command line without the program's name.
// The forms are absl::ParseCommandLine()'s: --name=value, --name value, --name
// and --noname. Unlike that function it leaves --help, --version and errors to
// the caller, and rejects an empty value, as an unset variable of a shell gives
// it.
//
// Returns:
//   a CommandLine     the flags are set
//   kInvalidArgument  an unknown flag, a wrong or empty value, or an argument
//                     that is not a flag; the message is one line
absl::StatusOr<CommandLine> ParseArguments(
    absl::Span<const char* const> arguments);

// The list of all flags with their defaults, for a help page.
std::string FlagsHelp();

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_COMMAND_LINE_H_
