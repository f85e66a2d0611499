// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/errors.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

// One payload a number, so that a printed status reads well.
constexpr absl::string_view kKindUrl = "kevy_replica/kind";
constexpr absl::string_view kWireErrorUrl = "kevy_replica/wire_error";
constexpr absl::string_view kExpectedUrl = "kevy_replica/expected_offset";
constexpr absl::string_view kGotUrl = "kevy_replica/got_offset";
constexpr absl::string_view kHeldUrl = "kevy_replica/held_generation";
constexpr absl::string_view kPrimaryUrl = "kevy_replica/primary_generation";

struct Row {
  ReplicaErrorKind kind;
  absl::string_view name;
  absl::StatusCode code;
  Action action;
};

constexpr Row kRows[] = {
    {ReplicaErrorKind::kHandshakeRejected, "handshake_rejected",
     absl::StatusCode::kFailedPrecondition, Action::kBackOff},
    {ReplicaErrorKind::kAckMalformed, "ack_malformed",
     absl::StatusCode::kDataLoss, Action::kBackOff},
    {ReplicaErrorKind::kTruncated, "truncated", absl::StatusCode::kUnavailable,
     Action::kReconnect},
    {ReplicaErrorKind::kFrame, "frame", absl::StatusCode::kDataLoss,
     Action::kReconnect},
    {ReplicaErrorKind::kOffsetGap, "offset_gap", absl::StatusCode::kOutOfRange,
     Action::kResync},
    {ReplicaErrorKind::kForeignHistory, "foreign_history",
     absl::StatusCode::kOutOfRange, Action::kResync},
    {ReplicaErrorKind::kGenerationChanged, "generation_changed",
     absl::StatusCode::kAborted, Action::kReconnect},
    {ReplicaErrorKind::kStalled, "stalled", absl::StatusCode::kUnavailable,
     Action::kReconnect},
    {ReplicaErrorKind::kNotPrimary, "not_primary",
     absl::StatusCode::kFailedPrecondition, Action::kLocatePrimary},
    {ReplicaErrorKind::kUnexpectedInSnapshot, "unexpected_in_snapshot",
     absl::StatusCode::kDataLoss, Action::kReconnect},
    {ReplicaErrorKind::kSnapshotInProgress, "snapshot_in_progress",
     absl::StatusCode::kFailedPrecondition, Action::kReadEvents},
    {ReplicaErrorKind::kPayload, "payload", absl::StatusCode::kDataLoss,
     Action::kBackOff},
    {ReplicaErrorKind::kIo, "io", absl::StatusCode::kUnavailable,
     Action::kReconnect},
};

const Row& RowOf(ReplicaErrorKind kind) {
  for (const Row& row : kRows) {
    if (row.kind == kind) return row;
  }
  return kRows[0];  // Not reached: every kind has a row.
}

void SetText(absl::Status* status, absl::string_view url,
             absl::string_view text) {
  status->SetPayload(url, absl::Cord(text));
}

// The payload as text. Empty without a payload.
std::string GetText(const absl::Status& status, absl::string_view url) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::optional<uint64_t> GetNumber(const absl::Status& status,
                                  absl::string_view url) {
  return internal::ParseDecimal(GetText(status, url));
}

absl::Status WithCode(absl::StatusCode code, ReplicaErrorKind kind,
                      absl::string_view message) {
  absl::Status status(code, message);
  SetText(&status, kKindUrl, RowOf(kind).name);
  return status;
}

std::string GenerationText(uint64_t generation) {
  return generation == 0 ? "an unknown generation"
                         : absl::StrCat("generation ", generation);
}

absl::Status ForeignStatus(const ForeignHistory& history,
                           absl::string_view message) {
  absl::Status status =
      ReplicaError(ReplicaErrorKind::kForeignHistory, message);
  SetText(&status, kHeldUrl, absl::StrCat(history.held));
  SetText(&status, kPrimaryUrl, absl::StrCat(history.primary));
  return status;
}

}  // namespace

