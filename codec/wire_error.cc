// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/wire_error.h"

#include <ostream>

#include "absl/strings/string_view.h"

namespace kevy_replica {

absl::string_view WireErrorName(WireError error) {
  switch (error) {
    case WireError::kNone:
      return "none";
    case WireError::kUnknownElement:
      return "unknown_element";
    case WireError::kBadControlLine:
      return "bad_control_line";
    case WireError::kBadAnswer:
      return "bad_answer";
    case WireError::kBadEnvelope:
      return "bad_envelope";
    case WireError::kBadOffset:
      return "bad_offset";
    case WireError::kNegativeOffset:
      return "negative_offset";
    case WireError::kBadCommand:
      return "bad_command";
    case WireError::kBadBulk:
      return "bad_bulk";
    case WireError::kUnexpectedInSnapshot:
      return "unexpected_in_snapshot";
    case WireError::kOutsideSnapshot:
      return "outside_snapshot";
    case WireError::kTooManyArguments:
      return "too_many_arguments";
    case WireError::kBulkTooLong:
      return "bulk_too_long";
    case WireError::kFrameTooLong:
      return "frame_too_long";
    case WireError::kLineTooLong:
      return "line_too_long";
    case WireError::kChunkTooLong:
      return "chunk_too_long";
    case WireError::kSnapshotTooLong:
      return "snapshot_too_long";
    case WireError::kBadRequest:
      return "bad_request";
    case WireError::kWrongArgumentCount:
      return "wrong_argument_count";
    case WireError::kWrongCommand:
      return "wrong_command";
    case WireError::kMissingFrom:
      return "missing_from";
    case WireError::kBadGeneration:
      return "bad_generation";
    case WireError::kBadRequestOffset:
      return "bad_request_offset";
    case WireError::kMissingId:
      return "missing_id";
    case WireError::kBadReplicaId:
      return "bad_replica_id";
    case WireError::kBadMagic:
      return "bad_magic";
    case WireError::kBadVersion:
      return "bad_version";
    case WireError::kBadOpcode:
      return "bad_opcode";
    case WireError::kBadExpiryFlag:
      return "bad_expiry_flag";
    case WireError::kRowSegment:
      return "row_segment";
    case WireError::kTruncatedPayload:
      return "truncated_payload";
    case WireError::kTrailingBytes:
      return "trailing_bytes";
    case WireError::kWrongOrder:
      return "wrong_order";
    case WireError::kWrongCount:
      return "wrong_count";
    case WireError::kNoSpace:
      return "no_space";
  }
  return "unknown";
}

bool IsLimit(WireError error) {
  switch (error) {
    case WireError::kTooManyArguments:
    case WireError::kBulkTooLong:
    case WireError::kFrameTooLong:
    case WireError::kLineTooLong:
    case WireError::kChunkTooLong:
    case WireError::kSnapshotTooLong:
      return true;
    default:
      return false;
  }
}

std::ostream& operator<<(std::ostream& out, WireError error) {
  return out << WireErrorName(error);
}

}  // namespace kevy_replica
