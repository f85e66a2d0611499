// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/explain.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/client/locate_primary.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/primary_flags.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/mirror.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/swap_database.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// Commands that some targets lack, and the consequence.
struct Lack {
  absl::string_view command;
  absl::string_view consequence;
};
constexpr Lack kLacks[] = {
    {"hpexpireat", "deadlines of hash fields are lost"},
    {"expiretime", "a stream's counters are lost (XSETID takes only an id)"},
    {"zpopmin.below",
     "it becomes ZREMRANGEBYRANK of as many as the target has"},
    {"xautoclaim", "it stops the mirror"},
    {"copy", "it stops the mirror"},
    {"getex", "it stops the mirror"},
    {"lmove", "it stops the mirror"},
};

// The value of "name:value" in INFO's text, escaped. "unknown" without it.
std::string InfoField(absl::string_view info, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(info, "\r\n")) {
    if (absl::ConsumePrefix(&line, name) && absl::ConsumePrefix(&line, ":")) {
      return Escaped(line);
    }
  }
  return "unknown";
}

absl::Status ExplainRecord(const MirrorOptions& options, CheckedLink* link,
                           std::string* text) {
  const absl::StatusOr<TargetReply> size = link->Ask({"DBSIZE"});
  if (!size.ok()) return size.status();
  absl::StrAppend(text, "target: keys in the database: ", size->integer, "\n");
  const absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options.position_key, options.shards, link);
  if (absl::IsFailedPrecondition(record.status())) {
    absl::StrAppend(text,
                    options.replace ? "would replace: " : "would refuse: ",
                    record.status().message(), "\n");
    return absl::OkStatus();
  }
  if (!record.ok()) return record.status();
  if (!record->exists) {
    absl::StrAppend(
        text, size->integer == 0 ? "would load everything: no mirror's record\n"
              : options.replace
                  ? "would replace all keys: no mirror's record\n"
                  : "would refuse: the keys are not a mirror's (--replace)\n");
    return absl::OkStatus();
  }
  if (!record->rejected.empty()) {
    absl::StrAppend(text, "stopped before: ", Escaped(record->rejected), "\n");
    if (options.on_reject != OnReject::kSkip) {
      absl::StrAppend(text, options.replace
                                ? "would replace all keys\n"
                                : "would refuse: give --on_reject=skip or "
                                  "--replace\n");
      return absl::OkStatus();
    }
  }
  for (size_t i = 0; i < record->shards.size(); ++i) {
    absl::StrAppend(text, ShardField(i), ": ", Escaped(record->shards[i].text),
                    "\n");
  }
  absl::StrAppend(text, record->is_loading()
                            ? "would load everything: a snapshot is not whole\n"
                            : "would resume at these positions\n");
  return absl::OkStatus();
}

// The reactions to a snapshot and to a lost target.
absl::Status ExplainReload(const MirrorOptions& options, CheckedLink* link,
                           std::string* text) {
  absl::StrAppend(text, "target comes back without the record: would ",
                  options.on_lost_target == OnLostTarget::kStop
                      ? "stop\n"
                      : "load everything\n");
  if (!options.swap_database.has_value()) {
    absl::StrAppend(text,
                    "reload: in place: readers see a part of the data until a "
                    "snapshot is loaded\n");
    return absl::OkStatus();
  }
  const std::string spare = absl::StrCat(*options.swap_database);
  absl::StrAppend(text, "reload: into database ", spare,
                  ", then SWAPDB: the target needs memory for both copies\n");
  const absl::StatusOr<CommandTable> table = CommandTable::Load(link);
  if (!table.ok()) return table.status();
  const absl::StatusOr<TargetReply> info = link->Ask({"INFO", "cluster"});
  if (!info.ok()) return info.status();
  if (table->Find("swapdb") == nullptr ||
      InfoField(info->text, "cluster_enabled") == "\"1\"") {
    absl::StrAppend(text, "would refuse: the target cannot swap databases\n");
    return absl::OkStatus();
  }
  const absl::Status selected = link->Ask({"SELECT", spare}).status();
  if (absl::IsFailedPrecondition(selected)) {
    absl::StrAppend(text, "would refuse: ", selected.message(), "\n");
    return absl::OkStatus();
  }
  if (!selected.ok()) return selected;
  const absl::StatusOr<SpareContent> content = ReadSpare(options, link);
  if (!content.ok()) return content.status();
  if (*content == SpareContent::kForeign) {
    absl::StrAppend(text, "would refuse: ", ForeignSpare(options).message(),
                    "\n");
  } else {
    absl::StrAppend(text, "target: database ", spare,
                    *content == SpareContent::kEmpty
                        ? " is empty\n"
                        : " holds an unfinished copy: would delete it\n");
  }
  return link->Ask({"SELECT", absl::StrCat(options.database)}).status();
}

