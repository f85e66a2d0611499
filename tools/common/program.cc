// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/program.h"

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/standard_files.h"
#include "kevy_replica/tools/common/working_folder.h"

namespace kevy_replica {
namespace {

// kVersion, the version in MODULE.bazel.
#include "tools/common/version.inc"

// Sets the format before the command line is checked, so that errors of other
// flags have it. A wrong value of the flag is an error of the command line.
void SetLogFormatBy(absl::Span<const char* const> arguments) {
  const absl::CommandLineFlag* const flag =
      absl::FindCommandLineFlag("log_format");
  if (flag == nullptr) return;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (!absl::ConsumePrefix(&argument, "-")) continue;
    absl::ConsumePrefix(&argument, "-");
    if (!absl::ConsumePrefix(&argument, "log_format")) continue;
    if (argument.empty() && i + 1 < arguments.size()) {
      argument = arguments[i + 1];
    } else {
      absl::ConsumePrefix(&argument, "=");
    }
    SetLogFormat(argument == "json" ? LogFormat::kJson : LogFormat::kText);
  }
}

// Lives until the process ends, since other threads may speak that long.
std::string& ProgramName() {
  static std::string* const name = new std::string();
  return *name;
}

}  // namespace

int RunProgram(const Program& program, int argc, char** argv,
               int (*run)(const CommandLine& command_line)) {
  ProgramName() = std::string(program.name);
  const absl::Span<const char* const> arguments =
      absl::MakeConstSpan(argv, argc).subspan(1);
  SetLogFormatBy(arguments);
  absl::Status status = OpenStandardFiles();
  if (status.ok()) status = EnterUsersFolder(program.name);
  if (!status.ok()) return ExitStatusOf(status);
  const absl::StatusOr<CommandLine> command_line = ParseArguments(arguments);
  if (!command_line.ok()) return BadUsage(command_line.status().message());
  std::string page;
  if (command_line->help) {
    page = absl::StrCat(program.usage, FlagsHelp(), program.notes);
  } else if (command_line->version) {
    page = absl::StrCat(program.name, " ", kVersion, "\n");
  } else {
    return run(*command_line);
  }
  std::fwrite(page.data(), 1, page.size(), stdout);
  return kExitSuccess;
}

void Say(const LogEvent& event) { Log(ProgramName(), event); }

int BadUsage(absl::string_view message) {
  Say({LogLevel::kError, "bad_usage", absl::StrCat(message, " (see --help)")});
  return kExitBadUsage;
}

int ExitStatusOf(const absl::Status& status) {
  if (status.ok()) return kExitSuccess;
  Say({LogLevel::kError, "failed", std::string(status.message())});
  return kExitError;
}

std::string RemedyOf(WireError error) {
  if (error == WireError::kRowSegment) {
    return "; a table with a WINDOW keeps such rows out of its snapshots";
  }
  const absl::string_view limit = LimitName(error);
  // FindCommandLineFlag() rejects an empty name.
  return limit.empty() || absl::FindCommandLineFlag(limit) == nullptr
             ? ""
             : absl::StrCat("; --", limit, " sets the limit");
}

std::string RemedyOf(const absl::Status& status) {
  const absl::CommandLineFlag* const key_file =
      absl::FindCommandLineFlag("key_file");
  if (ReplicaErrorKindOf(status) == ReplicaErrorKind::kHandshakeRejected &&
      key_file != nullptr && key_file->CurrentValue().empty()) {
    return "; a primary that encrypts its links closes plain ones so: it needs "
           "--key_file, and its key in --primary";
  }
  return RemedyOf(WireErrorOf(status).value_or(WireError::kNone));
}

std::string Describe(const absl::Status& status) {
  const std::optional<ReplicaErrorKind> kind = ReplicaErrorKindOf(status);
  const Action action = RecommendedAction(status);
  return absl::StrCat(
      kind.has_value()
          ? std::string(ReplicaErrorKindName(*kind))
          : absl::AsciiStrToLower(absl::StatusCodeToString(status.code())),
      ": ", status.message(), RemedyOf(status),
      action == Action::kCaller
          ? ""
          : absl::StrCat(" (action: ", ActionName(action), ")"));
}

}  // namespace kevy_replica
