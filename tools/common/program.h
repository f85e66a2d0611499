// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The conduct that the programs share: name, messages, help and exit status.

#ifndef KEVY_REPLICA_TOOLS_COMMON_PROGRAM_H_
#define KEVY_REPLICA_TOOLS_COMMON_PROGRAM_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/log.h"

namespace kevy_replica {

enum ExitStatus {
  kExitSuccess = 0,
  kExitError = 1,
  kExitBadUsage = 2,
};

struct Program {
  absl::string_view name;   // Stands before every message.
  absl::string_view usage;  // The help page's text above the flags.
  absl::string_view notes;  // The help page's text below the flags.
};

// The body of main(): opens standard files that are closed, enters the user's
// folder under `bazel run`, reads the command line, then prints the help page,
// prints "<program> <version>", or returns `run`'s exit status. Heeds
// --log_format, if the program has it, from the first message on: those about
// other flags have the format too.
int RunProgram(const Program& program, int argc, char** argv,
               int (*run)(const CommandLine& command_line));

// Logs the event under the program's name: by default "<program>: <message>"
// on stderr. Thread-safe.
void Say(const LogEvent& event);

// Says `message` with a pointer to --help. Returns kExitBadUsage.
int BadUsage(absl::string_view message);

// Says the message of `status` unless it is OK. Returns the exit status.
int ExitStatusOf(const absl::Status& status);

// The user's way past an error of the bytes, to follow its message: "; --flag
// sets the limit", say. Empty if there is none.
std::string RemedyOf(WireError error);

// The same for an error of a link.
std::string RemedyOf(const absl::Status& status);

// "offset_gap: expected 8, got 9 (action: resync)", with the remedy if there is
// one.
std::string Describe(const absl::Status& status);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_PROGRAM_H_
