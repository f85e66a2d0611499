// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/mirror_record.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kVersion = "1";
constexpr absl::string_view kShardsField = "shards";

absl::Status Foreign(const std::string& key, absl::string_view reason) {
  return absl::FailedPreconditionError(
      absl::StrCat("the target's key ", Escaped(key), " ", reason,
                   ": choose another --position_key, or --replace the "
                   "target's data"));
}

}  // namespace

bool MirrorRecord::is_loading() const {
  return absl::c_any_of(shards, [](const ShardRecord& shard) {
    return shard.state == ShardRecord::State::kLoading;
  });
}

bool MirrorRecord::is_untold() const {
  return exists && rejected.empty() && !is_loading() && told != shard_texts();
}

std::string MirrorRecord::shard_texts() const {
  return absl::StrJoin(shards, ",",
                       [](std::string* out, const ShardRecord& shard) {
                         absl::StrAppend(out, shard.text);
                       });
}

std::string ShardField(size_t shard) { return absl::StrCat("shard-", shard); }

absl::StatusOr<MirrorRecord> ReadMirrorRecord(const std::string& key,
                                              size_t shards,
                                              CheckedLink* link) {
  link->Add({"HGETALL", key});
  absl::Status sent = link->Send();
  if (!sent.ok()) return sent;
  const absl::StatusOr<TargetReply> reply = link->Receive(ReplyDetail::kWhole);
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) {
    return absl::StartsWith(reply->text, "WRONGTYPE ")
               ? Foreign(key, absl::StrCat("is not a mirror's record (",
                                           reply->text, ")"))
               : TargetError("HGETALL", reply->text);
  }
  std::map<std::string, std::string> fields;
  for (size_t i = 0; i + 1 < reply->elements.size(); i += 2) {
    fields[reply->elements[i].text] = reply->elements[i + 1].text;
  }
  MirrorRecord record;
  record.shards.resize(shards);
  if (fields.empty()) return record;
  record.exists = true;
  if (fields[std::string(kVersionField)] != kVersion) {
    return Foreign(key, "is not a mirror's record, or has another version");
  }
  if (fields[std::string(kShardsField)] != absl::StrCat(shards)) {
    return Foreign(key,
                   absl::StrCat("is the record of a mirror with --shards=",
                                Escaped(fields[std::string(kShardsField)])));
  }
  for (size_t i = 0; i < shards; ++i) {
    const std::string& text = fields[ShardField(i)];
    ShardRecord& shard = record.shards[i];
    shard.text = text;
    if (text == kLoading ||
        absl::StartsWith(text, absl::StrCat(kLoading, " "))) {
      shard.state = ShardRecord::State::kLoading;
      absl::string_view mark = text;
      absl::ConsumePrefix(&mark, kLoading);
      (void)absl::SimpleAtoi(mark, &shard.loaded);
    } else if (text == kEmpty) {
      shard.state = ShardRecord::State::kEmpty;
    } else if (text == kInSlots) {
      shard.state = ShardRecord::State::kInSlots;
    } else if (const auto position = ParseFeedPosition(text)) {
      shard.state = ShardRecord::State::kAt;
      shard.position = *position;
    } else {
      return Foreign(key, absl::StrCat("lacks a position for ", ShardField(i)));
    }
  }
  record.rejected = fields[std::string(kRejectedField)];
  record.told = fields[std::string(kToldField)];
  return record;
}

void AddNewRecord(const std::string& key, size_t shards, TargetLink* link) {
  const std::string count = absl::StrCat(shards);
  std::vector<std::string> names;
  for (size_t i = 0; i < shards; ++i) names.push_back(ShardField(i));
  std::vector<absl::string_view> argv = {"HSET",   key,          kVersionField,
                                         kVersion, kShardsField, count};
  for (const std::string& name : names) {
    argv.push_back(name);
    argv.push_back(kLoading);
  }
  link->Add(argv);
}

absl::Status WriteRecordField(const std::string& key, absl::string_view field,
                              absl::string_view value, CheckedLink* link) {
  return link->Ask({"HSET", key, field, value}).status();
}

absl::Status WriteShardField(const std::string& key, size_t shard,
                             absl::string_view value, CheckedLink* link) {
  const absl::StatusOr<TargetReply> reply =
      link->Ask({"HSET", key, ShardField(shard), value});
  if (!reply.ok()) return reply.status();
  // The number of new fields.
  return reply->integer == 0 ? absl::OkStatus() : OverwrittenRecord(key);
}

absl::Status OverwrittenRecord(const std::string& key) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the mirror's own key ", Escaped(key),
      " was overwritten or deleted, by the primary or by another client: "
      "choose another --position_key, and --replace the target's data"));
}

}  // namespace kevy_replica
