// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/cross_slot.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using Argv = absl::Span<const absl::string_view>;
using Places = absl::Span<const size_t>;
using Command = std::vector<std::string>;
using Kind = CrossSlotPlan::Kind;

constexpr absl::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";

constexpr absl::string_view kMoves[] = {"rename", "renamenx", "copy",
                                        "smove",  "lmove",    "rpoplpush"};
constexpr absl::string_view kPops[] = {"lmpop", "zmpop"};
constexpr absl::string_view kStores[] = {
    "sunionstore",    "sinterstore", "sdiffstore",        "zunionstore",
    "zinterstore",    "zdiffstore",  "zrangestore",       "bitop",
    "geosearchstore", "georadius",   "georadiusbymember", "pfmerge"};

bool IsIn(absl::Span<const absl::string_view> names, const std::string& name) {
  return absl::c_linear_search(names, name);
}

CrossSlotPlan Rejected(absl::string_view error) {
  return {Kind::kRejected, std::string(error), {}};
}

Command ToCommand(Argv argv) { return Command(argv.begin(), argv.end()); }

// A command with `step` arguments for each key, split by slot. The parts are
// in the order of their first keys.
std::vector<SlotPart> Split(absl::string_view name, Argv argv, Places places,
                            size_t step) {
  std::vector<SlotPart> parts;
  std::map<uint16_t, size_t> part_of;
  for (const size_t place : places) {
    const uint16_t slot = KeySlot(argv[place]);
    const auto added = part_of.emplace(slot, parts.size());
    if (added.second) parts.push_back({slot, {{std::string(name)}}});
    Command& command = parts[added.first->second].commands[0];
    for (size_t i = place; i < std::min(place + step, argv.size()); ++i) {
      command.emplace_back(argv[i]);
    }
  }
  return parts;
}

// A frame without its reads would do something else.
absl::Status RefusedRead(const TargetReply& reply) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the target refuses to read a key of a frame on several slots: ",
      reply.text));
}

absl::StatusOr<bool> Exists(absl::string_view key, const ReadKey& read) {
  const absl::StatusOr<TargetReply> reply = read({"EXISTS", key});
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) return RefusedRead(*reply);
  return reply->integer != 0;
}

// A value as the arguments of RESTORE. An empty dump: there is none.
struct Dump {
  std::string deadline = "0";  // Unix time in ms. "0": none.
  std::string bytes;
};

absl::StatusOr<Dump> ReadDump(absl::string_view key, const ReadKey& read) {
  const absl::StatusOr<TargetReply> deadline = read({"PEXPIRETIME", key});
  if (!deadline.ok()) return deadline.status();
  const absl::StatusOr<TargetReply> bytes = read({"DUMP", key});
  if (!bytes.ok()) return bytes.status();
  for (const TargetReply* const reply : {&*deadline, &*bytes}) {
    if (reply->is_error()) return RefusedRead(*reply);
  }
  Dump dump;
  if (deadline->integer > 0) dump.deadline = absl::StrCat(deadline->integer);
  dump.bytes = bytes->text;
  return dump;
}

absl::StatusOr<std::string> TypeOf(absl::string_view key, const ReadKey& read) {
  const absl::StatusOr<TargetReply> reply = read({"TYPE", key});
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) return RefusedRead(*reply);
  return reply->text;
}

// RENAME, RENAMENX and COPY source destination [REPLACE].
absl::StatusOr<CrossSlotPlan> PlanRename(const std::string& name, Argv argv,
                                         const ReadKey& read) {
  const absl::StatusOr<Dump> dump = ReadDump(argv[1], read);
  if (!dump.ok()) return dump.status();
  if (dump->bytes.empty()) {
    return name == "copy" ? CrossSlotPlan() : Rejected("ERR no such key");
  }
  const bool replaces =
      name == "rename" ||
      absl::c_any_of(argv.subspan(3), [](absl::string_view argument) {
        return absl::EqualsIgnoreCase(argument, "replace");
      });
  if (!replaces) {
    const absl::StatusOr<bool> exists = Exists(argv[2], read);
    if (!exists.ok()) return exists.status();
    if (*exists) return CrossSlotPlan();
  }
  CrossSlotPlan plan;
  plan.kind = Kind::kParts;
  plan.parts.push_back({KeySlot(argv[2]),
                        {{"RESTORE", std::string(argv[2]), dump->deadline,
                          dump->bytes, "REPLACE", "ABSTTL"}}});
  return plan;
}

