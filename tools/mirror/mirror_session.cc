// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/mirror_session.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/payload_commands.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

constexpr size_t kSendBytes = 256 << 10;

// Of a transaction, which the target holds until it is executed.
constexpr size_t kMostTransactionBytes = 1 << 20;

// Commands that would end the mirror's own transaction, change its connection,
// or reach beyond the keys of its database.
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

class MirrorSession::ShardHandler : public FollowerHandler {
 public:
  ShardHandler(MirrorSession* session, size_t shard)
      : session_(session), shard_(shard) {}

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    return Checked(session_->TakeFrames(shard_, frames, position));
  }
  absl::Status OnFlush() override { return Checked(session_->Commit()); }
  absl::Status OnReset() override {
    return Checked(session_->BeginHistory(shard_));
  }
  absl::Status OnSnapshotBegin() override {
    return Checked(session_->BeginSnapshot(shard_));
  }
  absl::Status OnSnapshotChunk(absl::string_view bytes) override {
    return Checked(session_->TakeChunk(shard_, bytes));
  }
  absl::Status OnSnapshotEnd(const FeedPosition& position) override {
    return Checked(session_->EndSnapshot(shard_, position));
  }
  absl::Status OnSnapshotVoid() override {
    session_->decoders_[shard_].reset();
    session_->loaders_[shard_].reset();
    return absl::OkStatus();
  }
  absl::Status OnHeartbeat(const Heartbeat& heartbeat,
                           const FeedPosition& position) override {
    return Checked(session_->TakeHeartbeat(shard_, heartbeat, position));
  }
  void OnLinkDown(const LinkDown& link) override {
    if (link.end == LinkEnd::kStopped) return;
    if (link.end == LinkEnd::kOffsetGap) {
      Checked(session_->Forget(shard_)).IgnoreError();  // Told by the session.
    }
    if (link.end == LinkEnd::kClosed) {
      session_->closed();
    } else {
      session_->options_.log(
          absl::StrCat(ShardField(shard_), ": ", link.status.message()));
    }
  }

 private:
  absl::Status Checked(absl::Status status) const {
    if (!status.ok()) session_->failed();
    return status;
  }

  MirrorSession* const session_;
  const size_t shard_;
};

MirrorSession::Sent::Sent(uint64_t offset, absl::string_view command)
    : offset(offset),
      excerpt_size(
          static_cast<uint8_t>(std::min(command.size(), kExcerptBytes))) {
  std::memcpy(excerpt.data(), command.data(), excerpt_size);
}

std::string MirrorSession::Sent::ToString() const {
  return Escaped(absl::string_view(excerpt.data(), excerpt_size));
}

MirrorSession::MirrorSession(std::unique_ptr<TargetLink> link,
                             const MirrorOptions& options,
                             MirrorProgress* progress)
    : link_(std::move(link)), options_(options), progress_(progress) {
  for (size_t i = 0; i < options_.shards; ++i) {
    handlers_.push_back(std::make_unique<ShardHandler>(this, i));
  }
  progress_->careful_until.resize(options_.shards);
  progress_->told_until.resize(options_.shards);
  progress_->unanswered.resize(options_.shards);
  decoders_.resize(options_.shards);
  loaders_.resize(options_.shards);
}

MirrorSession::~MirrorSession() = default;

absl::StatusOr<std::unique_ptr<MirrorSession>> MirrorSession::Open(
    std::unique_ptr<TargetLink> link, const MirrorOptions& options,
    MirrorProgress* progress) {
  auto session =
      absl::WrapUnique(new MirrorSession(std::move(link), options, progress));
  const absl::Status status = session->Look();
  if (!status.ok()) return status;
  return session;
}

FollowerHandler* MirrorSession::handler(size_t shard) {
  return handlers_[shard].get();
}

