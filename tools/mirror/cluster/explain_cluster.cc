// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/explain_cluster.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/cluster/cluster_target.h"
#include "kevy_replica/tools/mirror/cluster/cross_slot.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/mark_work.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/slot_link.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/explain.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// Nodes of a long list.
constexpr size_t kMostNodes = 100;

absl::Status ExplainNodes(ClusterLinks* links, std::string* text) {
  absl::StrAppend(text, "cluster: ", links->slots().masters().size(),
                  " masters, ", links->slots().replicas().size(), " replicas, ",
                  links->slots().covered(), " of ", kSlots, " slots covered\n");
  std::map<NodeAddress, int> slots;
  for (int slot = 0; slot < kSlots; ++slot) {
    const NodeAddress* const master =
        links->slots().MasterOf(static_cast<uint16_t>(slot));
    if (master != nullptr) ++slots[*master];
  }
  size_t shown = 0;
  for (const auto& node : slots) {
    if (++shown > kMostNodes) break;
    absl::StrAppend(text, "node ", node.first.ToString(), ": ", node.second,
                    " slots");
    const absl::StatusOr<CheckedLink*> link = links->LinkTo(node.first);
    if (absl::IsCancelled(link.status())) return link.status();
    if (!link.ok()) {
      absl::StrAppend(text, ": ", Escaped(link.status().message()), "\n");
      continue;
    }
    absl::StrAppend(text, "\n");
    const absl::Status status = ExplainServer(*link, text);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Reads the marks of all slots: from all masters at once, and then one by one
// those that are elsewhere.
absl::StatusOr<std::vector<std::unique_ptr<MarkRead>>> ReadMarks(
    const MirrorOptions& options, ClusterLinks* links) {
  std::vector<std::unique_ptr<MarkRead>> reads;
  std::vector<CheckedLink*> sent;
  for (int slot = 0; slot < kSlots; ++slot) {
    reads.push_back(std::make_unique<MarkRead>(
        options.position_key, options.shards, static_cast<uint16_t>(slot)));
    const absl::StatusOr<CheckedLink*> link =
        links->LinkOf(reads[slot]->slot());
    if (!link.ok()) return link.status();
    sent.push_back(*link);
    reads[slot]->Gather(*link);
  }
  for (CheckedLink* const link :
       std::set<CheckedLink*>(sent.begin(), sent.end())) {
    const absl::Status status = link->Send();
    if (!status.ok()) return status;
  }
  std::vector<MarkRead*> moved;
  for (int slot = 0; slot < kSlots; ++slot) {
    const absl::StatusOr<SlotAnswer> answer = reads[slot]->Receive(sent[slot]);
    if (!answer.ok()) return answer.status();
    if (answer->kind != SlotAnswer::Kind::kDone) {
      moved.push_back(reads[slot].get());
    }
  }
  for (MarkRead* const read : moved) {
    CheckedLink link(std::make_unique<SlotLink>(links, read->slot()));
    read->Gather(&link);
    const absl::Status status = link.Send();
    if (!status.ok()) return status;
    const absl::StatusOr<SlotAnswer> answer = read->Receive(&link);
    if (!answer.ok()) return answer.status();
  }
  return reads;
}

// The least and the greatest mark of a shard.
absl::Status ExplainMarks(const MirrorOptions& options, ClusterLinks* links,
                          std::string* text) {
  const absl::StatusOr<std::vector<std::unique_ptr<MarkRead>>> reads =
      ReadMarks(options, links);
  if (!reads.ok()) return reads.status();
  std::vector<SlotMark> least(options.shards);
  std::vector<SlotMark> most(options.shards);
  size_t missing = 0;
  for (const std::unique_ptr<MarkRead>& read : *reads) {
    for (size_t i = 0; i < options.shards; ++i) {
      const std::optional<SlotMark>& mark = read->marks()[i];
      if (!mark.has_value() || mark->loading) {
        ++missing;
        continue;
      }
      if (least[i].loading || mark->next < least[i].next) least[i] = *mark;
      if (most[i].loading || mark->next > most[i].next) most[i] = *mark;
    }
  }
  for (size_t i = 0; i < options.shards; ++i) {
    absl::StrAppend(text, ShardField(i), ": slots between ", ToString(least[i]),
                    " and ", ToString(most[i]), "\n");
  }
  absl::StrAppend(text, missing > 0
                            ? absl::StrCat("would load everything: ", missing,
                                           " slots have lost their positions\n")
                            : "would resume at the least of these positions\n");
  return absl::OkStatus();
}

absl::Status ExplainRecord(const MirrorOptions& options, ClusterLinks* links,
                           std::string* text) {
  CheckedLink link(
      std::make_unique<SlotLink>(links, KeySlot(options.position_key)));
  const absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options.position_key, options.shards, &link);
  if (absl::IsFailedPrecondition(record.status())) {
    absl::StrAppend(text,
                    options.replace ? "would replace: " : "would refuse: ",
                    record.status().message(), "\n");
    return absl::OkStatus();
  }
  if (!record.ok()) return record.status();
  if (!record->exists) {
    absl::StrAppend(text,
                    "no mirror's record: would load everything into an empty "
                    "cluster, and refuse one with keys without --replace\n");
    return absl::OkStatus();
  }
  if (!record->rejected.empty()) {
    absl::StrAppend(text, "stopped before: ", Escaped(record->rejected), "\n");
  }
  if (!record->is_loading()) return ExplainMarks(options, links, text);
  absl::StrAppend(text, "would load everything: a snapshot is not whole\n");
  return absl::OkStatus();
}

// The commands that a mirror passes on, and whose keys it cannot bring to
// several slots.
absl::Status ExplainCommands(const MirrorOptions& options, ClusterLinks* links,
                             std::string* text) {
  const absl::StatusOr<CheckedLink*> link =
      links->LinkTo(links->slots().masters()[0]);
  if (!link.ok()) return link.status();
  absl::StatusOr<CommandTable> table = CommandTable::Load(*link);
  if (!table.ok()) return table.status();
  const CommandFilter filter({options.position_key, false, false},
                             *std::move(table));
  std::vector<absl::string_view> stop;
  std::vector<absl::string_view> rewritten;
  for (const TargetCommand* const command : filter.table().All()) {
    const bool is_split = command->name == "del" || command->name == "unlink" ||
                          command->name == "mset";
    const bool has_several =
        command->movable_keys || command->first_key != command->last_key;
    if (!has_several || is_split || !filter.Passes(*command)) continue;
    (HasCrossSlotPlan(command->name) ? rewritten : stop)
        .push_back(command->name);
  }
  absl::StrAppend(text,
                  "keys in several slots:\n"
                  "  split: del, mset, unlink\n"
                  "  rewritten, exactly: ",
                  absl::StrJoin(rewritten, ", "),
                  "\n  cannot be placed, stop the mirror: ",
                  absl::StrJoin(stop, ", "), "\n");
  return absl::OkStatus();
}

}  // namespace

absl::Status ExplainCluster(const ClusterTarget::Where& where,
                            const MirrorOptions& options, std::string* text) {
  ClusterLinks links(where.seeds, where.connect);
  absl::Status status = links.Refresh();
  if (status.ok()) status = ExplainNodes(&links, text);
  if (!status.ok()) return status;
  if (links.slots().covered() < kSlots) {
    absl::StrAppend(text, "would wait until all slots are covered\n");
    return absl::OkStatus();
  }
  status = ExplainRecord(options, &links, text);
  return status.ok() ? ExplainCommands(options, &links, text) : status;
}

}  // namespace kevy_replica