std::optional<ReplicaErrorKind> ReplicaErrorKindOf(const absl::Status& status) {
  const std::string name = GetText(status, kKindUrl);
  for (const Row& row : kRows) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::optional<WireError> WireErrorOf(const absl::Status& status) {
  const std::string name = GetText(status, kWireErrorUrl);
  if (name.empty()) return std::nullopt;
  for (int i = 0; i <= static_cast<int>(WireError::kNoSpace); ++i) {
    const auto error = static_cast<WireError>(i);
    if (WireErrorName(error) == name) return error;
  }
  return std::nullopt;
}

std::optional<OffsetGap> OffsetGapOf(const absl::Status& status) {
  const std::optional<uint64_t> expected = GetNumber(status, kExpectedUrl);
  const std::optional<uint64_t> got = GetNumber(status, kGotUrl);
  if (!expected.has_value() || !got.has_value()) return std::nullopt;
  return OffsetGap{*expected, *got};
}

std::optional<ForeignHistory> ForeignHistoryOf(const absl::Status& status) {
  const std::optional<uint64_t> held = GetNumber(status, kHeldUrl);
  const std::optional<uint64_t> primary = GetNumber(status, kPrimaryUrl);
  if (!held.has_value() || !primary.has_value()) return std::nullopt;
  return ForeignHistory{*held, *primary};
}

Action RecommendedAction(const absl::Status& status) {
  if (status.ok()) return Action::kNone;
  const std::optional<ReplicaErrorKind> kind = ReplicaErrorKindOf(status);
  if (kind.has_value()) return RowOf(*kind).action;
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInvalidArgument:
      return Action::kCaller;
    default:
      return Action::kReconnect;
  }
}

absl::string_view ReplicaErrorKindName(ReplicaErrorKind kind) {
  return RowOf(kind).name;
}

absl::string_view ActionName(Action action) {
  switch (action) {
    case Action::kNone:
      return "none";
    case Action::kReconnect:
      return "reconnect";
    case Action::kResync:
      return "resync";
    case Action::kBackOff:
      return "back_off";
    case Action::kLocatePrimary:
      return "locate_primary";
    case Action::kReadEvents:
      return "read_events";
    case Action::kCaller:
      return "caller";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, ReplicaErrorKind kind) {
  return out << ReplicaErrorKindName(kind);
}

std::ostream& operator<<(std::ostream& out, Action action) {
  return out << ActionName(action);
}

void AppendText(const OffsetGap& gap, std::string* out) {
  absl::StrAppend(out, "expected=", gap.expected, " got=", gap.got);
}

void AppendText(const ForeignHistory& history, std::string* out) {
  absl::StrAppend(out, "held=", history.held, " primary=", history.primary);
}

absl::Status ReplicaError(ReplicaErrorKind kind, absl::string_view message) {
  return WithCode(RowOf(kind).code, kind, message);
}

absl::Status ReplicaWireError(ReplicaErrorKind kind, WireError error,
                              absl::string_view message) {
  absl::Status status =
      WithCode(IsLimit(error) || error == WireError::kOutOfMemory
                   ? absl::StatusCode::kResourceExhausted
                   : RowOf(kind).code,
               kind, message);
  SetText(&status, kWireErrorUrl, WireErrorName(error));
  return status;
}

absl::Status OffsetGapError(const OffsetGap& gap, absl::string_view message) {
  absl::Status status = ReplicaError(ReplicaErrorKind::kOffsetGap, message);
  SetText(&status, kExpectedUrl, absl::StrCat(gap.expected));
  SetText(&status, kGotUrl, absl::StrCat(gap.got));
  return status;
}

absl::Status ForeignHistoryError(const ForeignHistory& history,
                                 absl::string_view where) {
  return ForeignStatus(
      history,
      absl::StrCat("the held data is of ", GenerationText(history.held),
                   ", the primary goes on with generation ", history.primary,
                   " without a snapshot", where));
}

absl::Status ShortHistoryError(const ForeignHistory& history, uint64_t held_end,
                               uint64_t primary_end, absl::string_view where) {
  return ForeignStatus(
      history,
      absl::StrCat("the held data is of ", GenerationText(history.held),
                   " and reaches offset ", held_end,
                   ", but the primary's history ends at offset ", primary_end,
                   ": the primary lost its data, or another one took its place",
                   where));
}

absl::Status AsIoError(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status) ||
      absl::IsDeadlineExceeded(status) ||
      ReplicaErrorKindOf(status).has_value()) {
    return status;
  }
  absl::Status io = status;
  SetText(&io, kKindUrl, RowOf(ReplicaErrorKind::kIo).name);
  return io;
}

}  // namespace kevy_replica