// A mirror that was killed may have left commands on their way, which the
// server has yet to read: what is looked at now would not be the last word.
absl::Status MirrorSession::EndOthers() {
  // A name must be of plain characters.
  const std::string name = absl::StrCat(
      "kevy_mirror-", absl::BytesToHexString(options_.position_key));
  const absl::StatusOr<TargetReply> named = Ask({"CLIENT", "SETNAME", name});
  if (!named.ok()) return named.status();
  const absl::StatusOr<TargetReply> own = Ask({"CLIENT", "ID"});
  if (!own.ok()) return own.status();
  const absl::StatusOr<TargetReply> list = Ask({"CLIENT", "LIST"});
  if (!list.ok()) return list.status();
  const std::string own_id = absl::StrCat(own->integer);
  absl::string_view own_database;
  std::vector<std::pair<absl::string_view, absl::string_view>> mirrors;
  for (const absl::string_view line : absl::StrSplit(list->text, '\n')) {
    absl::string_view id;
    absl::string_view database;
    bool is_mirror = false;
    for (absl::string_view field : absl::StrSplit(line, ' ')) {
      if (absl::ConsumePrefix(&field, "id=")) id = field;
      if (absl::ConsumePrefix(&field, "db=")) database = field;
      if (absl::ConsumePrefix(&field, "name=")) is_mirror = field == name;
    }
    if (id == own_id) own_database = database;
    if (is_mirror) mirrors.emplace_back(id, database);
  }
  for (const auto& [id, database] : mirrors) {
    if (id == own_id || database != own_database) continue;
    const absl::StatusOr<TargetReply> ended = Ask({"CLIENT", "KILL", "ID", id});
    if (!ended.ok()) return ended.status();
  }
  return absl::OkStatus();
}

absl::Status MirrorSession::Look() {
  const absl::Status ended = EndOthers();
  if (!ended.ok()) return ended;
  const absl::Status commands = AskForCommands();
  if (!commands.ok()) return commands;
  absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options_.position_key, options_.shards, link_.get());
  if (absl::IsFailedPrecondition(record.status()) && options_.replace) {
    record = MirrorRecord();
    record->positions.resize(options_.shards);
  }
  if (!record.ok()) return record.status();
  if (record->exists) {
    const absl::Status told = TellUntold(*record);
    if (!told.ok()) return told;
  }
  if (record->exists && !record->rejected.empty()) {
    if (options_.skip_rejected) {
      const absl::StatusOr<TargetReply> reply =
          Ask({"HDEL", options_.position_key, kRejectedField});
      if (!reply.ok()) return reply.status();
    } else if (options_.replace) {
      record->exists = false;
    } else {
      return absl::FailedPreconditionError(absl::StrCat(
          "the mirror has stopped here before: ", record->rejected,
          ": --on_reject=skip goes on behind it, --replace begins anew"));
    }
  }
  if (!record->exists && !options_.replace) {
    const absl::StatusOr<TargetReply> size = Ask({"DBSIZE"});
    if (!size.ok()) return size.status();
    if (size->integer > 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("the target's database holds ", size->integer,
                       " keys that are no mirror's; nothing was touched: use "
                       "--replace to replace them, or another database"));
    }
  }
  // A part of a snapshot is of no use, and of several shards nobody knows which
  // keys it brought.
  flush_first_ = !record->exists || record->loading || progress_->reload;
  positions_ = std::move(record->positions);
  if (flush_first_) positions_.assign(options_.shards, FeedPosition());
  empty_ = std::move(record->empty);
  empty_.resize(options_.shards);
  if (flush_first_) empty_.assign(options_.shards, false);
  for (size_t i = 0; i < options_.shards; ++i) {
    has_data_.push_back(!flush_first_ && !empty_[i]);
  }
  return absl::OkStatus();
}

// What a connection that broke has kept back of how its commands went.
absl::Status MirrorSession::TellUntold(const MirrorRecord& record) {
  for (size_t i = 0; i < options_.shards; ++i) {
    if (progress_->unanswered[i] == record.positions[i]) {
      ++progress_->untold;
      options_.log(absl::StrCat(
          ShardField(i), ": up to offset ", record.positions[i].next_offset,
          " the target has executed what was sent, but its replies are lost: "
          "a command that it rejected there was passed over"));
    }
    progress_->unanswered[i].reset();
  }
  if (progress_->rejected.empty()) return absl::OkStatus();
  const absl::StatusOr<TargetReply> noted =
      Ask({"HSET", options_.position_key, kRejectedField, progress_->rejected});
  return noted.ok() ? absl::FailedPreconditionError(progress_->rejected)
                    : noted.status();
}

// Which commands the target knows, and in which form.
absl::Status MirrorSession::AskForCommands() {
  const absl::StatusOr<TargetReply> reply = Ask({"COMMAND"});
  if (!reply.ok()) return reply.status();
  for (const TargetReply& command : reply->elements) {
    if (command.elements.empty()) continue;
    std::string name = absl::AsciiStrToLower(command.elements[0].text);
    if (!ReachesBeyondKeys(name)) commands_.insert(std::move(name));
  }
  const auto has = [this](const char* name) {
    return commands_.empty() || commands_.count(name) != 0;
  };
  features_.has_hpexpireat = has("hpexpireat");
  // They came with the same version as this one.
  features_.has_long_xsetid = has("expiretime");
  return absl::OkStatus();
}

