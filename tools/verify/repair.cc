// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/repair.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/tools/mirror/cluster/redirection.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/key_walk.h"
#include "kevy_replica/tools/verify/key_watch.h"
#include "kevy_replica/tools/verify/mirror_progress.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {
namespace {

// Commands to gather before the transaction begins. The shorter it lasts, the
// less does the mirror get in between.
constexpr size_t kMaxGathered = 1 << 20;

// Transactions to try with one proof of the value.
constexpr int kQuickTries = 20;

constexpr absl::string_view kPendingInOneReply = "512";

// The status of a refusal that no further try mends.
absl::Status Refusal(const Server& server, absl::string_view command,
                     absl::string_view reason) {
  return absl::FailedPreconditionError(
      absl::StrCat(server.name(), ": ", command, ": ", reason));
}

uint64_t NowMs() {
  return static_cast<uint64_t>(absl::ToUnixMillis(absl::Now()));
}

StreamId IdOf(absl::string_view text) {
  return ParseStreamId(text).value_or(StreamId());
}

PayloadCommandsOptions OptionsFor(const Server& target) {
  PayloadCommandsOptions options;
  options.has_hpexpireat = target.tells_field_deadlines();
  options.has_long_xsetid = target.is_redis_7();
  options.delete_first = true;
  options.now_ms = NowMs();
  return options;
}

class KeyRepair {
 public:
  // Reads the value in pieces of `elements`.
  KeyRepair(absl::string_view key, int64_t elements, MirrorProgress* progress,
            Server* primary, Server* target)
      : key_(key),
        elements_(elements),
        progress_(progress),
        primary_(primary),
        target_(target),
        watch_(primary),
        commands_(
            [this](const PayloadCommand& command) {
              Emit(command.argv, command.check);
              return absl::OkStatus();
            },
            OptionsFor(*target)) {}

  // Returns whether the key is repaired. kFailedPrecondition and
  // kResourceExhausted: it cannot be. kNotFound: the key changed.
  absl::StatusOr<bool> Try() {
    absl::Status status = watch_.Begin(key_);
    if (!status.ok()) return status;
    absl::StatusOr<ReplicationToken> token = progress_->Token();
    if (!token.ok()) return token.status();
    token_ = *std::move(token);
    status = progress_->WaitFor(token_, {key_});
    if (!status.ok()) return status;
    status = GatherValue();
    if (!status.ok()) return status;
    if (begun_) {
      absl::StatusOr<bool> stood = watch_.Stood();
      return stood.ok() && *stood ? Execute() : stood;
    }
    const absl::StatusOr<ReplicationToken> end = progress_->Token();
    if (!end.ok()) return end.status();
    status = WatchTarget(nullptr);
    if (!status.ok()) return status;
    absl::StatusOr<bool> stood = watch_.Stood();
    if (!stood.ok() || !*stood) return stood;
    for (int i = 0; i < kQuickTries; ++i) {
      AddGathered();
      absl::StatusOr<bool> done = Execute();
      if (!done.ok() || *done) return done;
      // The position has moved. The key stood still up to `end` as well.
      status = WatchTarget(&*end);
      if (!status.ok()) return status;
    }
    return false;
  }

  // Forgets the watched keys and the transaction, if there are some.
  absl::Status CleanUp() {
    for (Server* const server : {primary_, target_}) {
      if (!server->link()->status().ok() ||
          server->link()->outstanding() != 0) {
        absl::Status connected = server->Connect();
        if (!connected.ok()) return connected;
        continue;
      }
      // DISCARD is refused outside a transaction. Commands that were added and
      // not sent are within one.
      server->Add({"DISCARD"});
      server->Add({"UNWATCH"});
      absl::Status sent = server->Send();
      if (!sent.ok()) return sent;
      while (server->link()->outstanding() > 0) {
        const absl::StatusOr<TargetReply> reply =
            server->Receive(ReplyDetail::kBrief);
        if (!reply.ok()) return reply.status();
      }
    }
    return absl::OkStatus();
  }

 private:
  // Asks for a reply that must not be an error.
  static absl::StatusOr<TargetReply> Ask(
      Server* server, const std::vector<absl::string_view>& argv) {
    absl::StatusOr<TargetReply> reply = server->Ask(argv);
    if (!reply.ok() || !reply->is_error()) return reply;
    if (IsChangedKey(*reply) || IsRedirection(reply->text)) {
      return absl::NotFoundError(reply->text);
    }
    return Refusal(*server, argv[0], reply->text);
  }

