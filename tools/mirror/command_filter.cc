// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/command_filter.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

bool ReachesBeyondKeys(absl::string_view lower) {
  static constexpr absl::string_view kCommands[] = {
      // Of transactions.
      "multi", "exec", "discard", "watch", "unwatch",
      // Of the connection.
      "auth", "hello", "select", "client", "reset", "quit", "subscribe",
      "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe",
      "monitor", "sync", "psync", "replconf",
      // Of the whole database or the server.
      "flushdb", "flushall", "swapdb", "move", "migrate", "config", "acl",
      "debug", "module", "cluster", "failover", "replicaof", "slaveof",
      "shutdown"};
  return absl::c_linear_search(kCommands, lower);
}

}  // namespace

CommandFilter::CommandFilter(std::string position_key,
                             const std::unordered_set<std::string>& known)
    : position_key_(std::move(position_key)) {
  for (const std::string& name : known) {
    if (!ReachesBeyondKeys(name)) known_.insert(name);
  }
}

absl::StatusOr<CommandFilter> CommandFilter::Load(
    const std::string& position_key, CheckedLink* link) {
  const absl::StatusOr<TargetReply> reply = link->Ask({"COMMAND"});
  if (!reply.ok()) return reply.status();
  std::unordered_set<std::string> known;
  for (const TargetReply& command : reply->elements) {
    if (command.elements.empty()) continue;
    known.insert(absl::AsciiStrToLower(command.elements[0].text));
  }
  return CommandFilter(position_key, known);
}

bool CommandFilter::Knows(const std::string& lower) const {
  return known_.empty() || known_.count(lower) != 0;
}

absl::string_view CommandFilter::Refusal(const ArgvView& argv) {
  if (argv[0] != last_passed_) {
    const std::string lower = absl::AsciiStrToLower(argv[0]);
    if (known_.count(lower) == 0) {
      if (ReachesBeyondKeys(lower)) {
        return "a mirror passes on only commands about keys";
      }
      if (!known_.empty()) return "the target does not know this command";
    }
    last_passed_ = std::string(argv[0]);
  }
  if (argv.size() > 1 && argv[1] == position_key_) {
    return "this is the mirror's own key: choose another --position_key";
  }
  return "";
}

}  // namespace kevy_replica
