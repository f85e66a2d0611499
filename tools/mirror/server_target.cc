// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/server_target.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/lost_target.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/open_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/swap_database.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/mirror/transactions.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMostBackoff = absl::Seconds(5);

// Keys that are asked for in one go.
constexpr size_t kKeysAtOnce = 1000;

}  // namespace

ServerTarget::ServerTarget(TargetConnector connect,
                           std::shared_ptr<Interrupter> interrupter,
                           std::unique_ptr<CheckedLink> link,
                           const MirrorOptions& options, OpenedTarget opened,
                           MirrorCounters* counters, MirrorState* state)
    : connect_(std::move(connect)),
      interrupter_(std::move(interrupter)),
      link_(std::move(link)),
      options_(options),
      counters_(counters),
      state_(state),
      opened_shards_(std::move(opened.shards)),
      features_(opened.features),
      empty_first_(opened.empty_first),
      transactions_(
          &options_, link_.get(), counters, state,
          [this](const absl::Status& status) { return Reconnect(status); },
          [this](size_t shard, const FeedPosition& position) {
            Stored(shard, position);
          }) {
  state_->shards.resize(options.shards);
  for (size_t i = 0; i < options.shards; ++i) {
    MirrorState::Shard& shard = state_->shards[i];
    shard.stored = shard.sent = opened_shards_[i].text;
    shard.loaded = std::max(shard.loaded, opened_shards_[i].loaded);
  }
  filter_.emplace(std::move(opened.filter));
}

absl::StatusOr<std::unique_ptr<ServerTarget>> ServerTarget::Open(
    TargetConnector connect, std::shared_ptr<Interrupter> interrupter,
    const MirrorOptions& options, MirrorCounters* counters,
    MirrorState* state) {
  ++counters->target_connects;
  // The positions of a reload that is not whole do not count.
  if (std::exchange(state->in_spare, false)) {
    absl::c_fill(state->shards, MirrorState::Shard());
  }
  absl::StatusOr<std::unique_ptr<TargetLink>> link = connect();
  if (!link.ok()) return link.status();
  auto checked = std::make_unique<CheckedLink>(*std::move(link));
  absl::StatusOr<OpenedTarget> opened =
      OpenTarget(options, checked.get(), state);
  if (!opened.ok()) return opened.status();
  // An earlier session of this process may have held a position.
  if (!opened->has_record && !state->reload && !HeldPositions(*state).empty()) {
    return LostTarget(options, state, kRecordGone);
  }
  counters->links.SetUp(kTargetLink);
  if (opened->is_untold && state->shards.empty()) {
    ++counters->untold;
    options.log({LogLevel::kWarning, "untold_end",
                 absl::StrCat("the mirror before ended without the replies to "
                              "its last commands, up to ",
                              options.max_batch,
                              " in front of the stored position: rejections "
                              "there are not counted")});
  }
  return absl::WrapUnique(new ServerTarget(
      std::move(connect), std::move(interrupter), std::move(checked), options,
      *std::move(opened), counters, state));
}

// Connects to the target again, until it works. Returns the shards' fields of
// the record. Errors: kCancelled; kAborted, the record is not this session's
// any more; OpenTarget()'s others.
absl::StatusOr<std::vector<std::string>> ServerTarget::Reconnect(
    absl::Status status) {
  while (IsTemporary(status)) {
    counters_->links.SetDown(kTargetLink, status.message());
    counters_->CountWait(status);
    options_.log({LogLevel::kWarning, "target_down",
                  absl::StrCat(status.message(), "; trying again",
                               backoff_ == absl::ZeroDuration()
                                   ? ""
                                   : absl::StrCat(" in ", absl::FormatDuration(
                                                              backoff_)))});
    if (interrupter_->Sleep(backoff_)) {
      return absl::CancelledError("interrupted");
    }
    backoff_ = std::clamp(2 * backoff_, kFirstBackoff, kMostBackoff);
    ++counters_->target_connects;
    absl::StatusOr<std::unique_ptr<TargetLink>> link = connect_();
    status = link.status();
    if (!status.ok()) continue;
    link_->Replace(*std::move(link));
    absl::StatusOr<OpenedTarget> opened =
        OpenTarget(options_, link_.get(), state_);
    if (opened.ok()) {
      auto fields = TakeOpened(*std::move(opened));
      if (fields.ok()) return fields;
      status = fields.status();
      break;
    }
    status = opened.status();
  }
  // The follower may flush once more. The target must not get it.
  return link_->Fail(std::move(status));
}

absl::StatusOr<std::vector<std::string>> ServerTarget::TakeOpened(
    OpenedTarget opened) {
  counters_->links.SetUp(kTargetLink);
  features_ = opened.features;
  filter_.emplace(std::move(opened.filter));
  std::vector<std::string> fields;
  for (const ShardRecord& shard : opened.shards) fields.push_back(shard.text);
  // Until then nothing of the target counts.
  const absl::Status status =
      empty_first_ ? absl::OkStatus() : CheckRecord(opened);
  if (!status.ok()) return status;
  return fields;
}

