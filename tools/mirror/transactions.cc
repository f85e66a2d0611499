// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/transactions.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// The target keeps a transaction's commands in memory until it executes them.
constexpr size_t kMaxTransactionBytes = 1 << 20;

}  // namespace

Transactions::Transactions(const MirrorOptions* options, CheckedLink* link,
                           MirrorCounters* counters, MirrorState* state,
                           Stored stored)
    : options_(*options),
      link_(link),
      counters_(counters),
      state_(state),
      stored_(std::move(stored)) {}

absl::Status Transactions::Add(size_t shard, const FrameView& frame,
                               uint64_t generation) {
  if (is_open_ && open_.shard != shard) {
    const absl::Status status = Commit();
    if (!status.ok()) return status;
  }
  if (!is_open_) Open(shard, {generation, frame.offset()});
  link_->AddRaw(frame.command());
  open_.commands.emplace_back(frame.offset(), frame.command());
  open_.bytes += frame.command().size();
  open_.position.next_offset = frame.offset() + 1;
  const size_t most = MaxBatch(shard, frame.offset());
  if (open_.commands.size() < most && open_.bytes < kMaxTransactionBytes) {
    return absl::OkStatus();
  }
  // A lone command may be refused and skipped. No other command may be on its
  // way then.
  return most == 1 ? Commit() : Execute();
}

absl::Status Transactions::PassOver(size_t shard, const FrameView& frame,
                                    uint64_t generation,
                                    absl::string_view reason) {
  const SentCommand command(frame.offset(), frame.command());
  absl::Status status = Commit();
  if (!status.ok()) return status;
  return RejectAlone(shard, command, reason, {generation, frame.offset() + 1});
}

absl::Status Transactions::Commit() {
  const absl::Status status = Execute();
  return status.ok() ? Settle() : status;
}

size_t Transactions::MaxBatch(size_t shard, uint64_t offset) const {
  return offset < state_->shards[shard].careful_until ? 1 : options_.max_batch;
}

void Transactions::Open(size_t shard, const FeedPosition& position) {
  link_->Add({"MULTI"});
  is_open_ = true;
  open_.shard = shard;
  open_.position = position;
  open_.commands.clear();
  open_.bytes = 0;
}

absl::Status Transactions::Execute() {
  if (!is_open_) return absl::OkStatus();
  absl::Status status = link_->Send();
  if (status.ok()) status = Settle();
  if (!status.ok()) return status;
  link_->Add({"HSET", options_.position_key, ShardField(open_.shard),
              ToString(open_.position)});
  link_->Add({"EXEC"});
  is_open_ = false;
  is_executing_ = true;
  std::swap(executing_, open_);
  state_->shards[executing_.shard].unanswered = executing_.position;
  return link_->Send();
}

absl::Status Transactions::Settle() {
  if (!std::exchange(is_executing_, false)) return absl::OkStatus();
  absl::StatusOr<Outcome> outcome = ReceiveOutcome();
  if (!outcome.ok()) return outcome.status();
  state_->shards[executing_.shard].unanswered.reset();
  if (outcome->result.type == TargetReply::Type::kArray) {
    return TakeResults(outcome->result.elements);
  }
  const std::string& refusal =
      outcome->refusal.empty() ? outcome->result.text : outcome->refusal;
  if (IsServersTrouble(refusal)) return link_->Fail(ServersTrouble(refusal));
  if (outcome->refused != nullptr) {
    return TakeRefusal(*outcome->refused, refusal);
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the target refuses the mirror's own part of a transaction (MULTI, HSET "
      "or EXEC): ",
      refusal));
}

