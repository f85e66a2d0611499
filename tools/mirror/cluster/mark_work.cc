// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/mark_work.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/redirection.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

bool IsPassing(absl::string_view error) {
  return IsRedirection(error) ||
         ClassOfError(error, "") == ReplyClass::kTrouble;
}

absl::StatusOr<SlotAnswer> AnswerOfError(absl::string_view command,
                                         const std::string& error) {
  if (!IsPassing(error)) return TargetError(command, error);
  return SlotAnswer{SlotAnswer::Kind::kError, error};
}

MarkRead::MarkRead(const std::string& position_key, size_t shards,
                   uint16_t slot)
    : SlotWork(slot),
      key_(SlotKey(position_key, slot)),
      marks_(shards),
      decided_(shards) {}

void MarkRead::Gather(TargetLink* link) {
  std::vector<std::string> argv = {"HMGET", key_};
  for (size_t i = 0; i < marks_.size(); ++i) {
    argv.push_back(ShardField(i));
    argv.push_back(DecidedField(i));
  }
  link->Add(std::vector<absl::string_view>(argv.begin(), argv.end()));
}

absl::StatusOr<SlotAnswer> MarkRead::Receive(CheckedLink* link) {
  const absl::StatusOr<TargetReply> reply = link->Receive(ReplyDetail::kWhole);
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) return AnswerOfError("HMGET", reply->text);
  for (size_t i = 0; i < marks_.size(); ++i) {
    marks_[i].reset();
    decided_[i] = 0;
    if (reply->elements.size() != 2 * marks_.size()) continue;
    const TargetReply& mark = reply->elements[2 * i];
    if (mark.type == TargetReply::Type::kText) {
      marks_[i] = ParseSlotMark(mark.text);
    }
    (void)absl::SimpleAtoi(reply->elements[2 * i + 1].text, &decided_[i]);
  }
  return SlotAnswer();
}

MarkWrite::MarkWrite(const std::string& position_key, uint16_t slot,
                     std::vector<MarkChange> changes)
    : SlotWork(slot),
      key_(SlotKey(position_key, slot)),
      changes_(std::move(changes)) {
  std::vector<std::string> argv = {"HSET", key_};
  for (const MarkChange& change : changes_) {
    argv.push_back(ShardField(change.shard));
    argv.push_back(ToString(change.mark));
  }
  (void)AppendCommand(argv, &command_);
}

MarkWrite::MarkWrite(const std::string& position_key, uint16_t slot,
                     size_t shards, const SlotMark& mark)
    : SlotWork(slot), key_(SlotKey(position_key, slot)) {
  std::vector<std::string> argv = {"HSET", key_};
  for (size_t i = 0; i < shards; ++i) {
    argv.push_back(ShardField(i));
    argv.push_back(ToString(mark));
    argv.push_back(DecidedField(i));
    argv.emplace_back("0");
  }
  (void)AppendCommand(argv, &command_);
}

void MarkWrite::Gather(TargetLink* link) { link->AddRaw(command_); }

absl::StatusOr<SlotAnswer> MarkWrite::Receive(CheckedLink* link) {
  const absl::StatusOr<TargetReply> reply = link->Receive(ReplyDetail::kBrief);
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) return AnswerOfError("HSET", reply->text);
  // The number of new fields. The marks were there when they were read.
  if (!changes_.empty() && reply->integer != 0) return OverwrittenRecord(key_);
  return SlotAnswer();
}

}  // namespace kevy_replica
