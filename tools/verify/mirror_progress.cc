// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/mirror_progress.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(5);
constexpr absl::Duration kLongestPause = absl::Milliseconds(250);

bool IsApplied(const ShardRecord& shard, const FeedPosition& end) {
  switch (shard.state) {
    case ShardRecord::State::kLoading:
    case ShardRecord::State::kInSlots:  // Positions() replaces it.
      return false;
    case ShardRecord::State::kEmpty:
      return end.next_offset == 0;
    case ShardRecord::State::kAt:
      return shard.position.generation == end.generation &&
             shard.position.next_offset >= end.next_offset;
  }
  return false;
}

bool IsForeign(const ShardRecord& shard, const FeedPosition& end) {
  return shard.state == ShardRecord::State::kAt &&
         shard.position.generation != end.generation;
}

bool IsBeyond(const ShardRecord& shard, const FeedPosition& end) {
  return shard.state == ShardRecord::State::kAt &&
         (shard.position.generation != end.generation ||
          shard.position.next_offset > end.next_offset);
}

// Whether a shard has its position in the slots of a cluster.
bool AnyInSlots(const std::vector<ShardRecord>& shards) {
  return absl::c_any_of(shards, [](const ShardRecord& shard) {
    return shard.state == ShardRecord::State::kInSlots;
  });
}

}  // namespace

MirrorProgress::MirrorProgress(MirrorProgressOptions options, Server* primary,
                               Server* target)
    : options_(std::move(options)), primary_(primary), target_(target) {}

absl::Status MirrorProgress::Begin(size_t shards) {
  const absl::StatusOr<ReplicationToken> token = Token();
  if (!token.ok()) return token.status();
  if (shards != 0 && shards != token->shards.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the primary has ", token->shards.size(),
                     " shards, and --shards is ", shards));
  }
  shards_ = token->shards.size();
  return Record().status();
}

absl::StatusOr<ReplicationToken> MirrorProgress::Token() {
  const absl::StatusOr<TargetReply> reply = primary_->Ask({"REPL.TOKEN"});
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) {
    return absl::FailedPreconditionError(absl::StrCat(
        primary_->name(), ": REPL.TOKEN: ", reply->text,
        ": without it no difference can be proven (kevy 3.0 and later)"));
  }
  ReplicationToken token;
  const size_t size = reply->elements.size();
  bool is_token = size > 0 && size % 2 == 0 && size / 2 <= kMaxToldShards;
  for (const TargetReply& element : reply->elements) {
    is_token = is_token && element.type == TargetReply::Type::kInteger &&
               element.integer >= 0;
  }
  if (!is_token || (shards_ != 0 && size / 2 != shards_)) {
    return absl::FailedPreconditionError(absl::StrCat(
        primary_->name(), ": the reply to REPL.TOKEN has another form"));
  }
  for (size_t i = 0; i < size; i += 2) {
    token.shards.push_back(
        {static_cast<uint64_t>(reply->elements[i].integer),
         static_cast<uint64_t>(reply->elements[i + 1].integer)});
  }
  return token;
}

absl::StatusOr<MirrorRecord> MirrorProgress::Record() {
  absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options_.position_key, shards_, target_->link());
  if (!record.ok()) return record;
  if (!record->exists) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the target has no mirror's record at the key ",
        Escaped(options_.position_key),
        ": is it the mirror's database, and is --position_key the mirror's?"));
  }
  if (!record->rejected.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the mirror has stopped: ", Escaped(record->rejected)));
  }
  if (!options_.is_cluster && AnyInSlots(record->shards)) {
    return absl::FailedPreconditionError(
        "the target is a node of a cluster, and the mirror writes to all of "
        "it: give --target=redis+cluster://...");
  }
  return record;
}

std::string MirrorProgress::PositionKeyOf(absl::string_view key) const {
  return options_.is_cluster ? SlotKey(options_.position_key, KeySlot(key))
                             : options_.position_key;
}

bool MirrorProgress::IsOwnKey(absl::string_view key) const {
  return key == options_.position_key ||
         (options_.is_cluster && IsSlotKey(options_.position_key, key));
}

