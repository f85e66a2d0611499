// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/snapshot_loader.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"

namespace kevy_replica {

SnapshotLoader::SnapshotLoader(size_t shard, PayloadCommandsOptions features,
                               const MirrorOptions* options,
                               MirrorCounters* counters, MirrorTarget* target,
                               PassedDeadlines* deadlines,
                               std::function<absl::Status()> begin)
    : shard_(shard),
      options_(*options),
      counters_(counters),
      target_(target),
      deadlines_(deadlines),
      begin_(std::move(begin)),
      decoder_(options->now_ms(), options->limits),
      commands_([this](const PayloadCommand& command) { return Load(command); },
                CommandsOptions(std::move(features))) {}

PayloadCommandsOptions SnapshotLoader::CommandsOptions(
    PayloadCommandsOptions features) {
  features.now_ms = options_.now_ms();
  features.on_loss = [this](PayloadItem item, absl::string_view key) {
    target_->CountItem(shard_, item, key);
  };
  return features;
}

absl::Status SnapshotLoader::Load(absl::string_view bytes) {
  counters_->snapshot_bytes += bytes.size();
  decoder_.Feed(bytes);
  while (true) {
    absl::Status status;
    const absl::Span<const PayloadRecord> records = decoder_.NextRecords();
    if (!records.empty()) {
      status = Take(records);
    } else {
      const Outcome outcome = decoder_.Next();
      if (outcome == Outcome::kNeedMore) return absl::OkStatus();
      if (outcome == Outcome::kError) return PayloadStatus();
      status = Take(decoder_.event());
    }
    if (!status.ok()) return status;
  }
}

// Loads the records before the mirror's own key, as Take() of events does.
absl::Status SnapshotLoader::Take(absl::Span<const PayloadRecord> records) {
  for (size_t i = 0; i != records.size(); ++i) {
    absl::Status own = CheckKey(records[i].key());
    if (records[i].begins() && !own.ok()) {
      absl::Status status = commands_.Take(records.first(i));
      return status.ok() ? own : status;
    }
    if (records[i].ends()) ++counters_->records;
  }
  return commands_.Take(records);
}

absl::Status SnapshotLoader::Take(const PayloadEvent& event) {
  if (std::holds_alternative<PayloadHeader>(event)) return begin_();
  if (std::holds_alternative<RecordEnd>(event)) ++counters_->records;
  absl::Status own;
  if (const auto* const record = std::get_if<RecordBegin>(&event)) {
    own = CheckKey(record->key);
  } else if (const auto* const expiry = std::get_if<FieldExpiry>(&event)) {
    own = CheckKey(expiry->key);
  }
  if (!own.ok()) return own;
  return commands_.Take(event);
}

absl::Status SnapshotLoader::CheckKey(absl::string_view key) const {
  if (key != options_.position_key) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the primary has a key ", Escaped(options_.position_key),
      ", the name of the mirror's own key: choose another --position_key"));
}

absl::Status SnapshotLoader::Load(const PayloadCommand& command) {
  const absl::Span<const absl::string_view> argv = command.argv;
  uint64_t deadline_ms = 0;
  if (argv[0] != "PEXPIREAT" || !absl::SimpleAtoi(argv[2], &deadline_ms)) {
    return target_->Load(shard_, argv, command.check);
  }
  const std::string deadline =
      absl::StrCat(deadlines_->Hold(argv[1], deadline_ms, options_.now_ms()));
  return target_->Load(shard_, {argv[0], argv[1], deadline}, command.check);
}

absl::Status SnapshotLoader::Finish() {
  if (decoder_.Finish() != WireError::kNone) return PayloadStatus();
  return target_->Commit();
}

absl::Status SnapshotLoader::PayloadStatus() const {
  return absl::DataLossError(absl::StrCat(
      ShardField(shard_), ": cannot read the snapshot's payload: ",
      WireErrorName(decoder_.error()), " at byte ", decoder_.bytes_decoded(),
      decoder_.error_key().empty()
          ? ""
          : absl::StrCat(", key ", Escaped(decoder_.error_key())),
      RemedyOf(decoder_.error())));
}

}  // namespace kevy_replica