// SMOVE source destination member; LMOVE source destination from to; RPOPLPUSH
// source destination.
absl::StatusOr<CrossSlotPlan> PlanMove(const std::string& name, Argv argv,
                                       const ReadKey& read) {
  const bool is_set = name == "smove";
  const bool from_left =
      name == "lmove" && absl::EqualsIgnoreCase(argv[3], "left");
  const bool to_left =
      name == "rpoplpush" || absl::EqualsIgnoreCase(argv.back(), "left");
  if (name == "lmove" &&
      ((!from_left && !absl::EqualsIgnoreCase(argv[3], "right")) ||
       (!to_left && !absl::EqualsIgnoreCase(argv[4], "right")))) {
    return Rejected("ERR syntax error");
  }
  const absl::StatusOr<TargetReply> found =
      is_set ? read({"SISMEMBER", argv[1], argv[3]})
             : read({"LINDEX", argv[1], from_left ? "0" : "-1"});
  if (!found.ok()) return found.status();
  if (found->is_error()) return Rejected(found->text);
  const absl::StatusOr<std::string> type = TypeOf(argv[2], read);
  if (!type.ok()) return type.status();
  const bool is_missing =
      is_set ? found->integer == 0 : found->type == TargetReply::Type::kNull;
  // Redis looks at the destination only if the source is there.
  if (is_missing) {
    const absl::StatusOr<bool> exists =
        is_set ? Exists(argv[1], read) : absl::StatusOr<bool>(false);
    if (!exists.ok()) return exists.status();
    if (!*exists) return CrossSlotPlan();
  }
  if (*type != "none" && *type != (is_set ? "set" : "list")) {
    return Rejected(kWrongType);
  }
  if (is_missing) return CrossSlotPlan();
  CrossSlotPlan plan;
  plan.kind = Kind::kParts;
  const std::string destination(argv[2]);
  plan.parts.push_back(
      {KeySlot(argv[2]),
       {is_set
            ? Command{"SADD", destination, std::string(argv[3])}
            : Command{to_left ? "LPUSH" : "RPUSH", destination, found->text}}});
  return plan;
}

// LMPOP and ZMPOP numkeys key ... side [COUNT count].
absl::StatusOr<CrossSlotPlan> PlanPop(const std::string& name, Argv argv,
                                      Places places, const ReadKey& read) {
  for (const size_t place : places) {
    const absl::StatusOr<std::string> type = TypeOf(argv[place], read);
    if (!type.ok()) return type.status();
    if (*type == "none") continue;
    if (*type != (name == "lmpop" ? "list" : "zset")) {
      return Rejected(kWrongType);
    }
    Command command = {std::string(argv[0]), "1", std::string(argv[place])};
    for (const absl::string_view option : argv.subspan(places.back() + 1)) {
      command.emplace_back(option);
    }
    CrossSlotPlan plan;
    plan.kind = Kind::kParts;
    plan.parts.push_back({KeySlot(argv[place]), {std::move(command)}});
    return plan;
  }
  return CrossSlotPlan();
}

// The place of the key that a …STORE command writes.
size_t DestinationOf(const std::string& name, Places places) {
  return absl::StartsWith(name, "georadius") ? places.back() : places.front();
}

