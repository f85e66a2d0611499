// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What can be wrong with bytes, or with a value that is to become bytes.

#ifndef KEVY_REPLICA_CODEC_WIRE_ERROR_H_
#define KEVY_REPLICA_CODEC_WIRE_ERROR_H_

#include <cstdint>
#include <iosfwd>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/require_cpp17.h"

namespace kevy_replica {

// The codec reports errors as one of these, beside the position of the byte
// that is wrong. The client wraps them in an absl::Status. A caller must not
// drop one: the compiler warns.
enum class [[nodiscard]] WireError : uint8_t {
  kNone = 0,

  // The stream, primary to replica.
  kUnknownElement,  // No element begins so: an inline command, "+FOO",
                    // "+PING\r".
  kBadControlLine,  // Behind "+PING " and the like, a number or the end is
                    // wrong.
  kBadAnswer,       // The handshake's answer is not "+ACK ...".
  kBadEnvelope,     // A frame does not begin "*2\r\n:".
  kBadOffset,       // A frame's offset is no decimal number up to 2^63 - 1.
  kNegativeOffset,  // A frame's offset begins with '-'.
  kBadCommand,      // A frame's command is not "*N\r\n" with N of 1 or more.
  kBadBulk,         // A "$L\r\n...\r\n" is malformed, or null ("$-1").
  kUnexpectedInSnapshot,  // A frame, or another "+SNAPSHOT", in a snapshot.
  kOutsideSnapshot,       // A chunk or "+SNAPSHOT_END" outside one.

  // A limit of Limits was passed.
  kTooManyArguments,
  kBulkTooLong,
  kFrameTooLong,
  kLineTooLong,
  kChunkTooLong,
  kSnapshotTooLong,

  // The handshake request, replica to primary.
  kBadRequest,          // Not a RESP multi-bulk command.
  kWrongArgumentCount,  // Neither 5 arguments (protocol 1) nor 6 (2).
  kWrongCommand,        // The first argument is not REPLICATE.
  kMissingFrom,         // The second argument is not FROM.
  kBadGeneration,       // No decimal u64; or one to be sent with protocol 1.
  kBadRequestOffset,    // No decimal u64.
  kMissingId,           // The last argument but one is not ID.
  kBadReplicaId,        // Empty, or not UTF-8.

  // The snapshot payload. Its limits are kBulkTooLong, for a string, and
  // kSnapshotTooLong.
  kBadMagic,          // The payload does not begin "KEVYSNAP".
  kBadVersion,        // Its version is none of 2 to 7; to encode: 4 to 6.
  kBadOpcode,         // No record begins so, in this version or this place.
  kBadExpiryFlag,     // Neither 0 nor 1.
  kRowSegment,        // A stub: the record's value is on the primary's disk.
  kTruncatedPayload,  // The snapshot ended before its payload did.
  kTrailingBytes,     // Bytes behind the payload's end.
  kWrongOrder,        // A value, or a call, that may not come now.
  kWrongCount,        // To encode: fewer or more values than were declared.

  // Encoding only.
  kNoSpace,  // The span is shorter than EncodedSize() says.
};

// Returns a short lower-case name, "bad_offset" for kBadOffset: what messages,
// golden files and logs show. Never empty.
absl::string_view WireErrorName(WireError error);

// Returns whether `error` says that a limit of `Limits` was passed, so that
// the bytes may be well formed but are more than the reader is ready to hold.
bool IsLimit(WireError error);

std::ostream& operator<<(std::ostream& out, WireError error);
template <typename Sink>
void AbslStringify(Sink& sink, WireError error) {
  sink.Append(WireErrorName(error));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_WIRE_ERROR_H_
