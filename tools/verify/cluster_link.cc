// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/cluster_link.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/cluster/redirection.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using Type = TargetReply::Type;

// Bytes of a node's text in a message.
constexpr size_t kShownBytes = 64;

std::vector<absl::string_view> Views(const std::vector<std::string>& argv) {
  return {argv.begin(), argv.end()};
}

// Takes a node's own slots from its reply to CLUSTER NODES: "0-5460 7000", and
// "[7001->-ID]" for one that is being migrated.
std::vector<absl::string_view> OwnSlots(absl::string_view nodes) {
  // Behind ID, address, flags, master, two times, epoch and state.
  constexpr size_t kFirstSlot = 8;
  for (const absl::string_view line : absl::StrSplit(nodes, '\n')) {
    std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    if (words.size() < kFirstSlot || !absl::StrContains(words[2], "myself")) {
      continue;
    }
    words.erase(words.begin(), words.begin() + kFirstSlot);
    return words;
  }
  return {};
}

// The number of slots in "0-5460" or "7000". 0: another form.
int CountOf(absl::string_view range) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(range, absl::MaxSplits('-', 1));
  const std::optional<uint64_t> first = internal::ParseDecimal(ends.first);
  const std::optional<uint64_t> last =
      ends.second.empty() ? first : internal::ParseDecimal(ends.second);
  if (!first.has_value() || !last.has_value() || *last >= kSlots ||
      *first > *last) {
    return 0;
  }
  return static_cast<int>(*last - *first) + 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TargetLink>> ClusterLink::Connect(
    const std::vector<NodeAddress>& seeds, const NodeConnector& connect) {
  auto link = absl::WrapUnique(new ClusterLink(seeds, connect));
  absl::Status status = link->links_.Refresh();
  if (status.ok()) status = link->single_.Refresh();
  if (!status.ok()) return status;
  return link;
}

void ClusterLink::AddRaw(absl::string_view resp) {
  Command command;
  command.resp = resp;
  added_.push_back(std::move(command));
}

void ClusterLink::Add(absl::Span<const absl::string_view> argv) {
  Command command;
  command.argv = {argv.begin(), argv.end()};
  added_.push_back(std::move(command));
}

absl::Status ClusterLink::RouteToSlot(uint16_t slot, Command* command) {
  const absl::StatusOr<CheckedLink*> link = links_.LinkOf(slot);
  if (!link.ok()) return link.status();
  command->link = *link;
  command->node = *links_.slots().MasterOf(slot);
  command->slot = slot;
  return absl::OkStatus();
}

absl::Status ClusterLink::Route(Command* command) {
  const std::vector<std::string>& argv = command->argv;
  absl::string_view name;
  if (!argv.empty()) name = argv[0];
  const bool ends = name == "EXEC" || name == "DISCARD" || name == "UNWATCH";
  if (in_transaction_ || name == "MULTI" || ends) {
    in_transaction_ = !ends;
    if (watched_ == nullptr) return RouteToSlot(0, command);
    command->link = watched_;
    command->node = watched_node_;
    // DISCARD outside of a transaction forgets nothing.
    if (name == "EXEC" || name == "UNWATCH") watched_ = nullptr;
    return absl::OkStatus();
  }
  if (name == "DBSIZE" || name == "SCAN") return absl::OkStatus();
  const size_t place = name == "XINFO" ? 2 : 1;
  if (argv.size() <= place) {
    return absl::InvalidArgumentError(
        absl::StrCat("a cluster has no node for ", name, " without a key"));
  }
  absl::Status status = RouteToSlot(KeySlot(argv[place]), command);
  if (!status.ok()) return status;
  command->follows = name != "WATCH";
  if (name == "WATCH") {
    watched_ = command->link;
    watched_node_ = command->node;
  }
  return absl::OkStatus();
}