  void Take(const PayloadEvent& event) {
    commands_.Take(event).IgnoreError();  // Emit() returns no error.
  }

  void Emit(absl::Span<const absl::string_view> argv, PayloadCheck check) {
    // These only ask.
    if (check == PayloadCheck::kDeadline) return;
    if (begun_) {
      target_->Add(argv);
      return;
    }
    // Only an empty `argv` would fail.
    (void)AppendCommand(argv, &gathered_);
    ends_.push_back(gathered_.size());
  }

  // The position must have reached the token, and not move from now on.
  // kNotFound: it is beyond `end`, or has another history now.
  absl::Status WatchTarget(const ReplicationToken* end) {
    // One by one: a cluster refuses several keys while their slot migrates.
    for (const std::string& key : {progress_->PositionKeyOf(key_), key_}) {
      absl::Status status = Ask(target_, {"WATCH", key}).status();
      if (!status.ok()) return status;
    }
    const absl::StatusOr<bool> between =
        progress_->IsBetween(token_, end, key_);
    if (!between.ok()) return between.status();
    return *between ? absl::OkStatus()
                    : absl::NotFoundError("the position has moved");
  }

  void AddGathered() {
    target_->Add({"MULTI"});
    size_t begin = 0;
    for (const size_t end : ends_) {
      target_->link()->AddRaw(
          absl::string_view(gathered_).substr(begin, end - begin));
      begin = end;
    }
  }

  // Sends the gathered commands if they are many. Checks that they are queued.
  absl::Status Flush() {
    if (!begun_) {
      if (gathered_.size() < kMaxGathered) return absl::OkStatus();
      absl::Status status = WatchTarget(nullptr);
      if (!status.ok()) return status;
      AddGathered();
      begun_ = true;
    }
    absl::Status status = target_->Send();
    if (!status.ok()) return status;
    gathered_ = std::string();
    ends_.clear();
    return TakeQueued(0);
  }

  // Receives replies until `left` are left, which must not be errors.
  absl::Status TakeQueued(size_t left) {
    absl::Status refusal;
    while (target_->link()->outstanding() > left) {
      const absl::StatusOr<TargetReply> reply =
          target_->Receive(ReplyDetail::kBrief);
      if (!reply.ok()) return reply.status();
      if (reply->is_error() && refusal.ok()) {
        refusal = IsRedirection(reply->text)
                      ? absl::NotFoundError(reply->text)
                      : Refusal(*target_, "the repair", reply->text);
      }
    }
    return refusal;
  }

  absl::Status GatherValue() {
    primary_->AddState(key_);
    absl::Status status = primary_->Send();
    if (!status.ok()) return status;
    const absl::StatusOr<KeyState> state = primary_->ReceiveState();
    if (!state.ok()) return state.status();
    if (!state->error.empty()) {
      return absl::FailedPreconditionError(state->error);
    }
    if (!state->exists()) {
      Emit({"DEL", key_}, PayloadCheck::kNone);
      return Flush();
    }
    if (!IsKnownType(state->type)) {
      return absl::FailedPreconditionError("the type is not known");
    }
    RecordBegin record;
    record.key = key_;
    if (state->deadline_ms.has_value()) {
      record.expire_at_ms = static_cast<uint64_t>(*state->deadline_ms);
    }
    status = state->type == "string" ? GatherString(record)
                                     : GatherCollection(state->type, record);
    if (!status.ok()) return status;
    Take(RecordEnd());
    for (const auto& deadline : field_deadlines_) {
      Take(FieldExpiry{key_, deadline.first, deadline.second});
    }
    return Flush();
  }

  // The pieces of a string are appended, so that none needs memory for all.
  absl::Status GatherString(const RecordBegin& record) {
    Take(record);
    return Walk(primary_, key_, "string", [this](const Piece& piece) {
      if (piece.begin == 0) {
        Take(StringValue{piece.elements[0].text});
      } else {
        Emit({"APPEND", key_, piece.elements[0].text}, PayloadCheck::kNone);
      }
      return Flush();
    });
  }