absl::StatusOr<CrossSlotPlan> PlanStore(
    const std::string& name, Argv argv, Places places,
    const std::function<std::string(uint16_t slot, size_t i)>& temporary,
    const ReadKey& read) {
  const uint16_t slot = KeySlot(argv[DestinationOf(name, places)]);
  SlotPart part;
  part.slot = slot;
  Command command = ToCommand(argv);
  Command drop = {"DEL"};
  for (const size_t place : places) {
    if (KeySlot(argv[place]) == slot) continue;
    const absl::StatusOr<Dump> dump = ReadDump(argv[place], read);
    if (!dump.ok()) return dump.status();
    command[place] = temporary(slot, place);
    if (dump->bytes.empty()) continue;
    drop.push_back(command[place]);
    part.commands.push_back(
        {"RESTORE", command[place], "0", dump->bytes, "REPLACE"});
  }
  part.commands.push_back(std::move(command));
  if (drop.size() > 1) part.commands.push_back(std::move(drop));
  CrossSlotPlan plan;
  plan.kind = Kind::kParts;
  plan.parts.push_back(std::move(part));
  return plan;
}

}  // namespace

std::vector<SlotPart> SplitBySlot(Argv argv, Places places) {
  const std::string name = absl::AsciiStrToLower(argv[0]);
  if (name == "del" || name == "unlink") {
    return Split(argv[0], argv, places, 1);
  }
  if (name != "mset" || argv.size() % 2 == 0) return {};
  return Split(argv[0], argv, places, 2);
}

bool HasCrossSlotPlan(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return lower == "msetnx" || IsIn(kMoves, lower) || IsIn(kPops, lower) ||
         IsIn(kStores, lower);
}

std::vector<uint16_t> WrittenSlots(Argv argv, Places places) {
  const std::string name = absl::AsciiStrToLower(argv[0]);
  if (IsIn(kStores, name)) {
    return {KeySlot(argv[DestinationOf(name, places)])};
  }
  if (name == "copy") return {KeySlot(argv[2])};
  std::vector<uint16_t> slots;
  for (const size_t place : places) slots.push_back(KeySlot(argv[place]));
  return slots;
}

absl::StatusOr<CrossSlotPlan> PlanCrossSlot(
    Argv argv, Places places,
    const std::function<std::string(uint16_t slot, size_t i)>& temporary,
    const ReadKey& read) {
  const std::string name = absl::AsciiStrToLower(argv[0]);
  if (IsIn(kPops, name)) return PlanPop(name, argv, places, read);
  if (IsIn(kStores, name)) {
    return PlanStore(name, argv, places, temporary, read);
  }
  absl::StatusOr<CrossSlotPlan> plan = CrossSlotPlan();
  if (name == "msetnx") {
    if (argv.size() % 2 == 0) return Rejected("ERR wrong number of arguments");
    for (const size_t place : places) {
      const absl::StatusOr<bool> exists = Exists(argv[place], read);
      if (!exists.ok()) return exists.status();
      if (*exists) return CrossSlotPlan();
    }
    plan->kind = Kind::kParts;
  } else if (name == "smove" || name == "lmove" || name == "rpoplpush") {
    plan = PlanMove(name, argv, read);
  } else {
    plan = PlanRename(name, argv, read);
  }
  if (!plan.ok() || plan->kind != Kind::kParts) return plan;
  for (SlotPart& part : RestOfPlan(argv, places)) {
    plan->parts.push_back(std::move(part));
  }
  return plan;
}

std::vector<SlotPart> RestOfPlan(Argv argv, Places places) {
  const std::string name = absl::AsciiStrToLower(argv[0]);
  if (name == "msetnx") return Split("MSET", argv, places, 2);
  std::vector<SlotPart> parts;
  const auto add = [&](Command command) {
    parts.push_back({KeySlot(argv[1]), {std::move(command)}});
  };
  const std::string source(argv.size() > 1 ? argv[1] : "");
  if (name == "rename" || name == "renamenx") {
    add({"DEL", source});
  } else if (name == "smove") {
    add({"SREM", source, std::string(argv[3])});
  } else if (name == "rpoplpush") {
    add({"RPOP", source});
  } else if (name == "lmove") {
    add({absl::EqualsIgnoreCase(argv[3], "left") ? "LPOP" : "RPOP", source});
  }
  return parts;
}

}  // namespace kevy_replica
