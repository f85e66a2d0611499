// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The target's own description of its commands.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_COMMAND_TABLE_H_
#define KEVY_REPLICA_TOOLS_MIRROR_COMMAND_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// A command or subcommand, by the reply to COMMAND.
struct TargetCommand {
  std::string name;   // In lower case: "set", "xgroup|create".
  int64_t arity = 0;  // Of all arguments. Negative: at least so many.
  // The arguments that are keys: from first_key on, every key_step, up to
  // last_key. A negative last_key counts from the end. first_key 0: none.
  int64_t first_key = 0;
  int64_t last_key = 0;
  int64_t key_step = 0;
  bool writes = false;
  bool movable_keys = false;  // Options decide which arguments are keys, too.
  // It reaches beyond its keys or waits: one of the flags admin, noscript,
  // pubsub and blocking, or one of the ACL categories admin, blocking,
  // connection, dangerous, pubsub, scripting and transaction.
  bool reaches_beyond = false;
  bool has_subcommands = false;

  // Calls `take` with the place of each key, ascending, in a command of `size`
  // arguments. Those that options name are not told.
  template <typename Take>
  void ForEachKey(size_t size, Take take) const {
    if (first_key <= 0 || key_step <= 0) return;
    const auto end = static_cast<int64_t>(size);
    const int64_t last = last_key < 0 ? end + last_key : last_key;
    for (int64_t i = first_key; i <= last && i < end; i += key_step) {
      take(static_cast<size_t>(i));
    }
  }
};

class CommandTable {
 public:
  CommandTable() = default;  // Empty.
  // `reply`: to COMMAND.
  explicit CommandTable(const TargetReply& reply);

  // Asks the target. Errors: CheckedLink::Ask()'s; kFailedPrecondition if it
  // does not describe its commands.
  static absl::StatusOr<CommandTable> Load(CheckedLink* link);

  // `name` in lower case. Null: the target has no such command.
  const TargetCommand* Find(absl::string_view name) const;

  // All commands and subcommands, by name.
  std::vector<const TargetCommand*> All() const;

  // The command that `argv` calls, or its subcommand.
  const TargetCommand* Find(const ArgvView& argv) const;
  // The same by the first two arguments; `second` is empty without one.
  const TargetCommand* Find(absl::string_view first,
                            absl::string_view second) const;

 private:
  void Add(const TargetReply& reply);

  std::unordered_map<std::string, TargetCommand> commands_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_COMMAND_TABLE_H_
