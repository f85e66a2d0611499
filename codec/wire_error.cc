// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/wire_error.h"

#include <cstddef>
#include <ostream>

#include "absl/strings/string_view.h"

namespace kevy_replica {

namespace {

// In the order of WireError.
constexpr absl::string_view kNames[] = {
    "none",
    "unknown_element",
    "bad_control_line",
    "bad_answer",
    "bad_envelope",
    "bad_offset",
    "negative_offset",
    "bad_command",
    "bad_bulk",
    "unexpected_in_snapshot",
    "outside_snapshot",
    "too_many_arguments",
    "bulk_too_long",
    "frame_too_long",
    "line_too_long",
    "chunk_too_long",
    "snapshot_too_long",
    "trailer_too_long",
    "too_many_elements",
    "too_deep",
    "reply_too_long",
    "bad_request",
    "wrong_argument_count",
    "wrong_command",
    "missing_from",
    "bad_generation",
    "bad_request_offset",
    "missing_id",
    "bad_replica_id",
    "bad_magic",
    "bad_version",
    "bad_opcode",
    "bad_expiry_flag",
    "row_segment",
    "truncated_payload",
    "wrong_order",
    "wrong_count",
    "bad_reply",
    "no_space",
};
constexpr size_t kWireErrors = static_cast<size_t>(WireError::kNoSpace) + 1;
static_assert(sizeof(kNames) / sizeof(kNames[0]) == kWireErrors,
              "each error has a name");

}  // namespace

absl::string_view WireErrorName(WireError error) {
  const auto index = static_cast<size_t>(error);
  return index < kWireErrors ? kNames[index] : "unknown";
}

bool IsLimit(WireError error) { return !LimitName(error).empty(); }

absl::string_view LimitName(WireError error) {
  switch (error) {
    case WireError::kTooManyArguments:
      return "max_arguments";
    case WireError::kBulkTooLong:
      return "max_bulk_bytes";
    case WireError::kFrameTooLong:
      return "max_frame_bytes";
    case WireError::kLineTooLong:
      return "max_line_bytes";
    case WireError::kChunkTooLong:
      return "max_chunk_bytes";
    case WireError::kSnapshotTooLong:
      return "max_snapshot_bytes";
    case WireError::kTrailerTooLong:
      return "max_trailer_bytes";
    case WireError::kTooManyElements:
      return "max_elements";
    case WireError::kTooDeep:
      return "max_depth";
    case WireError::kReplyTooLong:
      return "max_reply_bytes";
    default:
      return "";
  }
}

std::ostream& operator<<(std::ostream& out, WireError error) {
  return out << WireErrorName(error);
}

}  // namespace kevy_replica