// Compares the record with the memory of this session.
absl::Status ServerTarget::CheckRecord(const OpenedTarget& opened) const {
  if (!opened.has_record) return LostTarget(options_, state_, kRecordGone);
  for (size_t i = 0; i < opened.shards.size(); ++i) {
    const ShardRecord& record = opened.shards[i];
    const MirrorState::Shard& shard = state_->shards[i];
    if (record.text == shard.stored || record.text == shard.sent) continue;
    if (record.state == ShardRecord::State::kLoading) {
      return LostTarget(options_, state_,
                        absl::StrCat(ShardField(i), " has ",
                                     Escaped(record.text), " instead"));
    }
    const std::optional<FeedPosition> held = ParseFeedPosition(shard.stored);
    const bool is_older = held.has_value() &&
                          held->generation == record.position.generation &&
                          held->next_offset > record.position.next_offset;
    return absl::AbortedError(absl::StrCat(
        is_older ? "the target has gone back, as after a failover to a replica "
                   "that lagged: "
                 : "another mirror has written to the target: ",
        ShardField(i), " has ", Escaped(record.text), " instead of ",
        Escaped(shard.stored), "; the mirror goes on from there"));
  }
  return absl::OkStatus();
}

// A target may close a silent connection.
absl::Status ServerTarget::KeepAlive() {
  return transactions_.Retry([this] { return link_->Ask({"PING"}).status(); });
}

absl::StatusOr<TargetReply> ServerTarget::Read(
    absl::Span<const absl::string_view> argv) {
  absl::Status status = transactions_.Commit();
  if (!status.ok()) return status;
  TargetReply answer;
  status = transactions_.Retry([&] {
    link_->Add(argv);
    absl::Status sent = link_->Send();
    if (!sent.ok()) return sent;
    absl::StatusOr<TargetReply> reply =
        link_->ReceiveAnswer(ReplyDetail::kWhole);
    if (!reply.ok()) return reply.status();
    answer = *std::move(reply);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return answer;
}

absl::Status ServerTarget::ApplyDeadlines(
    absl::Span<const PassedDeadlines::Held> held) {
  absl::Status status;
  for (size_t i = 0; status.ok() && i < held.size(); i += kKeysAtOnce) {
    status = transactions_.Retry(
        [&] { return AskDeadlines(held.subspan(i, kKeysAtOnce)); });
  }
  return status;
}

absl::Status ServerTarget::AskDeadlines(
    absl::Span<const PassedDeadlines::Held> held) {
  for (const PassedDeadlines::Held& one : held) {
    link_->Add({"PEXPIRETIME", one.key});
  }
  absl::Status status = link_->Send();
  if (!status.ok()) return status;
  for (const PassedDeadlines::Held& one : held) {
    const absl::StatusOr<TargetReply> reply =
        link_->ReceiveAnswer(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
    if (reply->type == TargetReply::Type::kInteger &&
        reply->integer == static_cast<int64_t>(one.until_ms)) {
      link_->Add({"PEXPIREAT", one.key, absl::StrCat(one.deadline_ms)});
    }
  }
  status = link_->Send();
  while (status.ok() && link_->outstanding() > 0) {
    status = link_->ReceiveAnswer(ReplyDetail::kBrief).status();
  }
  return status;
}

absl::Status ServerTarget::End() {
  if (options_.print_only) return transactions_.Settle();
  absl::Status status = transactions_.End();
  if (status.ok()) Tell();
  return status;
}

// Notes in the selected database's record that all replies have come. A loss of
// the note costs a message at the next start.
void ServerTarget::Tell() {
  const absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options_.position_key, options_.shards, link_.get());
  // A record that is gone must not come back as this field alone.
  if (!record.ok() || !record->exists) return;
  WriteRecordField(options_.position_key, kToldField, record->shard_texts(),
                   link_.get())
      .IgnoreError();
}

// Empties the readers' database, or the spare one.
absl::Status ServerTarget::Empty() {
  const bool swap = options_.swap_database.has_value();
  empty_first_ = true;  // Until it is done nothing of the target counts.
  // A mirror that ends before the swap goes on from the readers' record.
  if (swap && !state_->in_spare) Tell();
  absl::Status status = transactions_.Retry([this, swap] {
    if (swap) {
      absl::Status entered = EnterSpare(options_, link_.get(), state_);
      if (!entered.ok()) return entered;
    }
    return EmptyTarget(options_, swap, link_.get());
  });
  if (!status.ok()) return status;
  empty_first_ = false;
  state_->reload = false;
  for (MirrorState::Shard& shard : state_->shards) {
    shard.stored = shard.sent = std::string(kLoading);
  }
  if (swap) {
    options_.log(
        {LogLevel::kInfo, "reload",
         absl::StrCat("loading into database ", *options_.swap_database,
                      "; database ", options_.database,
                      " keeps its data until all is loaded")});
  }
  return absl::OkStatus();
}

absl::Status ServerTarget::Swap() {
  if (!state_->in_spare) return absl::OkStatus();
  const absl::Status status = transactions_.Retry(
      [this] { return SwapDatabases(options_, link_.get(), state_); });
  if (!status.ok()) return status;
  options_.log({LogLevel::kInfo, "swapped",
                absl::StrCat("all is loaded: databases ", options_.database,
                             " and ", *options_.swap_database,
                             " are swapped, and the old data is deleted")});
  return absl::OkStatus();
}

absl::Status ServerTarget::StoreField(size_t shard, absl::string_view value) {
  MirrorState::Shard& texts = state_->shards[shard];
  texts.sent = std::string(value);
  const absl::Status status = transactions_.Retry([&] {
    return WriteShardField(options_.position_key, shard, value, link_.get());
  });
  if (status.ok()) texts.stored = std::string(value);
  return status;
}

absl::Status ServerTarget::StorePosition(size_t shard,
                                         const FeedPosition& position) {
  const absl::Status status = StoreField(shard, ToString(position));
  if (status.ok()) Stored(shard, position);
  return status;
}

void ServerTarget::Stored(size_t shard, const FeedPosition& position) {
  backoff_ = absl::ZeroDuration();
  stored(shard, position);
}

}  // namespace kevy_replica
