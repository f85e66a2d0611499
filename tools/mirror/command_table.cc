// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/command_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// The places of a command's facts in its element of COMMAND's reply.
enum Place : size_t {
  kName = 0,
  kArity = 1,
  kFlags = 2,
  kFirstKey = 3,
  kLastKey = 4,
  kKeyStep = 5,
  kCategories = 6,   // Since Redis 6.0.
  kSubcommands = 9,  // Since Redis 7.0.
};

bool ReachesBeyond(absl::string_view flag) {
  static constexpr absl::string_view kFlagsAndCategories[] = {
      "admin",      "noscript",   "pubsub",      "blocking",
      "@admin",     "@blocking",  "@pubsub",     "@connection",
      "@dangerous", "@scripting", "@transaction"};
  return absl::c_linear_search(kFlagsAndCategories, flag);
}

// A number of arguments, or a place among them. A target may tell anything, so
// it is clamped: sums of two must not overflow.
int64_t NumberOf(const TargetReply& fact) {
  constexpr int64_t kMost = int64_t{1} << 40;
  return std::clamp(fact.integer, -kMost, kMost);
}

}  // namespace

CommandTable::CommandTable(const TargetReply& reply) {
  for (const TargetReply& command : reply.elements) Add(command);
}

absl::StatusOr<CommandTable> CommandTable::Load(CheckedLink* link) {
  const absl::StatusOr<TargetReply> reply = link->Ask({"COMMAND"});
  if (!reply.ok()) return reply.status();
  CommandTable table(*reply);
  if (table.commands_.empty()) {
    return absl::FailedPreconditionError(
        "the target does not describe its commands (COMMAND), so a mirror "
        "cannot tell the harmless ones");
  }
  return table;
}

void CommandTable::Add(const TargetReply& reply) {
  const std::vector<TargetReply>& facts = reply.elements;
  if (facts.size() <= kKeyStep) return;
  TargetCommand command;
  command.name = absl::AsciiStrToLower(facts[kName].text);
  command.arity = NumberOf(facts[kArity]);
  command.first_key = NumberOf(facts[kFirstKey]);
  command.last_key = NumberOf(facts[kLastKey]);
  command.key_step = NumberOf(facts[kKeyStep]);
  // Its number of keys is an argument. A server may not tell the flag.
  command.movable_keys = command.name == "eval";
  for (const TargetReply& flag : facts[kFlags].elements) {
    command.writes |= flag.text == "write";
    command.movable_keys |= flag.text == "movablekeys";
    command.reaches_beyond |= ReachesBeyond(flag.text);
  }
  if (facts.size() > kCategories) {
    for (const TargetReply& category : facts[kCategories].elements) {
      command.reaches_beyond |= ReachesBeyond(category.text);
    }
  }
  if (facts.size() > kSubcommands) {
    for (const TargetReply& subcommand : facts[kSubcommands].elements) {
      command.has_subcommands = true;
      Add(subcommand);
    }
  }
  std::string name = command.name;
  commands_.insert_or_assign(std::move(name), std::move(command));
}

const TargetCommand* CommandTable::Find(absl::string_view name) const {
  const auto found = commands_.find(std::string(name));
  return found == commands_.end() ? nullptr : &found->second;
}

std::vector<const TargetCommand*> CommandTable::All() const {
  std::vector<const TargetCommand*> all;
  for (const auto& named : commands_) all.push_back(&named.second);
  absl::c_sort(all, [](const TargetCommand* a, const TargetCommand* b) {
    return a->name < b->name;
  });
  return all;
}

const TargetCommand* CommandTable::Find(const ArgvView& argv) const {
  return Find(argv[0], argv.size() < 2 ? "" : argv[1]);
}

const TargetCommand* CommandTable::Find(absl::string_view first,
                                        absl::string_view second) const {
  const std::string name = absl::AsciiStrToLower(first);
  const TargetCommand* const command = Find(name);
  if (command == nullptr || !command->has_subcommands || second.empty()) {
    return command;
  }
  return Find(absl::StrCat(name, "|", absl::AsciiStrToLower(second)));
}

}  // namespace kevy_replica