absl::StatusOr<TargetReply> MirrorSession::Ask(
    absl::Span<const absl::string_view> argv) {
  const absl::Status settled = SettleAll();
  if (!settled.ok()) return settled;
  link_->Add(argv);
  const absl::Status sent = Send();
  if (!sent.ok()) return sent;
  absl::StatusOr<TargetReply> reply = Receive();
  if (!reply.ok() || !reply->is_error()) return reply;
  const absl::Status status = TargetError(argv[0], reply->text);
  if (absl::IsUnavailable(status)) link_status_ = status;
  return status;
}

absl::Status MirrorSession::TakeFrames(size_t shard,
                                       absl::Span<const FrameView> frames,
                                       const FeedPosition& position) {
  if (is_open_ && open_.shard != shard) {
    const absl::Status status = Commit();
    if (!status.ok()) return status;
  }
  for (const FrameView& frame : frames) {
    const Sent sent(frame.offset(), frame.command());
    const absl::string_view refusal = Refusal(frame.argv());
    if (!refusal.empty()) {
      // What came before it counts.
      absl::Status status = Commit();
      if (status.ok()) {
        status = RejectAlone(shard, sent, refusal,
                             {position.generation, frame.offset() + 1});
      }
      if (!status.ok()) return status;
      continue;
    }
    if (!is_open_) {
      const absl::Status status =
          Open(shard, {position.generation, frame.offset()});
      if (!status.ok()) return status;
    }
    link_->AddRaw(frame.command());
    open_.commands.push_back(sent);
    open_.bytes += frame.command().size();
    open_.position.next_offset = frame.offset() + 1;
    const size_t most = MaxBatch(shard, frame.offset());
    if (open_.commands.size() < most && open_.bytes < kMostTransactionBytes) {
      continue;
    }
    // While the target executes these, it is given the next. (One alone may be
    // refused, and passed over: then nothing else must be under way.)
    const absl::Status status = most == 1 ? Commit() : Execute();
    if (!status.ok()) return status;
  }
  // The frames are views.
  return Send();
}

absl::Status MirrorSession::Open(size_t shard, const FeedPosition& position) {
  const absl::Status status = ReceiveLoaded(0);
  if (!status.ok()) return status;
  link_->Add({"MULTI"});
  is_open_ = true;
  open_.shard = shard;
  open_.position = position;
  open_.commands.clear();
  open_.bytes = 0;
  return absl::OkStatus();
}

size_t MirrorSession::MaxBatch(size_t shard, uint64_t offset) const {
  return offset < progress_->careful_until[shard] ? 1 : options_.max_batch;
}

// Why a command is not even sent, if so.
absl::string_view MirrorSession::Refusal(const ArgvView& argv) {
  if (argv[0] != last_taken_) {
    const std::string lower = absl::AsciiStrToLower(argv[0]);
    if (commands_.count(lower) == 0) {
      if (ReachesBeyondKeys(lower)) {
        return "a mirror passes on only commands about keys";
      }
      if (!commands_.empty()) return "the target does not know this command";
    }
    last_taken_ = std::string(argv[0]);
  }
  if (argv.size() > 1 && argv[1] == options_.position_key) {
    return "this key is the mirror's own: choose another --position_key";
  }
  return "";
}

// Has the open transaction executed, without waiting for it. Only now that the
// one before it is known to stand: else this one must not.
absl::Status MirrorSession::Execute() {
  if (!is_open_) return absl::OkStatus();
  absl::Status status = Send();
  if (status.ok()) status = Settle();
  if (!status.ok()) return status;
  link_->Add({"HSET", options_.position_key, ShardField(open_.shard),
              ToString(open_.position)});
  link_->Add({"EXEC"});
  is_open_ = false;
  is_executing_ = true;
  std::swap(executing_, open_);
  progress_->unanswered[executing_.shard] = executing_.position;
  return Send();
}

absl::Status MirrorSession::Finish() { return Settle(); }

absl::Status MirrorSession::Commit() {
  const absl::Status status = Execute();
  return status.ok() ? Settle() : status;
}

