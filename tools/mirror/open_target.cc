// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/open_target.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// A killed mirror may have sent commands that the server has yet to read. Its
// connection must end before the record is read.
absl::Status EndOlderConnections(const MirrorOptions& options,
                                 CheckedLink* link) {
  // A client's name takes plain characters only.
  const std::string name = absl::StrCat(
      "kevy_mirror-", absl::BytesToHexString(options.position_key));
  const absl::StatusOr<TargetReply> named =
      link->Ask({"CLIENT", "SETNAME", name});
  if (!named.ok()) return named.status();
  const absl::StatusOr<TargetReply> own = link->Ask({"CLIENT", "ID"});
  if (!own.ok()) return own.status();
  const absl::StatusOr<TargetReply> list = link->Ask({"CLIENT", "LIST"});
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
    const absl::Status ended = link->Ask({"CLIENT", "KILL", "ID", id}).status();
    if (!ended.ok()) return ended;
  }
  return absl::OkStatus();
}

// Settles the state that a broken connection has left.
absl::Status SettleState(const MirrorOptions& options,
                         const MirrorRecord& record, CheckedLink* link,
                         MirrorCounters* counters, MirrorState* state) {
  for (size_t i = 0; i < options.shards; ++i) {
    MirrorState::Shard& shard = state->shards[i];
    if (shard.unanswered == record.shards[i].position) {
      ++counters->untold;
      options.log(absl::StrCat(
          ShardField(i), ": the target has executed the commands up to offset ",
          shard.unanswered->next_offset,
          ", but the connection broke before its replies came: a command that "
          "it rejected there was skipped"));
    }
    shard.unanswered.reset();
  }
  if (state->rejected.empty()) return absl::OkStatus();
  const absl::Status stored = WriteRecordField(
      options.position_key, kRejectedField, state->rejected, link);
  return stored.ok() ? absl::FailedPreconditionError(state->rejected) : stored;
}

// Takes the reason to stop out of the record, if the options say so.
absl::Status ClearRejection(const MirrorOptions& options, CheckedLink* link,
                            MirrorRecord* record) {
  if (options.skip_rejected) {
    return link->Ask({"HDEL", options.position_key, kRejectedField}).status();
  }
  if (options.replace) {
    record->exists = false;
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the mirror stopped here before: ", record->rejected,
      ": skip the command with --on_reject=skip, or start over with "
      "--replace"));
}

// Without a record, only an empty database may be written to.
absl::Status CheckNoForeignKeys(CheckedLink* link) {
  const absl::StatusOr<TargetReply> size = link->Ask({"DBSIZE"});
  if (!size.ok()) return size.status();
  if (size->integer == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the target's database holds ", size->integer,
                   " keys that a mirror did not write, and stays unchanged: "
                   "replace them with --replace, or choose another database"));
}

}  // namespace

absl::StatusOr<OpenedTarget> OpenTarget(const MirrorOptions& options,
                                        CheckedLink* link,
                                        MirrorCounters* counters,
                                        MirrorState* state) {
  state->shards.resize(options.shards);
  absl::Status status = EndOlderConnections(options, link);
  if (!status.ok()) return status;
  absl::StatusOr<CommandFilter> filter =
      CommandFilter::Load(options.position_key, link);
  if (!filter.ok()) return filter.status();

  absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options.position_key, options.shards, link);
  if (absl::IsFailedPrecondition(record.status()) && options.replace) {
    record = MirrorRecord();
  }
  if (!record.ok()) return record.status();
  if (record->exists) {
    status = SettleState(options, *record, link, counters, state);
    if (!status.ok()) return status;
  }
  if (record->exists && !record->rejected.empty()) {
    status = ClearRejection(options, link, &*record);
    if (!status.ok()) return status;
  }
  if (!record->exists && !options.replace) {
    status = CheckNoForeignKeys(link);
    if (!status.ok()) return status;
  }

  PayloadCommands::Target features;
  features.has_hpexpireat = filter->Knows("hpexpireat");
  // EXPIRETIME came with the same version as XSETID's long form.
  features.has_long_xsetid = filter->Knows("expiretime");
  OpenedTarget opened = {*std::move(filter), features,
                         std::move(record->shards)};
  opened.empty_first = !record->exists || record->is_loading() || state->reload;
  if (opened.empty_first) {
    opened.shards.assign(options.shards, ShardRecord());
  }
  return opened;
}

absl::Status EmptyTarget(const MirrorOptions& options, CheckedLink* link) {
  link->Add({"MULTI"});
  link->Add({"FLUSHDB"});
  AddNewRecord(options.position_key, options.shards, link);
  link->Add({"EXEC"});
  absl::Status sent = link->Send();
  if (!sent.ok()) return sent;
  std::string refusal;
  while (link->outstanding() > 0) {
    const absl::StatusOr<TargetReply> reply = link->Receive();
    if (!reply.ok()) return reply.status();
    if (reply->is_error() && refusal.empty()) refusal = reply->text;
  }
  if (refusal.empty()) return absl::OkStatus();
  if (IsServersTrouble(refusal)) return link->Fail(ServersTrouble(refusal));
  return absl::FailedPreconditionError(
      absl::StrCat("the target cannot be emptied: ", refusal));
}

}  // namespace kevy_replica
