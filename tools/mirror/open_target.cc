// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/open_target.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/swap_database.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// A text of the target's without bytes that a terminal could take amiss.
std::string Printable(absl::string_view text) {
  std::string printable(text);
  for (char& c : printable) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return printable;
}

// Takes the reason to stop out of the record, if the options say so.
absl::Status ClearRejection(const MirrorOptions& options, CheckedLink* link,
                            MirrorRecord* record) {
  if (options.on_reject == OnReject::kSkip) {
    return link->Ask({"HDEL", options.position_key, kRejectedField}).status();
  }
  if (options.replace) {
    record->exists = false;
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the mirror stopped here before: ", Printable(record->rejected),
      ": skip the command with --on_reject=skip, or start over with "
      "--replace"));
}

// Without a record, only an empty database may be written to.
absl::Status CheckNoForeignKeys(
    const std::function<absl::StatusOr<int64_t>()>& count_keys) {
  const absl::StatusOr<int64_t> size = count_keys();
  if (!size.ok()) return size.status();
  if (*size == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the target's database holds ", *size,
                   " keys that a mirror did not write, and stays unchanged: "
                   "replace them with --replace, or choose another database"));
}

// A record of the other kind of target, as after a cluster has been made of a
// server.
absl::Status CheckKind(const MirrorOptions& options, bool in_slots,
                       const MirrorRecord& record) {
  const auto other =
      in_slots ? ShardRecord::State::kAt : ShardRecord::State::kInSlots;
  for (const ShardRecord& shard : record.shards) {
    if (shard.state != other) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("the target's key ", Escaped(options.position_key),
                     in_slots ? " is the record of a mirror into one server"
                              : " is the record of a mirror into a cluster",
                     ": --replace the target's data"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EndOlderConnections(const MirrorOptions& options,
                                 CheckedLink* link) {
  // A client's name takes plain characters only. The connection may have
  // selected the spare database, so the name tells the readers'.
  const std::string name =
      absl::StrCat("kevy_mirror-", absl::BytesToHexString(options.position_key),
                   "-", options.database);
  const absl::StatusOr<TargetReply> named =
      link->Ask({"CLIENT", "SETNAME", name});
  if (!named.ok()) return named.status();
  const absl::StatusOr<TargetReply> own = link->Ask({"CLIENT", "ID"});
  if (!own.ok()) return own.status();
  const absl::StatusOr<TargetReply> list = link->Ask({"CLIENT", "LIST"});
  if (!list.ok()) return list.status();
  const std::string own_id = absl::StrCat(own->integer);
  std::vector<absl::string_view> mirrors;
  for (const absl::string_view line : absl::StrSplit(list->text, '\n')) {
    absl::string_view id;
    bool is_mirror = false;
    for (absl::string_view field : absl::StrSplit(line, ' ')) {
      if (absl::ConsumePrefix(&field, "id=")) id = field;
      if (absl::ConsumePrefix(&field, "name=")) is_mirror = field == name;
    }
    if (is_mirror && id != own_id) mirrors.push_back(id);
  }
  for (const absl::string_view id : mirrors) {
    const absl::Status ended = link->Ask({"CLIENT", "KILL", "ID", id}).status();
    if (!ended.ok()) return ended;
  }
  return absl::OkStatus();
}

absl::Status CheckEviction(const MirrorOptions& options, CheckedLink* link,
                           MirrorState* state) {
  const absl::StatusOr<TargetReply> info = link->Ask({"INFO", "memory"});
  // A user without the right to ask is not warned.
  if (absl::IsFailedPrecondition(info.status())) return absl::OkStatus();
  if (!info.ok()) return info.status();
  for (absl::string_view line : absl::StrSplit(info->text, "\r\n")) {
    if (!absl::ConsumePrefix(&line, "maxmemory_policy:") ||
        line == "noeviction" || std::exchange(state->eviction_told, true)) {
      continue;
    }
    options.log(
        {LogLevel::kWarning, "eviction",
         absl::StrCat("warning: the target's maxmemory-policy is ",
                      Printable(line),
                      ": it may drop keys, the mirror's own among them, and "
                      "the copy then differs; set it to noeviction")});
  }
  return absl::OkStatus();
}

absl::StatusOr<MirrorRecord> OpenRecord(
    const MirrorOptions& options, bool in_slots, CheckedLink* link,
    MirrorState* state,
    const std::function<absl::StatusOr<int64_t>()>& count_keys) {
  absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options.position_key, options.shards, link);
  if (record.ok() && record->exists) {
    const absl::Status kind = CheckKind(options, in_slots, *record);
    if (!kind.ok()) record = kind;
  }
  if (absl::IsFailedPrecondition(record.status()) && options.replace) {
    record = MirrorRecord();
  }
  if (!record.ok()) return record.status();
  record->shards.resize(options.shards);
  if (record->exists && !state->rejected.empty()) {
    const absl::Status status = WriteRecordField(
        options.position_key, kRejectedField, state->rejected, link);
    return status.ok() ? absl::FailedPreconditionError(state->rejected)
                       : status;
  }
  if (record->exists && !record->rejected.empty()) {
    const absl::Status status = ClearRejection(options, link, &*record);
    if (!status.ok()) return status;
  }
  if (!record->exists && !options.replace) {
    const absl::Status status = CheckNoForeignKeys(count_keys);
    if (!status.ok()) return status;
  }
  return record;
}

PayloadCommandsOptions FeaturesOf(const MirrorOptions& options,
                                  const CommandTable& table) {
  PayloadCommandsOptions features;
  features.delete_first = true;
  features.has_hpexpireat =
      options.print_only || table.Find("hpexpireat") != nullptr;
  // EXPIRETIME came with the same version as XSETID's long form.
  features.has_long_xsetid =
      options.print_only || table.Find("expiretime") != nullptr;
  return features;
}

absl::StatusOr<OpenedTarget> OpenTarget(const MirrorOptions& options,
                                        CheckedLink* link, MirrorState* state) {
  absl::Status status = EndOlderConnections(options, link);
  if (!status.ok()) return status;
  absl::StatusOr<CommandTable> table =
      options.print_only ? CommandTable() : CommandTable::Load(link);
  if (!table.ok()) return table.status();

  if (options.swap_database.has_value()) {
    status = OpenSpare(options, link, state);
    if (!status.ok()) return status;
  }
  absl::StatusOr<MirrorRecord> record = OpenRecord(
      options, /*in_slots=*/false, link, state,
      [link]() -> absl::StatusOr<int64_t> {
        const absl::StatusOr<TargetReply> size = link->Ask({"DBSIZE"});
        if (!size.ok()) return size.status();
        return size->integer;
      });
  if (!record.ok()) return record.status();

  status = CheckEviction(options, link, state);
  if (!status.ok()) return status;

  const PayloadCommandsOptions features = FeaturesOf(options, *table);
  OpenedTarget opened = {
      CommandFilter({options.position_key, options.scripts, options.print_only},
                    *std::move(table)),
      features, record->exists, record->is_untold(), std::move(record->shards)};
  opened.empty_first = !record->exists || record->is_loading() || state->reload;
  return opened;
}

absl::Status EmptyTarget(const MirrorOptions& options, bool in_spare,
                         CheckedLink* link) {
  link->Add({"MULTI"});
  if (in_spare) {
    link->Add({"FLUSHDB", "ASYNC"});
  } else {
    link->Add({"FLUSHDB"});
  }
  AddNewRecord(options.position_key, options.shards, link);
  if (in_spare) {
    link->Add({"HSET", options.position_key, kSpareField,
               absl::StrCat(options.database)});
  }
  link->Add({"EXEC"});
  absl::Status sent = link->Send();
  if (!sent.ok()) return sent;
  const absl::StatusOr<std::string> refusal = link->ReceiveTransaction();
  if (!refusal.ok()) return refusal.status();
  if (refusal->empty()) return absl::OkStatus();
  if (!in_spare && absl::StartsWith(*refusal, "OOM ")) {
    // A full target refuses each command of a transaction, and only this one
    // frees memory. A mirror that is killed now finds an empty database.
    absl::Status emptied = link->Ask({"FLUSHDB"}).status();
    if (!emptied.ok()) return emptied;
  }
  if (ClassOfError(*refusal, "") == ReplyClass::kTrouble) {
    return link->Fail(ServersTrouble(*refusal));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the target cannot be emptied: ", *refusal));
}

}  // namespace kevy_replica