// Waits for the transaction that is executed.
absl::Status MirrorSession::Settle() {
  if (!std::exchange(is_executing_, false)) return absl::OkStatus();
  const std::vector<Sent>& commands = executing_.commands;
  // MULTI's reply, each command's, HSET's, EXEC's.
  const Sent* refused = nullptr;
  std::string refusal;
  for (size_t i = 0; i < commands.size() + 2; ++i) {
    const absl::StatusOr<TargetReply> reply = Receive();
    if (!reply.ok()) return reply.status();
    if (!reply->is_error() || !refusal.empty()) continue;
    refusal = reply->text;
    if (i >= 1 && i <= commands.size()) refused = &commands[i - 1];
  }
  const absl::StatusOr<TargetReply> result = Receive();
  if (!result.ok()) return result.status();
  progress_->unanswered[executing_.shard].reset();
  if (result->type != TargetReply::Type::kArray) {
    if (refusal.empty()) refusal = result->text;
    if (IsServersTrouble(refusal)) {
      return link_status_ = ServersTrouble(refusal);
    }
    if (refused == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("the target refuses the mirror's own part of a "
                       "transaction: ",
                       refusal));
    }
    return TakeRefusal(executing_, *refused, refusal);
  }
  ++progress_->transactions;
  // The field was there, unless one of the commands has touched the key.
  if (result->elements.size() > commands.size() &&
      (result->elements[commands.size()].type != TargetReply::Type::kInteger ||
       result->elements[commands.size()].integer != 0)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the mirror's own key ", options_.position_key,
        " was overwritten or deleted, by the primary or another: choose "
        "another --position_key, and --replace what the target holds"));
  }
  Reached(executing_.shard, executing_.position);
  for (size_t i = 0; i < commands.size() && i < result->elements.size(); ++i) {
    if (!result->elements[i].is_error()) continue;
    const absl::Status rejected =
        Reject(executing_.shard, commands[i], result->elements[i].text);
    if (rejected.ok()) continue;
    // It is behind the position already: a mirror that is started again must
    // not pass over it.
    progress_->rejected = std::string(rejected.message());
    const absl::Status discarded = Discard();
    if (!discarded.ok()) return discarded;
    const absl::StatusOr<TargetReply> noted = Ask(
        {"HSET", options_.position_key, kRejectedField, progress_->rejected});
    return noted.ok() ? rejected : noted.status();
  }
  applied(executing_.shard, executing_.position.next_offset);
  return absl::OkStatus();
}

// Gives up the open transaction.
absl::Status MirrorSession::Discard() {
  if (!std::exchange(is_open_, false)) return absl::OkStatus();
  link_->Add({"DISCARD"});
  const absl::Status status = Send();
  if (!status.ok()) return status;
  while (link_->outstanding() > 0) {
    const absl::StatusOr<TargetReply> reply = Receive();
    if (!reply.ok()) return reply.status();
  }
  return absl::OkStatus();
}

// The target has executed nothing of the transaction, for one command's sake.
absl::Status MirrorSession::TakeRefusal(const Transaction& transaction,
                                        const Sent& refused,
                                        absl::string_view reply) {
  if (transaction.commands.size() > 1 || is_open_) {
    // The others count, and their bytes are gone: once more, with each command
    // in a transaction of its own.
    progress_->careful_until[transaction.shard] = refused.offset + 1;
    return link_status_ = absl::AbortedError("a transaction was refused");
  }
  return RejectAlone(transaction.shard, refused, reply, transaction.position);
}

// The target has run nothing of it. `position` is behind it.
absl::Status MirrorSession::RejectAlone(size_t shard, const Sent& command,
                                        absl::string_view reply,
                                        const FeedPosition& position) {
  // If the position cannot be stored then the command comes again: it is told
  // of once.
  FeedPosition& told = progress_->told_until[shard];
  if (told != position) {
    const absl::Status rejected = Reject(shard, command, reply);
    if (!rejected.ok()) return rejected;
    told = position;
  }
  return StorePosition(shard, position);
}

// The target has this position now.
void MirrorSession::Reached(size_t shard, const FeedPosition& position) {
  positions_[shard] = position;
  empty_[shard] = false;
  // Passed: another history has such offsets, too.
  if (position.next_offset >= progress_->careful_until[shard]) {
    progress_->careful_until[shard] = 0;
  }
}

