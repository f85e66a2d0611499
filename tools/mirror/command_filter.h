// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The commands that a mirror passes on.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_COMMAND_FILTER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_COMMAND_FILTER_H_

#include <string>
#include <unordered_set>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/checked_link.h"

namespace kevy_replica {

// Passes commands about keys that the target knows. It refuses commands on the
// mirror's own key. It also refuses commands that would end the mirror's
// transaction, change its connection, or reach beyond the keys of its database.
class CommandFilter {
 public:
  // `known`: the names of the target's commands, in lower case. Empty: the
  // target does not tell, so that every command is known.
  CommandFilter(std::string position_key,
                const std::unordered_set<std::string>& known);

  // Asks the target for its commands. Errors: CheckedLink::Ask()'s.
  static absl::StatusOr<CommandFilter> Load(const std::string& position_key,
                                            CheckedLink* link);

  // Whether the target knows the command `lower`, a name in lower case.
  bool Knows(const std::string& lower) const;

  // The reason to refuse a command, for a message. Empty: pass it on.
  absl::string_view Refusal(const ArgvView& argv);

 private:
  std::string position_key_;
  std::unordered_set<std::string> known_;  // Those about keys.
  std::string last_passed_;                // The last name that passed.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_COMMAND_FILTER_H_
