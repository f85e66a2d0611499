// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/mirror_progress.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/codec/escape.h"
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

// The fields of all shards. A mirror that moves changes one of them.
std::string TextOf(const MirrorRecord& record) {
  std::string text;
  for (const ShardRecord& shard : record.shards) {
    absl::StrAppend(&text, shard.text, " ");
  }
  return text;
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
  return record;
}

absl::StatusOr<bool> MirrorProgress::IsBetween(const ReplicationToken& begin,
                                               const ReplicationToken* end) {
  const absl::StatusOr<MirrorRecord> record = Record();
  if (!record.ok()) return record.status();
  for (size_t i = 0; i < shards_; ++i) {
    const ShardRecord& shard = record->shards[i];
    if (!IsApplied(shard, begin.shards[i])) return false;
    if (end != nullptr && IsBeyond(shard, end->shards[i])) return false;
  }
  return true;
}

absl::Status MirrorProgress::WaitFor(ReplicationToken token) {
  absl::Duration pause = kFirstPause;
  absl::Duration waited;  // Since the record last changed.
  std::string text;
  while (true) {
    const absl::StatusOr<MirrorRecord> record = Record();
    if (!record.ok()) return record.status();
    std::string behind;
    bool is_foreign = false;
    for (size_t i = 0; i < shards_; ++i) {
      if (IsApplied(record->shards[i], token.shards[i])) continue;
      is_foreign = is_foreign || IsForeign(record->shards[i], token.shards[i]);
      if (!behind.empty()) continue;
      behind = absl::StrCat(ShardField(i), " is at ",
                            Escaped(record->shards[i].text),
                            ", the primary at ", ToString(token.shards[i]));
    }
    if (behind.empty()) return absl::OkStatus();
    std::string now = TextOf(*record);
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