// Of the shard's field: a position, kLoading or kEmpty.
absl::Status MirrorSession::StoreField(size_t shard, absl::string_view value) {
  const absl::StatusOr<TargetReply> reply =
      Ask({"HSET", options_.position_key, ShardField(shard), value});
  if (reply.ok()) empty_[shard] = value == kEmpty;
  return reply.status();
}

absl::Status MirrorSession::StorePosition(size_t shard,
                                          const FeedPosition& position) {
  const absl::Status status = StoreField(shard, ToString(position));
  if (!status.ok()) return status;
  Reached(shard, position);
  applied(shard, position.next_offset);
  return absl::OkStatus();
}

absl::Status MirrorSession::Reject(size_t shard, const Sent& command,
                                   absl::string_view reply) {
  const std::string message = absl::StrCat(
      ShardField(shard), ": the target rejects the command at offset ",
      command.offset, ", ", command.ToString(), ": ", reply);
  if (!options_.skip_rejected) return absl::FailedPreconditionError(message);
  ++progress_->skipped;
  options_.log(message);
  return absl::OkStatus();
}

// What the target holds of the shard is of no known history: a mirror that is
// killed now must not go on from there.
absl::Status MirrorSession::Forget(size_t shard) {
  progress_->reload = true;  // Whether or not that can be stored.
  positions_[shard] = FeedPosition();
  return StoreField(shard, kLoading);
}

// Empties the target, where it is to be.
absl::Status MirrorSession::BeginHistory(size_t shard) {
  absl::Status status = SettleAll();
  if (!status.ok()) return status;
  progress_->told_until[shard] = FeedPosition();
  if (!flush_first_ && has_data_[shard]) {
    if (options_.shards > 1) {
      progress_->reload = true;
      return absl::AbortedError("all shards are to be loaded anew");
    }
    flush_first_ = true;
  }
  if (flush_first_) {
    link_->Add({"MULTI"});
    link_->Add({"FLUSHDB"});
    AddNewRecord(options_.position_key, options_.shards, link_.get());
    link_->Add({"EXEC"});
    status = Send();
    if (!status.ok()) return status;
    std::string refusal;
    while (link_->outstanding() > 0) {
      const absl::StatusOr<TargetReply> reply = Receive();
      if (!reply.ok()) return reply.status();
      if (reply->is_error() && refusal.empty()) refusal = reply->text;
    }
    if (IsServersTrouble(refusal)) {
      return link_status_ = ServersTrouble(refusal);
    }
    if (!refusal.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the target cannot be emptied: ", refusal));
    }
    flush_first_ = false;
    progress_->reload = false;
    has_data_.assign(options_.shards, false);
    empty_.assign(options_.shards, false);
    positions_.assign(options_.shards, FeedPosition());
  } else if (empty_[shard]) {
    status = StoreField(shard, kLoading);
    if (!status.ok()) return status;
  }
  has_data_[shard] = true;
  return absl::OkStatus();
}

// Shards take turns: one may have left a transaction, or another's snapshot its
// replies.
absl::Status MirrorSession::SettleAll() {
  const absl::Status status = Commit();
  return status.ok() ? ReceiveLoaded(0) : status;
}

absl::Status MirrorSession::BeginSnapshot(size_t shard) {
  const absl::Status status = BeginHistory(shard);
  if (!status.ok()) return status;
  decoders_[shard].emplace(options_.now_ms());
  loaders_[shard] = std::make_unique<PayloadCommands>(
      features_, [this](absl::Span<const absl::string_view> argv) {
        link_->Add(argv);
        loading_.emplace_back(
            0,
            absl::StrCat(argv[0], " ", argv[1].substr(0, Sent::kExcerptBytes)));
      });
  return absl::OkStatus();
}

absl::Status MirrorSession::TakeChunk(size_t shard, absl::string_view bytes) {
  // Nothing of it may get into another shard's transaction.
  const absl::Status committed = Commit();
  if (!committed.ok()) return committed;
  PayloadDecoder& decoder = *decoders_[shard];
  progress_->snapshot_bytes += bytes.size();
  decoder.Feed(bytes);
  Outcome outcome;
  while ((outcome = decoder.Next()) == Outcome::kDone) {
    if (std::holds_alternative<RecordEnd>(decoder.event())) {
      ++progress_->records;
    }
    const auto* const record = std::get_if<RecordBegin>(&decoder.event());
    if (record != nullptr && record->key == options_.position_key) {
      return absl::FailedPreconditionError(
          absl::StrCat("the primary has a key ", options_.position_key,
                       ", which is the mirror's own: choose another "
                       "--position_key"));
    }
    loaders_[shard]->Take(decoder.event());
    if (link_->gathered() < kSendBytes &&
        loading_.size() < options_.max_batch) {
      continue;
    }
    const absl::Status status = SendLoaded();
    if (!status.ok()) return status;
  }
  if (outcome == Outcome::kNeedMore) return absl::OkStatus();
  return PayloadStatus(shard, decoder);
}