absl::Status MirrorProgress::ReceiveMarks(const std::string& place,
                                          std::vector<ShardRecord>* shards) {
  const absl::StatusOr<TargetReply> reply = target_->Receive();
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) {
    return absl::FailedPreconditionError(
        absl::StrCat(target_->name(), ": HMGET: ", reply->text));
  }
  for (size_t i = 0; i < shards->size(); ++i) {
    ShardRecord& shard = (*shards)[i];
    if (shard.state != ShardRecord::State::kInSlots) continue;
    std::optional<SlotMark> mark;
    if (i < reply->elements.size()) {
      mark = ParseSlotMark(reply->elements[i].text);
    }
    if (!mark.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the target lacks the mirror's position of ",
                       ShardField(i), " at the key ", Escaped(place),
                       ": a node has lost data, or the key was deleted"));
    }
    shard.state =
        mark->loading ? ShardRecord::State::kLoading : ShardRecord::State::kAt;
    shard.position = {mark->generation, mark->next};
    shard.text = ToString(*mark);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, std::vector<ShardRecord>>>
MirrorProgress::Positions(const std::set<std::string>& places) {
  const absl::StatusOr<MirrorRecord> record = Record();
  if (!record.ok()) return record.status();
  std::map<std::string, std::vector<ShardRecord>> positions;
  for (const std::string& place : places) positions[place] = record->shards;
  if (!AnyInSlots(record->shards)) return positions;
  std::vector<std::string> fields;
  for (size_t i = 0; i < shards_; ++i) fields.push_back(ShardField(i));
  for (const std::string& place : places) {
    std::vector<absl::string_view> argv = {"HMGET", place};
    argv.insert(argv.end(), fields.begin(), fields.end());
    target_->Add(argv);
  }
  absl::Status sent = target_->Send();
  if (!sent.ok()) return sent;
  for (const std::string& place : places) {
    absl::Status status = ReceiveMarks(place, &positions[place]);
    if (!status.ok()) return status;
  }
  return positions;
}

absl::StatusOr<bool> MirrorProgress::IsBetween(const ReplicationToken& begin,
                                               const ReplicationToken* end,
                                               absl::string_view key) {
  const std::string place = PositionKeyOf(key);
  const auto positions = Positions({place});
  if (!positions.ok()) return positions.status();
  const std::vector<ShardRecord>& shards = positions->at(place);
  for (size_t i = 0; i < shards_; ++i) {
    if (!IsApplied(shards[i], begin.shards[i])) return false;
    if (end != nullptr && IsBeyond(shards[i], end->shards[i])) return false;
  }
  return true;
}

absl::Status MirrorProgress::WaitFor(ReplicationToken token,
                                     absl::Span<const std::string> keys) {
  std::set<std::string> places;
  for (const std::string& key : keys) places.insert(PositionKeyOf(key));
  absl::Duration pause = kFirstPause;
  absl::Duration waited;  // Since a position last changed.
  std::string text;
  while (true) {
    const auto positions = Positions(places);
    if (!positions.ok()) return positions.status();
    std::string behind;
    std::string now;  // A mirror that moves changes it.
    bool is_foreign = false;
    for (const auto& position : *positions) {
      bool is_reached = true;
      for (size_t i = 0; i < shards_; ++i) {
        const ShardRecord& shard = position.second[i];
        absl::StrAppend(&now, shard.text, " ");
        if (IsApplied(shard, token.shards[i])) continue;
        is_reached = false;
        is_foreign = is_foreign || IsForeign(shard, token.shards[i]);
        if (!behind.empty()) continue;
        behind = absl::StrCat(ShardField(i), " is at ", Escaped(shard.text),
                              ", the primary at ", ToString(token.shards[i]));
      }
      if (is_reached) places.erase(position.first);
    }
    if (places.empty()) return absl::OkStatus();
    if (now != text) {
      text = std::move(now);
      waited = absl::ZeroDuration();
    }
    if (waited >= options_.timeout) {
      return absl::DeadlineExceededError(
          absl::StrCat("the mirror has not moved for ",
                       absl::FormatDuration(options_.timeout), ": ", behind,
                       " (is it running?)"));
    }
    pause = std::min(pause, options_.timeout - waited);
    if (options_.interrupter->Sleep(pause)) {
      return absl::CancelledError("interrupted");
    }
    waited += pause;
    pause = std::min(pause * 2, kLongestPause);
    if (is_foreign) {
      absl::StatusOr<ReplicationToken> later = Token();
      if (!later.ok()) return later.status();
      token = *std::move(later);
    }
  }
}

}  // namespace kevy_replica
