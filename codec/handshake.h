// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The handshake: the replica asks for the stream, and the primary answers with
// a line. Both protocols:
//
//   protocol 1 (kevy 1.18 to 3.x)
//     REPLICATE FROM <offset> ID <id>
//     +ACK <offset>
//   protocol 2 (kevy 4.0 and later)
//     REPLICATE FROM <generation> <offset> ID <id>
//     +ACK <generation> <offset>
//
// The request is a RESP multi-bulk command. A primary that rejects it closes
// the connection silently, whatever the reason. An unknown protocol is such a
// reason (observed on kevy 2.0.20, 3.18.0 and 5.4.0).

#ifndef KEVY_REPLICA_CODEC_HANDSHAKE_H_
#define KEVY_REPLICA_CODEC_HANDSHAKE_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

// The version of the handshake: kV2 names generations (kevy 4.0 and later).
enum class Protocol : uint8_t { kV1 = 1, kV2 = 2 };

// Returns "1" or "2".
absl::string_view ProtocolName(Protocol protocol);
std::ostream& operator<<(std::ostream& out, Protocol protocol);
template <typename Sink>
void AbslStringify(Sink& sink, Protocol protocol) {
  sink.Append(ProtocolName(protocol));
}

// The request of a replica.
struct HandshakeRequest {
  Protocol protocol = Protocol::kV2;
  // The history of `offset`: an opaque identity without order. 0 claims none.
  // Protocol 1 does not carry it. Default: 0.
  uint64_t generation = 0;
  // The next offset wanted: 0 for a fresh start, else last applied + 1.
  // Default: 0.
  uint64_t offset = 0;
  // Non-empty UTF-8. In a decoded request it is a view into the input.
  absl::string_view replica_id;

  template <typename T>
  static auto ValueFields(const T& request) {
    return std::tie(request.protocol, request.generation, request.offset,
                    request.replica_id);
  }
};

// The answer of a primary. `offset` usually repeats the requested one, even if
// a snapshot with another offset comes next. So it does not tell where the
// stream begins.
struct HandshakeAnswer {
  Protocol protocol = Protocol::kV2;
  uint64_t generation = 0;  // 0, unknown, with protocol 1.
  uint64_t offset = 0;

  template <typename T>
  static auto ValueFields(const T& answer) {
    return std::tie(answer.protocol, answer.generation, answer.offset);
  }
};

// Append `request protocol=2 generation=7 offset=8 id="r1"` and
// `answer protocol=2 generation=7 offset=8`.
void AppendText(const HandshakeRequest& request, std::string* out);
void AppendText(const HandshakeAnswer& answer, std::string* out);

// Decodes the request at the front of `input`, as a primary does. Keywords may
// be in either case. `*storage` is scratch, which may allocate. On kDone
// `request->replica_id` views `input`.
//
// Errors, at the first byte of the wrong argument: kBadRequest (another element
// than a multi-bulk command), kBulkTooLong, kWrongArgumentCount, kWrongCommand,
// kMissingFrom, kBadGeneration, kBadRequestOffset, kMissingId, kBadReplicaId,
// kOutOfMemory.
// Each argument may have `limits.max_line_bytes`.
DecodeResult DecodeHandshakeRequest(absl::string_view input,
                                    const Limits& limits, ArgvStorage* storage,
                                    HandshakeRequest* request);

// Errors of encoding: kBadReplicaId; kBadGeneration, for a generation other
// than 0 with protocol 1, which cannot carry it; kNoSpace.
size_t EncodedSize(const HandshakeRequest& request);
EncodeResult Encode(const HandshakeRequest& request, absl::Span<char> out);
WireError Append(const HandshakeRequest& request, std::string* out);

// Decodes the answer at the front of `input`. Errors: kBadAnswer, kLineTooLong.
DecodeResult DecodeHandshakeAnswer(absl::string_view input,
                                   const Limits& limits,
                                   HandshakeAnswer* answer);

// Errors of encoding: kBadGeneration (as above), kNoSpace.
size_t EncodedSize(const HandshakeAnswer& answer);
EncodeResult Encode(const HandshakeAnswer& answer, absl::Span<char> out);
WireError Append(const HandshakeAnswer& answer, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_HANDSHAKE_H_
