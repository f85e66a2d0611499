// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/snapshot_printer.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/tail/tail_printer.h"

namespace kevy_replica {
namespace {

constexpr FlagName<SnapshotMode> kModes[] = {
    {SnapshotMode::kRecords, "records"},
    {SnapshotMode::kChunks, "chunks"},
    {SnapshotMode::kSkip, "skip"},
};

void AppendArgv(absl::Span<const absl::string_view> argv, Output* out) {
  // Only an empty `argv` would fail.
  (void)AppendCommand(argv, out->buffer());
}

}  // namespace

bool AbslParseFlag(absl::string_view text, SnapshotMode* mode,
                   std::string* error) {
  return ParseFlagName(kModes, text, mode, error);
}

std::string AbslUnparseFlag(SnapshotMode mode) {
  return UnparseFlagName(kModes, mode);
}

std::string DescribeForTail(const absl::Status& status) {
  return absl::StrCat(Describe(status),
                      ReplicaErrorKindOf(status) == ReplicaErrorKind::kPayload
                          ? "; --snapshot=skip prints the frames alone"
                          : "");
}

SnapshotPrinter::SnapshotPrinter(SnapshotMode mode, const TailPrinter* printer,
                                 const Limits& limits, Log log)
    : mode_(mode),
      printer_(*printer),
      log_(std::move(log)),
      reader_(limits, /*now_ms=*/nullptr) {}

void SnapshotPrinter::Begin(Output* out) {
  printer_.Event(SnapshotBegin{}, out);
  if (mode_ != SnapshotMode::kRecords) return;
  reader_.Begin();
  losses_ = Losses();
  if (printer_.format() != TailFormat::kResp) return;
  // The commands are for a server that knows all that kevy knows.
  // Scores that are no number are counted by Print(). The rest is clamped.
  commands_.emplace([this](const PayloadCommand& command) {
    AppendArgv(command.argv, out_);
    return absl::OkStatus();
  });
  if (has_data_) {
    log_(
        "a snapshot replaces the earlier data: --format=resp does not delete "
        "the keys that it lacks");
  }
}

absl::Status SnapshotPrinter::Chunk(absl::string_view chunk, Output* out) {
  switch (mode_) {
    case SnapshotMode::kRecords:
      return reader_.Take(chunk, [this, out](const PayloadEvent& event) {
        Print(event, out);
        return absl::OkStatus();
      });
    case SnapshotMode::kChunks:
      printer_.Event(SnapshotChunk{chunk}, out);
      break;
    case SnapshotMode::kSkip:
      break;
  }
  return absl::OkStatus();
}

absl::Status SnapshotPrinter::End(uint64_t next_offset, Output* out) {
  if (mode_ == SnapshotMode::kRecords) {
    absl::Status status = reader_.End();
    if (!status.ok()) return status;
    TellLosses();
  }
  printer_.Event(SnapshotEnd{next_offset}, out);
  NoteData();
  return absl::OkStatus();
}

void SnapshotPrinter::Print(const PayloadEvent& event, Output* out) {
  if (printer_.format() == TailFormat::kResp) {
    PrintCommands(event, out);
  } else {
    printer_.Payload(event, out);
  }
}

void SnapshotPrinter::PrintCommands(const PayloadEvent& event, Output* out) {
  out_ = out;
  if (const auto* record = std::get_if<RecordBegin>(&event)) {
    key_ = std::string(record->key);
    // SET replaces a key of any type. The others would add to it.
    if (record->type != RecordType::kString) AppendArgv({"DEL", key_}, out);
  } else if (const auto* member = std::get_if<ScoredMember>(&event)) {
    if (std::isnan(member->score)) {
      constexpr size_t kShown = 128;
      if (++losses_.nan_scores == 1) losses_.nan_key = key_.substr(0, kShown);
      return;
    }
  } else if (std::holds_alternative<StreamConsumer>(event)) {
    ++losses_.seen_times;
  } else if (const auto* trailer = std::get_if<PayloadTrailer>(&event)) {
    losses_.trailer_bytes += trailer->bytes.size();
  }
  commands_->Take(event).IgnoreError();  // Its function returns none.
}

void SnapshotPrinter::TellLosses() {
  std::vector<std::string> lost;
  if (losses_.nan_scores > 0) {
    lost.push_back(absl::StrCat(
        "members of sorted sets with the score NaN: ", losses_.nan_scores,
        ", the first in the key ", Escaped(losses_.nan_key)));
  }
  if (losses_.seen_times > 0) {
    lost.push_back(absl::StrCat("last-seen times of stream consumers: ",
                                losses_.seen_times));
  }
  if (losses_.trailer_bytes > 0) {
    lost.push_back(
        absl::StrCat("the trailer, in bytes: ", losses_.trailer_bytes));
  }
  if (lost.empty()) return;
  log_(absl::StrCat("--format=resp leaves out of the snapshot: ",
                    absl::StrJoin(lost, "; ")));
}

}  // namespace kevy_replica
