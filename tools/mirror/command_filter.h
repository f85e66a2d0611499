// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The commands that a mirror passes on.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_COMMAND_FILTER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_COMMAND_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/reply_class.h"

namespace kevy_replica {

// The place of XREADGROUP's next option BLOCK in `argv`. `from` is the place of
// an option, or 1. 0: it has none.
size_t BlockOption(const ArgvView& argv, size_t from = 1);

// A filter's answer about one command.
struct CommandVerdict {
  // Empty: pass the command on. Otherwise the reason not to, for a message.
  absl::string_view refusal;
  ReplyClass reply_class = ReplyClass::kUnable;  // Of a refusal.
};

// Passes on only commands that write keys of the database and reach nothing
// else, by the target's own description:
//
//   command                                       verdict
//   unknown to the target, or without a name      unable
//   EVAL, with `scripts`                          pass
//   writes nothing, reaches beyond its keys,      unable
//   or its keys cannot be told
//   another number of arguments than its arity    data
//   one of its keys is the mirror's own           unable
//   COPY ... DB, MOVE                             unable
//   XREADGROUP with BLOCK                         unable
//   else                                          pass
class CommandFilter {
 public:
  struct Options {
    std::string position_key;
    // Pass EVAL on. A script can reach any key and database.
    bool scripts = false;
    // Pass every command on: no server gets them.
    bool print_only = false;
  };

  CommandFilter(Options options, CommandTable table);
  CommandFilter(CommandFilter&&) = default;
  CommandFilter(const CommandFilter&) = delete;
  CommandFilter& operator=(const CommandFilter&) = delete;

  CommandVerdict Judge(const ArgvView& argv);

  // Whether some frame with this command, of the target's own table, passes.
  bool Passes(const TargetCommand& command) const {
    return RefusalOf(&command).empty();
  }

  // The place of the only key of a command that is spelled `name`, if the last
  // command that passed was. 0: it may have others.
  size_t OnlyKeyOf(absl::string_view name) const {
    return name == last_name_ ? last_key_ : 0;
  }

  const CommandTable& table() const { return table_; }

 private:
  CommandVerdict JudgeKeys(const TargetCommand& command,
                           const ArgvView& argv) const;
  // The reason why nothing passes that `command` names. Empty: none.
  absl::string_view RefusalOf(const TargetCommand* command) const;

  Options options_;
  CommandTable table_;
  // The last command that passed, and its name as it was spelled. Null: none. A
  // subcommand does not count, since its first argument does not tell it.
  std::string last_name_;
  const TargetCommand* last_command_ = nullptr;
  // The place of its only key. 0: JudgeKeys() decides.
  size_t last_key_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_COMMAND_FILTER_H_