  absl::Status GatherCollection(absl::string_view type, RecordBegin record) {
    record.type = type == "hash"   ? RecordType::kHash
                  : type == "list" ? RecordType::kList
                  : type == "set"  ? RecordType::kSet
                  : type == "zset" ? RecordType::kSortedSet
                                   : RecordType::kStream;
    Take(record);
    if (type == "stream") {
      absl::Status status = TakeStreamInfo();
      if (!status.ok()) return status;
    }
    absl::Status status = Walk(
        primary_, key_, type,
        [this, &record](const Piece& piece) {
          absl::Status taken = TakePiece(record.type, piece);
          return taken.ok() ? Flush() : taken;
        },
        elements_);
    if (!status.ok() || type != "stream") return status;
    return TakeGroups();
  }

  absl::Status TakePiece(RecordType type, const Piece& piece) {
    const std::vector<TargetReply>& elements = piece.elements;
    const size_t step =
        type == RecordType::kHash || type == RecordType::kSortedSet ? 2 : 1;
    for (size_t i = 0; i < elements.size(); i += step) {
      const absl::string_view text = elements[i].text;
      if (type == RecordType::kHash) {
        Take(HashField{text, elements[i + 1].text});
      } else if (type == RecordType::kList) {
        Take(ListItem{text});
      } else if (type == RecordType::kSet) {
        Take(SetMember{text});
      } else if (type == RecordType::kSortedSet) {
        double score = 0;
        if (!absl::SimpleAtod(elements[i + 1].text, &score)) {
          return Refusal(*primary_, "ZRANGE", "a score is not a number");
        }
        Take(ScoredMember{text, score});
      } else {
        TakeEntry(elements[i]);
      }
    }
    return type == RecordType::kHash ? TakeFieldDeadlines(elements)
                                     : absl::OkStatus();
  }

  void TakeEntry(const TargetReply& reply) {
    StreamEntry entry;
    entry.id = IdOf(reply.elements[0].text);
    Take(entry);
    const std::vector<TargetReply>& fields = reply.elements[1].elements;
    for (size_t i = 0; i + 1 < fields.size(); i += 2) {
      Take(StreamField{fields[i].text, fields[i + 1].text});
    }
  }

  absl::Status TakeFieldDeadlines(const std::vector<TargetReply>& elements) {
    if (elements.empty() || !primary_->tells_field_deadlines() ||
        !target_->tells_field_deadlines()) {
      return absl::OkStatus();
    }
    std::vector<absl::string_view> fields;
    for (size_t i = 0; i < elements.size(); i += 2) {
      fields.push_back(elements[i].text);
    }
    primary_->AddFieldDeadlines(key_, fields);
    absl::Status sent = primary_->Send();
    if (!sent.ok()) return sent;
    const auto deadlines = primary_->ReceiveFieldDeadlines();
    if (!deadlines.ok()) return deadlines.status();
    if (deadlines->size() != fields.size()) {
      return absl::NotFoundError("the hash has changed");
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::optional<int64_t> deadline = (*deadlines)[i];
      if (!deadline.has_value()) continue;
      field_deadlines_.emplace_back(fields[i],
                                    static_cast<uint64_t>(*deadline));
    }
    return absl::OkStatus();
  }

  absl::Status TakeStreamInfo() {
    const absl::StatusOr<TargetReply> reply =
        Ask(primary_, {"XINFO", "STREAM", key_});
    if (!reply.ok()) return reply.status();
    StreamInfo info;
    info.last_id = IdOf(InfoValue(*reply, "last-generated-id"));
    info.max_deleted_id = IdOf(InfoValue(*reply, "max-deleted-entry-id"));
    // Unknown numbers stay 0. PayloadCommands raises the counter to the number
    // of entries.
    (void)absl::SimpleAtoi(InfoValue(*reply, "entries-added"),
                           &info.entries_added);
    (void)absl::SimpleAtoi(InfoValue(*reply, "length"), &info.entry_count);
    Take(info);
    return absl::OkStatus();
  }