// Takes the version that the located primary tells, if it tells one.
void ExplainLocated(const MirrorRunOptions& options, std::string* text,
                    KevyVersion* version) {
  LocatePrimaryOptions locate;
  locate.locator.shards = options.mirror.shards;
  locate.connect.interrupter = options.interrupter;
  const absl::StatusOr<Primary> primary =
      LocatePrimary(options.addresses[0], locate);
  absl::StrAppend(text,
                  primary.ok() ? DescribePrimary(*primary)
                               : std::string(primary.status().message()),
                  "\n");
  if (!primary.ok()) return;
  *version = ParseKevyVersion(primary->version).value_or(*version);
}

// A replica that closes abruptly can harm old primaries, so that the connection
// is closed politely, and without a handshake.
void ExplainPrimary(const MirrorRunOptions& options, std::string* text,
                    KevyVersion* version) {
  if (IsKevyUrl(options.addresses[0])) {
    return ExplainLocated(options, text, version);
  }
  for (const std::string& address : options.addresses) {
    const absl::StatusOr<ListenerAddress> listener =
        ParseListenerAddress(address);
    if (!listener.ok()) continue;  // CheckPrimaryFlags() accepted it.
    const std::string plain = listener->address.ToString();
    absl::StatusOr<std::unique_ptr<Transport>> transport =
        ConnectTransport(plain);
    absl::StrAppend(text, "primary: ", plain, " ",
                    !transport.ok() ? Escaped(transport.status().message())
                    : listener->keys.empty()
                        ? "answers"
                        : "answers (its key is not checked)",
                    "\n");
    if (!transport.ok()) continue;
    char byte;
    (*transport)->CloseWrite();
    (void)(*transport)->Read(absl::MakeSpan(&byte, 1), absl::Seconds(1));
  }
}

void ExplainRows(const MirrorOptions& options, const KevyVersion& version,
                 std::string* text) {
  absl::StrAppend(text, "rows for a primary of version ");
  AppendText(version, text);
  absl::StrAppend(text, ":\n");
  for (const SemanticsRow& row : SemanticsRows()) {
    if (!row.Holds(version)) continue;
    absl::StrAppend(text, "  ", CommandEffectName(row.effect), ": ",
                    row.commands, ": ", row.reason, "\n");
  }
  absl::StrAppend(text, "scripts: ",
                  options.scripts ? "EVAL is passed on" : "refused", "\n");
}

}  // namespace

absl::Status ExplainServer(CheckedLink* link, std::string* text) {
  std::string info;
  for (const absl::string_view section : {"server", "memory"}) {
    const absl::StatusOr<TargetReply> reply = link->Ask({"INFO", section});
    if (!reply.ok()) return reply.status();
    absl::StrAppend(&info, reply->text, "\r\n");
  }
  for (const absl::string_view name :
       {"server_name", "redis_version", "valkey_version", "used_memory",
        "maxmemory", "maxmemory_policy"}) {
    const std::string value = InfoField(info, name);
    if (value != "unknown") {
      absl::StrAppend(text, "target: ", name, " ", value, "\n");
    }
  }
  if (InfoField(info, "maxmemory_policy") != "\"noeviction\"") {
    absl::StrAppend(text,
                    "warning: the target may drop keys by itself: set "
                    "maxmemory-policy to noeviction\n");
  }
  const absl::StatusOr<CommandTable> table = CommandTable::Load(link);
  if (!table.ok()) return table.status();
  for (const Lack& lack : kLacks) {
    if (table->Find(lack.command) != nullptr) continue;
    absl::StrAppend(text, "target: lacks ", lack.command, ": ",
                    lack.consequence, "\n");
  }
  return absl::OkStatus();
}

absl::Status Explain(const MirrorRunOptions& options, std::string* text) {
  KevyVersion located = kAssumedVersion;
  absl::Status status;
  if (options.explain != nullptr) {
    ExplainPrimary(options, text, &located);
    status = options.explain(text);
  } else {
    absl::StatusOr<std::unique_ptr<TargetLink>> connected = options.connect();
    if (!connected.ok()) return connected.status();
    CheckedLink link(*std::move(connected));
    ExplainPrimary(options, text, &located);
    status = ExplainServer(&link, text);
    if (status.ok()) status = ExplainRecord(options.mirror, &link, text);
    if (status.ok()) status = ExplainReload(options.mirror, &link, text);
  }
  if (!status.ok()) return status;
  ExplainRows(options.mirror, options.mirror.primary_version.value_or(located),
              text);
  return absl::OkStatus();
}

}  // namespace kevy_replica
