// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/command_filter.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/reply_class.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kOwnKey =
    "it names the mirror's own key: choose another --position_key";

// Commands whose options name keys. Each of these keys is a whole argument, so
// a search of all arguments finds the mirror's own.
bool NamesKeysInOptions(absl::string_view name) {
  static constexpr absl::string_view kNames[] = {
      "zunionstore", "zinterstore", "zdiffstore",        "lmpop",
      "zmpop",       "georadius",   "georadiusbymember", "xreadgroup"};
  return absl::c_linear_search(kNames, name);
}

bool HasArgument(const ArgvView& argv, absl::string_view text) {
  for (size_t i = 1; i < argv.size(); ++i) {
    if (argv[i] == text) return true;
  }
  return false;
}

// The place of the command's only key. 0: it has others, or options that count.
size_t OnlyKey(const TargetCommand& command) {
  return !command.movable_keys && command.first_key == command.last_key
             ? static_cast<size_t>(command.first_key)
             : 0;
}

}  // namespace

// GROUP group consumer, COUNT count, BLOCK milliseconds and NOACK, up to
// STREAMS.
size_t BlockOption(const ArgvView& argv, size_t from) {
  size_t i = from;
  while (i < argv.size() && !absl::EqualsIgnoreCase(argv[i], "streams")) {
    if (absl::EqualsIgnoreCase(argv[i], "block")) return i;
    if (absl::EqualsIgnoreCase(argv[i], "group")) {
      i += 3;
    } else if (absl::EqualsIgnoreCase(argv[i], "count")) {
      i += 2;
    } else {
      ++i;
    }
  }
  return 0;
}

CommandFilter::CommandFilter(Options options, CommandTable table)
    : options_(std::move(options)), table_(std::move(table)) {}

CommandVerdict CommandFilter::Judge(const ArgvView& argv) {
  if (options_.print_only) return {};
  const TargetCommand* command = last_command_;
  if (command == nullptr || argv[0] != last_name_) {
    command = table_.Find(argv);
    const absl::string_view refusal = RefusalOf(command);
    if (!refusal.empty()) return {refusal, ReplyClass::kUnable};
    // A name with subcommands does not tell the command.
    if (!absl::StrContains(command->name, "|")) {
      last_name_ = std::string(argv[0]);
      last_command_ = command;
      last_key_ = OnlyKey(*command);
    } else {
      last_command_ = nullptr;
      last_key_ = 0;
    }
  }
  const auto size = static_cast<int64_t>(argv.size());
  if (command->arity >= 0 ? size != command->arity : size < -command->arity) {
    return {"it has a wrong number of arguments", ReplyClass::kData};
  }
  if (last_key_ == 0 || last_key_ >= argv.size()) {
    return JudgeKeys(*command, argv);
  }
  return argv[last_key_] == options_.position_key
             ? CommandVerdict{kOwnKey, ReplyClass::kUnable}
             : CommandVerdict{};
}

absl::string_view CommandFilter::RefusalOf(const TargetCommand* command) const {
  if (command == nullptr) return "the target does not know this command";
  if (command->name == "eval" && options_.scripts) return "";
  for (const absl::string_view script :
       {"eval", "evalsha", "fcall", "function", "script"}) {
    if (absl::StartsWith(command->name, script)) {
      return "a script can reach other keys and databases: --scripts=allow "
             "passes EVAL on";
    }
  }
  if (command->name == "move") return "it writes into another database";
  // XREADGROUP has the flag of commands that wait, for its option BLOCK alone.
  const bool reaches_beyond =
      command->reaches_beyond && command->name != "xreadgroup";
  if (!command->writes || reaches_beyond) {
    return "a mirror passes on only commands that write keys and reach nothing "
           "else";
  }
  if (command->movable_keys
          ? !NamesKeysInOptions(command->name)
          : command->first_key <= 0 || command->key_step <= 0) {
    return "its keys cannot be told";
  }
  return "";
}

CommandVerdict CommandFilter::JudgeKeys(const TargetCommand& command,
                                        const ArgvView& argv) const {
  if (command.name == "xreadgroup" && BlockOption(argv) != 0) {
    return {"it waits for entries", ReplyClass::kUnable};
  }
  if (command.movable_keys) {
    return HasArgument(argv, options_.position_key)
               ? CommandVerdict{kOwnKey, ReplyClass::kUnable}
               : CommandVerdict{};
  }
  bool is_own = false;
  command.ForEachKey(argv.size(), [&](size_t place) {
    is_own = is_own || argv[place] == options_.position_key;
  });
  if (is_own) return {kOwnKey, ReplyClass::kUnable};
  if (command.name == "copy") {
    for (size_t i = 3; i < argv.size(); ++i) {
      if (absl::EqualsIgnoreCase(argv[i], "db")) {
        return {"it writes into another database", ReplyClass::kUnable};
      }
    }
  }
  return {};
}

}  // namespace kevy_replica
