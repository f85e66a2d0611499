// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/slot_transaction.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/mark_work.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/lost_item.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kMulti = "*1\r\n$5\r\nMULTI\r\n";
constexpr absl::string_view kExec = "*1\r\n$4\r\nEXEC\r\n";

// Room for commands that a transaction keeps for the next one.
constexpr size_t kMostKeptBytes = 16 << 10;

}  // namespace

void SlotTransaction::Reset(uint16_t slot, size_t shard,
                            const SlotMark& before) {
  if (key_.empty() || slot != this->slot()) {
    set_slot(slot);
    key_ = SlotKey(context_.options->position_key, slot);
  }
  change_ = {shard, before};
  before_ = before;
  decided_ = 0;
  commands_.clear();
  bytes_.clear();
  if (bytes_.capacity() > kMostKeptBytes) bytes_ = std::string();
  stop_ = absl::OkStatus();
  stops_for_good_ = is_executed_ = has_rejection_ = false;
}

void SlotTransaction::Add(absl::string_view resp,
                          std::optional<uint64_t> offset, PayloadCheck check,
                          const SlotMark& after) {
  commands_.push_back({bytes_.size(), resp.size(), offset, check});
  bytes_.append(resp.data(), resp.size());
  change_.mark = after;
}

void SlotTransaction::Gather(TargetLink* link) {
  link->AddRaw(kMulti);
  for (const Command& command : commands_) link->AddRaw(Resp(command));
  mark_command_.clear();
  const std::string field = ShardField(change_.shard);
  const std::string mark = ToString(change_.mark);
  if (decided_ == 0) {
    (void)AppendCommand({"HSET", key_, field, mark}, &mark_command_);
  } else {
    (void)AppendCommand({"HSET", key_, field, mark, DecidedField(change_.shard),
                         absl::StrCat(decided_)},
                        &mark_command_);
  }
  link->AddRaw(mark_command_);
  link->AddRaw(kExec);
}

absl::StatusOr<SlotAnswer> SlotTransaction::Receive(CheckedLink* link) {
  const size_t count = commands_.size();
  std::vector<Refused> refused;
  std::string own_error;
  std::string passing;  // An error that another attempt may not meet.
  // The replies to MULTI, each command and HSET.
  for (size_t i = link->SkipQueued(count + 2); i < count + 2;
       i += 1 + link->SkipQueued(count + 1 - i)) {
    absl::StatusOr<TargetReply> reply = link->Receive(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
    if (!reply->is_error()) continue;
    if (IsPassing(reply->text)) {
      passing = std::move(reply->text);
    } else if (i >= 1 && i <= count) {
      refused.push_back({i - 1, std::move(reply->text)});
    } else if (own_error.empty()) {
      own_error = std::move(reply->text);
    }
  }
  absl::StatusOr<TargetReply> result = link->Receive(ReplyDetail::kBrief);
  if (!result.ok()) return result.status();
  if (result->type == TargetReply::Type::kArray) {
    return TakeResults(result->elements);
  }
  if (passing.empty() && IsPassing(result->text)) passing = result->text;
  if (!passing.empty()) return SlotAnswer{SlotAnswer::Kind::kError, passing};
  if (!refused.empty()) return TakeRefusals(refused);
  absl::string_view reason = own_error.empty() ? result->text : own_error;
  if (reason.empty()) reason = "EXEC has no result";
  return absl::FailedPreconditionError(absl::StrCat(
      "the cluster refuses the mirror's own part of a transaction (MULTI, HSET "
      "or EXEC): ",
      reason));
}

// The node has executed the transaction. `results` are the commands', then
// HSET's.
absl::StatusOr<SlotAnswer> SlotTransaction::TakeResults(
    const std::vector<TargetReply>& results) {
  ++context_.counters->transactions;
  is_executed_ = true;
  // HSET returns 0 for fields that exist.
  if (results.size() != commands_.size() + 1 ||
      results.back().type != TargetReply::Type::kInteger ||
      results.back().integer != 0) {
    return OverwrittenRecord(key_);
  }
  for (size_t i = 0; i < commands_.size(); ++i) {
    if (results[i].is_error()) {
      has_rejection_ = true;
      const absl::Status rejected =
          Decide(*context_.options, context_.counters,
                 RejectionByTarget(change_.shard, commands_[i].offset,
                                   Resp(commands_[i]), results[i].text));
      if (rejected.ok() || stops_for_good_) continue;
      stop_ = rejected;
      stops_for_good_ = true;
    } else if (const auto item = LostItem(commands_[i].check, results[i])) {
      context_.count_item(change_.shard, *item,
                          ArgumentOf(Resp(commands_[i]), 1));
    }
  }
  return SlotAnswer();
}

// The node has dropped the whole transaction. Keeps the others of its commands,
// up to the first that stops the mirror.
absl::StatusOr<SlotAnswer> SlotTransaction::TakeRefusals(
    const std::vector<Refused>& refused) {
  std::vector<Command> kept;
  size_t next = 0;
  for (const Refused& one : refused) {
    kept.insert(kept.end(), commands_.begin() + static_cast<ptrdiff_t>(next),
                commands_.begin() + static_cast<ptrdiff_t>(one.index));
    next = one.index + 1;
    const Command& command = commands_[one.index];
    has_rejection_ = true;
    stop_ = Decide(*context_.options, context_.counters,
                   RejectionByTarget(change_.shard, command.offset,
                                     Resp(command), one.error));
    if (stop_.ok()) continue;
    next = commands_.size();
    change_.mark.next = command.offset.value_or(change_.mark.next);
    break;
  }
  kept.insert(kept.end(), commands_.begin() + static_cast<ptrdiff_t>(next),
              commands_.end());
  commands_ = std::move(kept);
  if (!stop_.ok() && commands_.empty()) {
    change_.mark = before_;
    return SlotAnswer();
  }
  return SlotAnswer{SlotAnswer::Kind::kAgain, ""};
}

void SlotTransaction::TakeUntold() {
  is_executed_ = true;
  ++context_.counters->untold;
}

}  // namespace kevy_replica