absl::StatusOr<Transactions::Outcome> Transactions::ReceiveOutcome() {
  const std::vector<SentCommand>& commands = executing_.commands;
  Outcome outcome;
  // The replies to MULTI, each command and HSET.
  for (size_t i = 0; i < commands.size() + 2; ++i) {
    absl::StatusOr<TargetReply> reply = link_->Receive();
    if (!reply.ok()) return reply.status();
    if (!reply->is_error() || !outcome.refusal.empty()) continue;
    outcome.refusal = std::move(reply->text);
    if (i >= 1 && i <= commands.size()) outcome.refused = &commands[i - 1];
  }
  absl::StatusOr<TargetReply> result = link_->Receive();
  if (!result.ok()) return result.status();
  outcome.result = *std::move(result);
  return outcome;
}

// The target has executed the transaction. `results` are the commands', then
// HSET's.
absl::Status Transactions::TakeResults(
    const std::vector<TargetReply>& results) {
  const std::vector<SentCommand>& commands = executing_.commands;
  ++counters_->transactions;
  // HSET returns 0 for a field that exists. Otherwise a command or another
  // client has touched the key.
  if (results.size() > commands.size() &&
      (results[commands.size()].type != TargetReply::Type::kInteger ||
       results[commands.size()].integer != 0)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the mirror's own key ", options_.position_key,
        " was overwritten or deleted, by the primary or by another client: "
        "choose another --position_key, and --replace the target's data"));
  }
  for (size_t i = 0; i < commands.size() && i < results.size(); ++i) {
    if (!results[i].is_error()) continue;
    const absl::Status rejected =
        RejectCommand(executing_.shard, commands[i], results[i].text);
    if (!rejected.ok()) return StopForGood(rejected);
  }
  stored_(executing_.shard, executing_.position);
  return absl::OkStatus();
}

// Stores the reason in the record. The stored position is past the rejected
// command already, so that a mirror that starts again would not see it.
absl::Status Transactions::StopForGood(const absl::Status& rejection) {
  state_->rejected = std::string(rejection.message());
  absl::Status discarded = Discard();
  if (!discarded.ok()) return discarded;
  const absl::Status stored = WriteRecordField(
      options_.position_key, kRejectedField, state_->rejected, link_);
  return stored.ok() ? rejection : stored;
}

// Gives the open transaction up, and reads the replies to it.
absl::Status Transactions::Discard() {
  if (!std::exchange(is_open_, false)) return absl::OkStatus();
  link_->Add({"DISCARD"});
  absl::Status status = link_->Send();
  if (!status.ok()) return status;
  while (link_->outstanding() > 0) {
    const absl::StatusOr<TargetReply> reply = link_->Receive();
    if (!reply.ok()) return reply.status();
  }
  return absl::OkStatus();
}

// The target has dropped the whole transaction, because it refused to queue one
// of the commands.
absl::Status Transactions::TakeRefusal(const SentCommand& refused,
                                       absl::string_view reply) {
  const size_t shard = executing_.shard;
  if (executing_.commands.size() > 1 || is_open_) {
    // The other commands must be sent again, but their bytes are gone.
    state_->shards[shard].careful_until = refused.offset() + 1;
    return link_->Fail(absl::AbortedError("the target refused a transaction"));
  }
  return RejectAlone(shard, refused, reply, executing_.position);
}

// Rejects a command that the target has not executed. `position` is the one
// after it.
absl::Status Transactions::RejectAlone(size_t shard, const SentCommand& command,
                                       absl::string_view reply,
                                       const FeedPosition& position) {
  FeedPosition& told = state_->shards[shard].told_until;
  if (told != position) {
    const absl::Status rejected = RejectCommand(shard, command, reply);
    if (!rejected.ok()) return rejected;
    told = position;
  }
  absl::Status stored = WriteRecordField(
      options_.position_key, ShardField(shard), ToString(position), link_);
  if (!stored.ok()) return stored;
  stored_(shard, position);
  return absl::OkStatus();
}

absl::Status Transactions::RejectCommand(size_t shard,
                                         const SentCommand& command,
                                         absl::string_view reply) {
  return Reject(
      options_, counters_,
      absl::StrCat(ShardField(shard),
                   ": the target rejects the command at offset ",
                   command.offset(), ", ", command.ToString(), ": ", reply));
}

}  // namespace kevy_replica
