// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/snapshot_loader.h"

#include <cstddef>
#include <cstdint>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/payload_commands.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

constexpr size_t kSendBytes = 256 << 10;

}  // namespace

void LoadQueue::Add(absl::Span<const absl::string_view> argv) {
  link_->Add(argv);
  sent_.emplace_back(
      0, absl::StrCat(argv[0], " ",
                      argv[1].substr(0, SentCommand::kExcerptBytes)));
}

absl::Status LoadQueue::SendIfFull() {
  if (link_->gathered() < kSendBytes && sent_.size() < options_.max_batch) {
    return absl::OkStatus();
  }
  const absl::Status status = link_->Send();
  return status.ok() ? Receive(options_.max_batch / 2) : status;
}

absl::Status LoadQueue::Settle() {
  if (sent_.empty()) return absl::OkStatus();
  const absl::Status status = link_->Send();
  return status.ok() ? Receive(0) : status;
}

absl::Status LoadQueue::Receive(size_t most_outstanding) {
  while (sent_.size() > most_outstanding) {
    const absl::StatusOr<TargetReply> reply = link_->Receive();
    if (!reply.ok()) return reply.status();
    const SentCommand command = sent_.front();
    sent_.pop_front();
    if (!reply->is_error()) continue;
    if (IsServersTrouble(reply->text)) {
      return link_->Fail(ServersTrouble(reply->text));
    }
    const absl::Status rejected =
        Reject(options_, counters_,
               absl::StrCat("the target rejects ", command.ToString(),
                            " of a snapshot: ", reply->text));
    if (!rejected.ok()) return rejected;
  }
  return absl::OkStatus();
}

SnapshotLoader::SnapshotLoader(size_t shard, PayloadCommands::Target features,
                               const MirrorOptions* options,
                               MirrorCounters* counters, LoadQueue* queue)
    : shard_(shard),
      options_(*options),
      counters_(counters),
      queue_(queue),
      decoder_(options->now_ms(), options->limits),
      commands_(features, [queue](absl::Span<const absl::string_view> argv) {
        queue->Add(argv);
      }) {}

absl::Status SnapshotLoader::Load(absl::string_view bytes) {
  counters_->snapshot_bytes += bytes.size();
  decoder_.Feed(bytes);
  Outcome outcome;
  while ((outcome = decoder_.Next()) == Outcome::kDone) {
    if (std::holds_alternative<RecordEnd>(decoder_.event())) {
      ++counters_->records;
    }
    const auto* const record = std::get_if<RecordBegin>(&decoder_.event());
    if (record != nullptr && record->key == options_.position_key) {
      return absl::FailedPreconditionError(
          absl::StrCat("the primary has a key ", options_.position_key,
                       ", the name of the mirror's own key: choose another "
                       "--position_key"));
    }
    commands_.Take(decoder_.event());
    const absl::Status status = queue_->SendIfFull();
    if (!status.ok()) return status;
  }
  if (outcome == Outcome::kNeedMore) return absl::OkStatus();
  return PayloadStatus();
}

absl::Status SnapshotLoader::Finish() {
  if (decoder_.Finish() != WireError::kNone) return PayloadStatus();
  absl::Status status = queue_->Settle();
  if (!status.ok()) return status;
  const uint64_t lost = commands_.losses().field_expiries;
  if (lost > 0) {
    counters_->lost_field_expiries += lost;
    options_.log(absl::StrCat(ShardField(shard_),
                              ": the target cannot expire hash fields: ", lost,
                              " of them stay without a deadline"));
  }
  return absl::OkStatus();
}

absl::Status SnapshotLoader::PayloadStatus() const {
  return absl::DataLossError(absl::StrCat(
      ShardField(shard_), ": cannot read the snapshot's payload: ",
      WireErrorName(decoder_.error()), " at byte ", decoder_.position(),
      decoder_.error_key().empty()
          ? ""
          : absl::StrCat(", key ", Escaped(decoder_.error_key())),
      RemedyOf(decoder_.error())));
}

}  // namespace kevy_replica
