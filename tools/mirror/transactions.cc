// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/transactions.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
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
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/kind_counts.h"
#include "kevy_replica/tools/mirror/lost_item.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// The target keeps a transaction's commands in memory until it executes them.
constexpr size_t kMaxTransactionBytes = 1 << 20;

// Links that a command may break alone, until it is given up.
constexpr int kMaxLinkEndsAlone = 3;

}  // namespace

bool IsTemporary(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

absl::string_view Transactions::Transaction::Resp(
    const Command& command) const {
  return large.empty()
             ? absl::string_view(bytes).substr(command.begin, command.size)
             : large;
}

std::string Transactions::Transaction::Mark() const {
  return loading ? absl::StrCat(kLoading, " ", after)
                 : ToString(FeedPosition{generation, after});
}

void Transactions::Transaction::Clear() {
  commands.clear();
  bytes.clear();
  if (bytes.capacity() > 2 * kMaxTransactionBytes) bytes = std::string();
  large = absl::string_view();
  link_ends = 0;
  deletes_done = 0;
  stop = absl::OkStatus();
  Rewind();
}

void Transactions::Transaction::Rewind() {
  sent = 0;
  begun = false;
}

bool Transactions::Transaction::OnlyDeletes(const Command& command) const {
  static constexpr absl::string_view kDeletes[] = {"del",  "unlink", "hdel",
                                                   "srem", "zrem",   "xdel"};
  return absl::c_linear_search(
      kDeletes, absl::AsciiStrToLower(ArgumentOf(Resp(command), 0)));
}

Transactions::Transactions(const MirrorOptions* options, CheckedLink* link,
                           MirrorCounters* counters, MirrorState* state,
                           Reconnect reconnect, Stored stored)
    : options_(*options),
      link_(link),
      counters_(counters),
      state_(state),
      reconnect_(std::move(reconnect)),
      stored_(std::move(stored)) {}

absl::Status Transactions::Add(size_t shard, const FrameView& frame,
                               uint64_t generation) {
  absl::Status status = Prepare(shard, false, generation, frame.offset());
  if (!status.ok()) return status;
  Command command;
  command.offset = frame.offset();
  command.after = frame.offset() + 1;
  const absl::string_view resp = frame.command();
  if (resp.size() <= kMaxTransactionBytes) return AddCopy(&command, resp);
  // A large frame is not copied: it travels alone, from its own buffer.
  status = Commit();
  if (status.ok()) status = Prepare(shard, false, generation, frame.offset());
  if (!status.ok()) return status;
  open_.large = resp;
  status = AddCommand(command);
  return status.ok() ? Commit() : status;
}

absl::Status Transactions::PassOver(size_t shard, const FrameView& frame,
                                    uint64_t generation) {
  absl::Status status = Prepare(shard, false, generation, frame.offset());
  if (status.ok()) open_.after = frame.offset() + 1;
  return status;
}

absl::Status Transactions::Load(size_t shard,
                                absl::Span<const absl::string_view> argv,
                                PayloadCheck check) {
  uint64_t& loaded = state_->shards[shard].loaded;
  absl::Status status = Prepare(shard, true, 0, loaded);
  if (!status.ok()) return status;
  Command command;
  command.after = ++loaded;
  command.check = check;
  encoded_.clear();
  (void)AppendCommand(argv, &encoded_);  // Only an empty `argv` would fail.
  status = AddCopy(&command, encoded_);
  if (encoded_.capacity() > 2 * kMaxTransactionBytes) encoded_ = std::string();
  return status;
}

void Transactions::CountItem(size_t shard, PayloadItem item,
                             absl::string_view key) {
  kevy_replica::CountItem(options_, counters_, shard, item, key);
}

// Opens a transaction of this kind, if none is open.
absl::Status Transactions::Prepare(size_t shard, bool loading,
                                   uint64_t generation, uint64_t after) {
  if (is_open_ && (open_.shard != shard || open_.loading != loading)) {
    absl::Status status = Commit();
    if (!status.ok()) return status;
  }
  if (is_open_) return absl::OkStatus();
  open_.Clear();
  open_.shard = shard;
  open_.loading = loading;
  open_.generation = generation;
  open_.after = after;
  is_open_ = true;
  return absl::OkStatus();
}

absl::Status Transactions::AddCopy(Command* command, absl::string_view resp) {
  command->begin = open_.bytes.size();
  command->size = resp.size();
  open_.bytes.append(resp.data(), resp.size());
  return AddCommand(*command);
}

absl::Status Transactions::AddCommand(const Command& command) {
  open_.commands.push_back(command);
  open_.after = command.after;
  if (open_.commands.size() < options_.max_batch &&
      open_.bytes.size() < kMaxTransactionBytes) {
    return absl::OkStatus();
  }
  return Execute();
}

absl::Status Transactions::Send() {
  if (!is_open_ || open_.sent == open_.commands.size()) return absl::OkStatus();
  SendCommands(&open_);
  return Mend(link_->Send());
}

absl::Status Transactions::Commit() {
  const absl::Status status = Execute();
  return status.ok() ? Settle() : status;
}

absl::Status Transactions::Execute() {
  if (!is_open_) return absl::OkStatus();
  absl::Status status = Send();
  if (status.ok()) status = Settle();
  if (!status.ok()) return status;
  is_open_ = false;
  is_executing_ = true;
  std::swap(executing_, open_);
  return Mend(SendRest());
}

void Transactions::SendCommands(Transaction* transaction) {
  if (!std::exchange(transaction->begun, true)) link_->Add({"MULTI"});
  for (; transaction->sent < transaction->commands.size();
       ++transaction->sent) {
    link_->AddRaw(transaction->Resp(transaction->commands[transaction->sent]));
  }
}

absl::Status Transactions::SendRest() {
  SendCommands(&executing_);
  std::string& mark = state_->shards[executing_.shard].sent;
  mark = executing_.Mark();
  link_->Add(
      {"HSET", options_.position_key, ShardField(executing_.shard), mark});
  link_->Add({"EXEC"});
  return link_->Send();
}

absl::Status Transactions::Settle() {
  while (is_executing_) {
    absl::StatusOr<Outcome> outcome = ReceiveOutcome();
    absl::Status status =
        outcome.ok() ? TakeOutcome(*outcome) : outcome.status();
    if (!status.ok()) status = Mend(std::move(status));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Transactions::End() {
  const absl::Status status = Settle();
  return status.ok() ? DiscardOpen() : status;
}

absl::StatusOr<Transactions::Outcome> Transactions::ReceiveOutcome() {
  const size_t count = executing_.commands.size();
  Outcome outcome;
  // The replies to MULTI, each command and HSET.
  for (size_t i = link_->SkipQueued(count + 2); i < count + 2;
       i += 1 + link_->SkipQueued(count + 1 - i)) {
    absl::StatusOr<TargetReply> reply = link_->Receive(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
    if (!reply->is_error()) continue;
    if (i >= 1 && i <= count) {
      outcome.refused.push_back({i - 1, std::move(reply->text)});
    } else if (outcome.own_error.empty()) {
      outcome.own_error = std::move(reply->text);
    }
  }
  absl::StatusOr<TargetReply> result = link_->Receive(ReplyDetail::kBrief);
  if (!result.ok()) return result.status();
  outcome.result = *std::move(result);
  return outcome;
}

absl::Status Transactions::TakeOutcome(const Outcome& outcome) {
  if (outcome.result.type == TargetReply::Type::kArray) {
    return TakeResults(outcome.result.elements);
  }
  for (const Refused& refused : outcome.refused) {
    if (ClassOfError(refused.error, "") == ReplyClass::kTrouble) {
      return TakeTrouble(refused.error);
    }
  }
  for (const std::string& error : {outcome.own_error, outcome.result.text}) {
    if (ClassOfError(error, "") == ReplyClass::kTrouble) {
      return TakeTrouble(error);
    }
  }
  if (!outcome.refused.empty()) return TakeRefusals(outcome.refused);
  absl::string_view reason = outcome.own_error;
  if (reason.empty()) reason = outcome.result.text;
  if (reason.empty()) reason = "EXEC has no result";
  return absl::FailedPreconditionError(absl::StrCat(
      "the target refuses the mirror's own part of a transaction (MULTI, HSET "
      "or EXEC): ",
      reason));
}

// The target has executed the transaction. `results` are the commands', then
// HSET's.
absl::Status Transactions::TakeResults(
    const std::vector<TargetReply>& results) {
  const std::vector<Command>& commands = executing_.commands;
  ++counters_->transactions;
  // HSET returns 0 for a field that exists. Otherwise a command or another
  // client has touched the key.
  if (results.size() != commands.size() + 1 ||
      results.back().type != TargetReply::Type::kInteger ||
      results.back().integer != 0) {
    is_executing_ = false;
    return OverwrittenRecord(options_.position_key);
  }
  for (size_t i = 0; i < commands.size(); ++i) {
    const absl::string_view resp = executing_.Resp(commands[i]);
    if (results[i].is_error()) {
      const absl::Status rejected =
          Decide(options_, counters_,
                 RejectionByTarget(executing_.shard, commands[i].offset, resp,
                                   results[i].text));
      if (!rejected.ok()) return StopForGood(rejected);
    } else if (const auto item = LostItem(commands[i].check, results[i])) {
      CountItem(executing_.shard, *item, ArgumentOf(resp, 1));
    }
  }
  return Done();
}

// The target holds the executing transaction.
absl::Status Transactions::Done() {
  is_executing_ = false;
  MirrorState::Shard& shard = state_->shards[executing_.shard];
  shard.stored = shard.sent;
  if (!executing_.loading) {
    stored_(executing_.shard, {executing_.generation, executing_.after});
  }
  return std::exchange(executing_.stop, absl::OkStatus());
}

// Stores the reason in the record. The stored position is past the rejected
// command already, so that a mirror that starts again would not see it.
absl::Status Transactions::StopForGood(const absl::Status& rejection) {
  state_->rejected = std::string(rejection.message());
  is_executing_ = false;
  state_->shards[executing_.shard].stored =
      state_->shards[executing_.shard].sent;
  absl::Status status = DiscardOpen();
  if (status.ok()) {
    status = WriteRecordField(options_.position_key, kRejectedField,
                              state_->rejected, link_);
  }
  // After a reconnect the reason is stored first of all.
  return status.ok() ? rejection : status;
}

// Takes the open transaction back from the target. It is sent again later.
absl::Status Transactions::DiscardOpen() {
  if (!is_open_ || !open_.begun) return absl::OkStatus();
  open_.Rewind();
  link_->Add({"DISCARD"});
  absl::Status status = link_->Send();
  return status.ok() ? link_->DropReplies() : status;
}

// The target has dropped the whole transaction, because it refused to queue
// some of the commands. Sends the others again, up to the first that stops.
absl::Status Transactions::TakeRefusals(const std::vector<Refused>& refused) {
  absl::Status status = DiscardOpen();
  if (!status.ok()) return status;
  std::vector<Command> kept;
  size_t next = 0;
  for (const Refused& one : refused) {
    kept.insert(kept.end(), executing_.commands.begin() + next,
                executing_.commands.begin() + one.index);
    next = one.index + 1;
    const Command& command = executing_.commands[one.index];
    executing_.stop =
        Decide(options_, counters_,
               RejectionByTarget(executing_.shard, command.offset,
                                 executing_.Resp(command), one.error));
    if (executing_.stop.ok()) continue;
    if (kept.empty()) {
      is_executing_ = false;
      return executing_.stop;
    }
    next = executing_.commands.size();
    executing_.after = command.offset.value_or(kept.back().after);
    break;
  }
  kept.insert(kept.end(), executing_.commands.begin() + next,
              executing_.commands.end());
  executing_.commands = std::move(kept);
  executing_.Rewind();
  return SendRest();
}

// Waits for a server in trouble, which is not the transaction's fault. Without
// memory the deletes that lead it go on: they may free some.
absl::Status Transactions::TakeTrouble(const std::string& error) {
  if (absl::StartsWith(error, "OOM ")) {
    size_t deletes = 0;
    while (deletes < executing_.commands.size() &&
           executing_.OnlyDeletes(executing_.commands[deletes])) {
      ++deletes;
    }
    if (deletes > executing_.deletes_done) return RunDeletes(deletes);
    if (deletes == executing_.commands.size() && deletes > 0) {
      // Only the record needs memory. A later transaction stores the position.
      absl::Status status = DiscardOpen();
      if (!status.ok()) return status;
      is_executing_ = false;
      return std::exchange(executing_.stop, absl::OkStatus());
    }
  }
  executing_.link_ends = -1;
  return link_->Fail(ServersTrouble(error));
}

absl::Status Transactions::RunDeletes(size_t count) {
  if (counters_->passed_over.Count("memory", "delete", "")) {
    options_.log(
        {LogLevel::kWarning, "target_full",
         "the target is out of memory: deletes are executed without their "
         "position, which follows when there is memory again"});
  }
  absl::Status status = DiscardOpen();
  if (!status.ok()) return status;
  for (size_t i = 0; i < count; ++i) {
    link_->AddRaw(executing_.Resp(executing_.commands[i]));
  }
  status = link_->Send();
  if (status.ok()) status = link_->DropReplies();
  if (!status.ok()) return status;
  executing_.deletes_done = count;
  executing_.Rewind();
  return SendRest();
}

// Goes on after an error of the link: connects again, and sends again all that
// the target has not executed.
absl::Status Transactions::Mend(absl::Status status) {
  while (IsTemporary(status)) {
    absl::StatusOr<std::vector<std::string>> fields = reconnect_(status);
    if (!fields.ok()) return fields.status();
    open_.Rewind();
    if (!is_executing_) return absl::OkStatus();
    const size_t shard = executing_.shard;
    if ((*fields)[shard] == executing_.Mark()) {
      ++counters_->untold;
      options_.log(
          {LogLevel::kWarning,
           "untold",
           absl::StrCat(ShardField(shard),
                        ": the target has executed the commands up to ",
                        executing_.Mark(),
                        ", but the connection broke before its replies came: "
                        "rejections there are not counted"),
           {{"shard", shard}}});
      return Done();
    }
    ++executing_.link_ends;
    executing_.Rewind();
    const size_t count = executing_.commands.size();
    if (count > 1 && executing_.link_ends >= kMaxLinkEnds) return RunAlone();
    if (count == 1 && executing_.link_ends >= kMaxLinkEndsAlone) {
      const absl::Status given_up = GiveUp();
      if (!given_up.ok()) return given_up;
    }
    status = SendRest();
  }
  return status;
}

// Sends the commands of the executing transaction one by one, to find the one
// that the target cannot take.
absl::Status Transactions::RunAlone() {
  const Transaction whole = std::move(executing_);
  for (size_t i = 0; i < whole.commands.size(); ++i) {
    Command command = whole.commands[i];
    executing_ = Transaction();
    executing_.shard = whole.shard;
    executing_.loading = whole.loading;
    executing_.generation = whole.generation;
    executing_.bytes = std::string(whole.Resp(command));
    command.begin = 0;
    executing_.commands = {command};
    const bool last = i + 1 == whole.commands.size();
    executing_.after = last ? whole.after : command.after;
    if (last) executing_.stop = whole.stop;
    is_executing_ = true;
    absl::Status status = Mend(SendRest());
    if (status.ok()) status = Settle();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Leaves out the only command of the executing transaction, which breaks every
// link.
absl::Status Transactions::GiveUp() {
  const Command& command = executing_.commands[0];
  Rejection rejection;
  rejection.shard = executing_.shard;
  rejection.offset = command.offset;
  rejection.command = executing_.Resp(command);
  rejection.kind = "breaks the connection";
  rejection.text = absl::StrCat(
      "of ", rejection.command.size(),
      " bytes breaks the connection to the target each time (see its "
      "proto-max-bulk-len and client-query-buffer-limit)");
  absl::Status status = Decide(options_, counters_, rejection);
  if (!status.ok()) {
    is_executing_ = false;
    return status;
  }
  executing_.commands.clear();
  return absl::OkStatus();
}

absl::Status Transactions::Retry(const std::function<absl::Status()>& ask) {
  while (true) {
    absl::Status status = ask();
    if (!IsTemporary(status)) return status;
    status = Mend(std::move(status));
    if (!status.ok()) return status;
  }
}

}  // namespace kevy_replica
