// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The errors of bytes, and of values that cannot be encoded.

#ifndef KEVY_REPLICA_CODEC_WIRE_ERROR_H_
#define KEVY_REPLICA_CODEC_WIRE_ERROR_H_

#include <cstdint>
#include <iosfwd>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/require_cpp17.h"

namespace kevy_replica {

// The codec reports errors as one of these, with the index of the wrong byte:
// `bytes_decoded` of the result or the decoder. The client wraps them in an
// absl::Status. A caller must not drop one: the compiler warns.
enum class [[nodiscard]] WireError : uint8_t {
  kNone = 0,

  // The stream, primary to replica.
  kUnknownElement,        // An unknown start: inline commands, "+FOO".
  kBadControlLine,        // A bad number or end behind "+PING " and the like.
  kBadAnswer,             // The handshake's answer is not "+ACK ...".
  kBadEnvelope,           // A frame does not begin "*2\r\n:".
  kBadOffset,             // A frame's offset is not a decimal up to 2^63 - 1.
  kNegativeOffset,        // A frame's offset begins with '-'.
  kBadCommand,            // A frame's command is not "*N\r\n", N 1 or more.
  kBadBulk,               // A "$L\r\n...\r\n" is malformed, or null ("$-1").
  kUnexpectedInSnapshot,  // A frame or "+SNAPSHOT" inside a snapshot.
  kOutsideSnapshot,       // A chunk or "+SNAPSHOT_END" outside a snapshot.

  // Past one of Limits, or of ReplyLimits.
  kTooManyArguments,
  kBulkTooLong,
  kFrameTooLong,
  kLineTooLong,
  kChunkTooLong,
  kSnapshotTooLong,
  kTrailerTooLong,   // Of a snapshot's payload.
  kTooManyElements,  // Of a reply's arrays.
  kTooDeep,          // A reply's arrays within each other.
  kReplyTooLong,

  kOutOfMemory,  // The process has no memory for the bytes that came.

  // The handshake request, replica to primary.
  kBadRequest,          // Not a RESP multi-bulk command.
  kWrongArgumentCount,  // Neither 5 arguments (protocol 1) nor 6 (2).
  kWrongCommand,        // The first argument is not REPLICATE.
  kMissingFrom,         // The second argument is not FROM.
  kBadGeneration,       // Not a decimal u64; or set where it cannot be sent.
  kBadRequestOffset,    // Not a decimal u64.
  kMissingId,           // The last argument but one is not ID.
  kBadReplicaId,        // Empty, or not UTF-8.

  // The snapshot payload. Its limits are kBulkTooLong, for a string,
  // kSnapshotTooLong and kTrailerTooLong.
  kBadMagic,          // The payload does not begin "KEVYSNAP".
  kBadVersion,        // The version is outside 2 to 7; to encode, 4 to 6.
  kBadOpcode,         // Unknown, or not of this version or place.
  kBadExpiryFlag,     // Neither 0 nor 1.
  kRowSegment,        // A stub: the record's value is on the primary's disk.
  kTruncatedPayload,  // The snapshot ended before its payload did.
  kWrongOrder,        // A value or a call that may not come now.
  kWrongCount,        // To encode: more or fewer values than declared.

  // A reply of the client port.
  kBadReply,  // Not a RESP2 value.

  // Encoding only.
  kNoSpace,  // The span is shorter than EncodedSize() says.
};

// Returns a short lower-case name, "bad_offset" for kBadOffset, as messages,
// golden files and logs show it.
absl::string_view WireErrorName(WireError error);

// Returns whether `error` means that a limit of `Limits` or `ReplyLimits` was
// passed. The bytes may then be well formed, but exceed the reader's limits.
bool IsLimit(WireError error);

// Returns the name of that limit, "max_bulk_bytes" for kBulkTooLong, as the
// fields of `Limits` and `ReplyLimits` are called. "" for other errors.
absl::string_view LimitName(WireError error);

std::ostream& operator<<(std::ostream& out, WireError error);
template <typename Sink>
void AbslStringify(Sink& sink, WireError error) {
  sink.Append(WireErrorName(error));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_WIRE_ERROR_H_