absl::Status ClusterLink::Send() {
  std::vector<CheckedLink*> used;
  for (Command& command : added_) {
    absl::Status status = Route(&command);
    if (!status.ok()) return status;
    if (command.link != nullptr) {
      if (command.argv.empty()) {
        command.link->AddRaw(command.resp);
      } else {
        command.link->Add(Views(command.argv));
      }
      if (!absl::c_linear_search(used, command.link)) {
        used.push_back(command.link);
      }
    }
    sent_.push_back(std::move(command));
  }
  added_.clear();
  for (CheckedLink* const link : used) {
    absl::Status status = link->Send();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetReply> ClusterLink::Receive(ReplyDetail detail) {
  const Command command = std::move(sent_.front());
  sent_.pop_front();
  if (command.link == nullptr) {
    const std::vector<absl::string_view> argv = Views(command.argv);
    if (argv[0] == "DBSIZE") return SumOfSizes();
    return Scan(argv[1], absl::MakeConstSpan(argv).subspan(2));
  }
  absl::StatusOr<TargetReply> reply = command.link->Receive(detail);
  if (!reply.ok() || !reply->is_error()) return reply;
  return Follow(command, *std::move(reply));
}

absl::StatusOr<TargetReply> ClusterLink::Follow(const Command& command,
                                                TargetReply reply) {
  const std::optional<Redirection> redirection =
      ParseRedirection(reply.text, command.node);
  if (!redirection.has_value() || redirection->slot != command.slot) {
    return reply;
  }
  if (redirection->kind == Redirection::Kind::kMoved) {
    // A map without room is no fault: the next command is redirected again.
    (void)links_.Moved(*redirection);
    (void)single_.Moved(*redirection);
  }
  if (!command.follows) return reply;
  return single_.Ask(command.slot, Views(command.argv));
}

absl::StatusOr<TargetReply> ClusterLink::AskMaster(
    const NodeAddress& master, absl::Span<const absl::string_view> argv) {
  const absl::StatusOr<CheckedLink*> link = single_.LinkTo(master);
  if (!link.ok()) return link.status();
  (*link)->Add(argv);
  absl::Status sent = (*link)->Send();
  if (!sent.ok()) return sent;
  return (*link)->Receive(ReplyDetail::kWhole);
}

absl::StatusOr<TargetReply> ClusterLink::SumOfSizes() {
  TargetReply sum;
  sum.type = Type::kInteger;
  for (const NodeAddress& master : single_.slots().masters()) {
    absl::StatusOr<TargetReply> size = AskMaster(master, {"DBSIZE"});
    if (!size.ok() || size->type != Type::kInteger) return size;
    sum.integer += std::clamp<int64_t>(size->integer, 0, kMaxNodeKeys);
  }
  return sum;
}

absl::StatusOr<std::string> ClusterLink::MastersSlots() {
  std::string text;
  int count = 0;
  for (const NodeAddress& master : scanned_) {
    const absl::StatusOr<TargetReply> nodes =
        AskMaster(master, {"CLUSTER", "NODES"});
    if (!nodes.ok()) return nodes.status();
    if (nodes->is_error()) {
      return absl::FailedPreconditionError(
          absl::StrCat(master.ToString(), ": CLUSTER NODES: ", nodes->text));
    }
    for (const absl::string_view range : OwnSlots(nodes->text)) {
      if (absl::StartsWith(range, "[")) {
        return absl::UnavailableError(absl::StrCat(
            "slot ", Escaped(range.substr(0, kShownBytes)),
            " is being migrated: compare again when that is done"));
      }
      count += CountOf(range);
      absl::StrAppend(&text, range, " ");
    }
    text += '\n';
  }
  if (count != kSlots) {
    return absl::UnavailableError(absl::StrCat("the masters hold ", count,
                                               " of ", kSlots,
                                               " slots: compare again "
                                               "when the cluster is whole"));
  }
  return text;
}

absl::StatusOr<TargetReply> ClusterLink::Scan(
    absl::string_view cursor, absl::Span<const absl::string_view> options) {
  size_t index = 0;
  absl::string_view own = cursor;
  if (cursor == "0") {
    absl::Status status = single_.Refresh();
    if (!status.ok()) return status;
    scanned_ = single_.slots().masters();
    absl::StatusOr<std::string> slots = MastersSlots();
    if (!slots.ok()) return slots.status();
    scanned_slots_ = *std::move(slots);
  } else {
    // The cursor is one that this function has made.
    const size_t colon = cursor.find(':');
    (void)absl::SimpleAtoi(cursor.substr(0, colon), &index);
    own = cursor.substr(colon + 1);
  }
  std::vector<absl::string_view> argv = {"SCAN", own};
  argv.insert(argv.end(), options.begin(), options.end());
  absl::StatusOr<TargetReply> reply = AskMaster(scanned_[index], argv);
  if (!reply.ok() || reply->elements.size() != 2 ||
      reply->elements[0].type != Type::kText) {
    return reply;
  }
  std::string& next = reply->elements[0].text;
  if (next != "0") {
    next = absl::StrCat(index, ":", next);
  } else if (index + 1 < scanned_.size()) {
    next = absl::StrCat(index + 1, ":0");
  } else {
    const absl::StatusOr<std::string> slots = MastersSlots();
    if (!slots.ok()) return slots.status();
    if (*slots != scanned_slots_) {
      return absl::UnavailableError(
          "slots have moved during SCAN, so keys may be missing: compare "
          "again");
    }
  }
  return reply;
}

}  // namespace kevy_replica