  absl::Status TakeGroups() {
    const absl::StatusOr<TargetReply> groups =
        Ask(primary_, {"XINFO", "GROUPS", key_});
    if (!groups.ok()) return groups.status();
    Take(StreamGroupCount{static_cast<uint32_t>(groups->elements.size())});
    for (const TargetReply& group : groups->elements) {
      const std::string name = InfoValue(group, "name");
      const absl::StatusOr<TargetReply> consumers =
          Ask(primary_, {"XINFO", "CONSUMERS", key_, name});
      if (!consumers.ok()) return consumers.status();
      Take(StreamGroup{name, IdOf(InfoValue(group, "last-delivered-id")),
                       static_cast<uint32_t>(consumers->elements.size())});
      for (const TargetReply& consumer : consumers->elements) {
        const std::string consumer_name = InfoValue(consumer, "name");
        Take(StreamConsumer{consumer_name, 0});
      }
      absl::Status status = TakePending(name);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status TakePending(const std::string& group) {
    std::string begin = "-";
    StreamId last;
    while (!begin.empty()) {
      const absl::StatusOr<TargetReply> page = Ask(
          primary_, {"XPENDING", key_, group, begin, "+", kPendingInOneReply});
      if (!page.ok()) return page.status();
      begin.clear();
      for (const TargetReply& pending : page->elements) {
        // Ids that do not grow would have no end.
        if (pending.elements.size() != 4 ||
            !IsBefore(last, IdOf(pending.elements[0].text))) {
          return Refusal(*primary_, "XPENDING", "another form");
        }
        const int64_t idle = std::max<int64_t>(pending.elements[2].integer, 0);
        const uint64_t now = NowMs();
        last = IdOf(pending.elements[0].text);
        Take(StreamPending{last, pending.elements[1].text,
                           now - std::min(now, static_cast<uint64_t>(idle)),
                           static_cast<uint32_t>(pending.elements[3].integer)});
        begin = NextStreamId(pending.elements[0].text);
      }
      absl::Status flushed = Flush();
      if (!flushed.ok()) return flushed;
    }
    return absl::OkStatus();
  }

  // Runs the transaction. False: the position or the key has moved.
  absl::StatusOr<bool> Execute() {
    target_->Add({"EXEC"});
    absl::Status sent = target_->Send();
    if (!sent.ok()) return sent;
    absl::Status queued = TakeQueued(1);
    if (target_->link()->outstanding() != 1) return queued;  // The link's.
    const absl::StatusOr<TargetReply> reply =
        target_->Receive(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
    if (!queued.ok()) return queued;
    if (reply->is_error()) {
      if (IsRedirection(reply->text)) return false;
      return Refusal(*target_, "EXEC", reply->text);
    }
    if (reply->type == TargetReply::Type::kNull) return false;
    for (const TargetReply& element : reply->elements) {
      if (!element.is_error()) continue;
      return Refusal(*target_, "the repair", element.text);
    }
    return true;
  }

  const std::string key_;
  const int64_t elements_;
  MirrorProgress* const progress_;
  Server* const primary_;
  Server* const target_;
  KeyWatch watch_;
  ReplicationToken token_;
  bool begun_ = false;    // The target's MULTI was sent.
  std::string gathered_;  // Commands in RESP, and the end of each.
  std::vector<size_t> ends_;
  PayloadCommands commands_;
  std::vector<std::pair<std::string, uint64_t>> field_deadlines_;
};

}  // namespace

absl::StatusOr<std::string> RepairKey(absl::string_view key,
                                      MirrorProgress* progress, Server* primary,
                                      Server* target) {
  int64_t elements = kPieceElements;
  for (int i = 0; i < kMaxRepairs; ++i) {
    const size_t connections = primary->connections();
    KeyRepair repair(key, elements, progress, primary, target);
    absl::StatusOr<bool> done = repair.Try();
    if (done.ok() && *done) return "";
    if (!done.ok() && !absl::IsFailedPrecondition(done.status()) &&
        !absl::IsResourceExhausted(done.status()) &&
        !absl::IsNotFound(done.status())) {
      return done.status();
    }
    // A reply was over a limit.
    if (primary->connections() != connections) {
      elements = FewerElements(elements);
    }
    absl::Status clean = repair.CleanUp();
    if (!clean.ok()) return clean;
    if (absl::IsFailedPrecondition(done.status()) ||
        absl::IsResourceExhausted(done.status())) {
      return std::string(done.status().message());
    }
  }
  return absl::StrCat(kMaxRepairs,
                      " tries met newer writes: of the key on the primary, or "
                      "of the mirror; or a slot that migrates");
}

}  // namespace kevy_replica