absl::Status MirrorSession::EndSnapshot(size_t shard,
                                        const FeedPosition& position) {
  PayloadDecoder& decoder = *decoders_[shard];
  if (decoder.Finish() != WireError::kNone) {
    return PayloadStatus(shard, decoder);
  }
  const absl::Status status = SettleAll();
  if (!status.ok()) return status;
  const uint64_t lost = loaders_[shard]->losses().field_expiries;
  if (lost > 0) {
    progress_->lost_field_expiries += lost;
    options_.log(absl::StrCat(ShardField(shard),
                              ": the target cannot expire "
                              "fields of hashes: ",
                              lost, " stay for ever"));
  }
  decoders_[shard].reset();
  loaders_[shard].reset();
  progress_->careful_until[shard] = 0;  // It was of another history.
  return StorePosition(shard, position);
}

absl::Status MirrorSession::SendLoaded() {
  const absl::Status status = Send();
  // The target works while the next commands are gathered.
  return status.ok() ? ReceiveLoaded(options_.max_batch / 2) : status;
}

absl::Status MirrorSession::ReceiveLoaded(size_t most_outstanding) {
  if (most_outstanding == 0 && !loading_.empty()) {
    const absl::Status status = Send();
    if (!status.ok()) return status;
  }
  while (loading_.size() > most_outstanding) {
    const absl::StatusOr<TargetReply> reply = Receive();
    if (!reply.ok()) return reply.status();
    const Sent command = loading_.front();
    loading_.pop_front();
    if (!reply->is_error()) continue;
    if (IsServersTrouble(reply->text)) {
      return link_status_ = ServersTrouble(reply->text);
    }
    const std::string message =
        absl::StrCat("the target rejects ", command.ToString(),
                     " of a snapshot: ", reply->text);
    if (!options_.skip_rejected) return absl::FailedPreconditionError(message);
    ++progress_->skipped;
    options_.log(message);
  }
  return absl::OkStatus();
}

absl::Status MirrorSession::PayloadStatus(size_t shard,
                                          const PayloadDecoder& decoder) {
  return absl::DataLossError(absl::StrCat(
      ShardField(shard), ": the snapshot's payload: ",
      WireErrorName(decoder.error()), " at byte ", decoder.position(),
      decoder.error_key().empty()
          ? ""
          : absl::StrCat(", key ", Escaped(decoder.error_key()))));
}

// A new history's generation comes with a heartbeat.
absl::Status MirrorSession::TakeHeartbeat(size_t shard,
                                          const Heartbeat& heartbeat,
                                          const FeedPosition& position) {
  const absl::Status committed = Commit();  // Another shard's.
  if (!committed.ok()) return committed;
  // With protocol 1 an empty shard brings neither a snapshot nor a frame.
  if (heartbeat.next_offset == 0 && position == FeedPosition() &&
      !has_data_[shard] && !decoders_[shard].has_value()) {
    if (empty_[shard]) return absl::OkStatus();
    const absl::Status status = BeginHistory(shard);
    if (!status.ok()) return status;
    has_data_[shard] = false;
    return StoreField(shard, kEmpty);
  }
  const bool moved = position.next_offset == positions_[shard].next_offset &&
                     position.generation != positions_[shard].generation &&
                     !flush_first_ && !decoders_[shard].has_value();
  return moved ? StorePosition(shard, position) : absl::OkStatus();
}

absl::Status MirrorSession::Send() {
  if (!link_status_.ok()) return link_status_;
  const absl::Status status = link_->Send();
  if (!status.ok()) link_status_ = status;
  return status;
}

absl::StatusOr<TargetReply> MirrorSession::Receive() {
  if (!link_status_.ok()) return link_status_;
  absl::StatusOr<TargetReply> reply = link_->Receive();
  if (!reply.ok()) link_status_ = reply.status();
  return reply;
}

}  // namespace kevy_replica
