// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Abseil's flags, read from a command line.

#ifndef KEVY_REPLICA_TOOLS_COMMAND_LINE_H_
#define KEVY_REPLICA_TOOLS_COMMAND_LINE_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

#endif  // KEVY_REPLICA_TOOLS_COMMAND_LINE_H_
