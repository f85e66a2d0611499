// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/handshake.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/command_scanner.h"
#include "kevy_replica/codec/internal/control_line.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal/encode.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/utf8.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using internal::BulkSize;
using internal::HeaderSize;
using internal::WriteBulk;
using internal::WriteHeader;
using internal::WriteText;

constexpr absl::string_view kReplicate = "REPLICATE";
constexpr absl::string_view kFrom = "FROM";
constexpr absl::string_view kId = "ID";
constexpr absl::string_view kAck = "+ACK ";

// A number as an argument of its own.
size_t NumberBulkSize(uint64_t number) {
  const size_t digits = internal::DecimalSize(number);
  return HeaderSize(digits) + digits + 2;
}
char* WriteNumberBulk(uint64_t number, char* p) {
  p = WriteHeader('$', internal::DecimalSize(number), p);
  return WriteText(internal::kCrlf, internal::WriteDecimal(number, p));
}

WireError CheckGeneration(Protocol protocol, uint64_t generation) {
  return protocol == Protocol::kV1 && generation != 0
             ? WireError::kBadGeneration
             : WireError::kNone;
}

WireError Check(const HandshakeRequest& request) {
  if (request.replica_id.empty() || !internal::IsUtf8(request.replica_id)) {
    return WireError::kBadReplicaId;
  }
  return CheckGeneration(request.protocol, request.generation);
}

char* Write(const HandshakeRequest& request, char* p) {
  const bool v2 = request.protocol == Protocol::kV2;
  p = WriteHeader('*', v2 ? 6 : 5, p);
  p = WriteBulk(kReplicate, p);
  p = WriteBulk(kFrom, p);
  if (v2) p = WriteNumberBulk(request.generation, p);
  p = WriteNumberBulk(request.offset, p);
  p = WriteBulk(kId, p);
  return WriteBulk(request.replica_id, p);
}

char* Write(const HandshakeAnswer& answer, char* p) {
  p = WriteText(kAck, p);
  if (answer.protocol == Protocol::kV2) {
    p = internal::WriteDecimal(answer.generation, p);
    *p++ = ' ';
  }
  return WriteText(internal::kCrlf, internal::WriteDecimal(answer.offset, p));
}

// The error of the arguments, and the index of the wrong one. The index is 0
// with kNone.
struct ArgumentError {
  WireError error = WireError::kNone;
  size_t index = 0;
};

ArgumentError ParseRequest(ArgvView argv, HandshakeRequest* request) {
  if (argv.size() != 5 && argv.size() != 6) {
    return {WireError::kWrongArgumentCount, 0};
  }
  size_t i = 0;
  if (!absl::EqualsIgnoreCase(argv[i++], kReplicate)) {
    return {WireError::kWrongCommand, 0};
  }
  if (!absl::EqualsIgnoreCase(argv[i++], kFrom)) {
    return {WireError::kMissingFrom, 1};
  }
  request->protocol = argv.size() == 6 ? Protocol::kV2 : Protocol::kV1;
  request->generation = 0;
  if (request->protocol == Protocol::kV2) {
    const std::optional<uint64_t> generation =
        internal::ParseDecimal(argv[i++]);
    if (!generation.has_value()) return {WireError::kBadGeneration, i - 1};
    request->generation = *generation;
  }
  const std::optional<uint64_t> offset = internal::ParseDecimal(argv[i++]);
  if (!offset.has_value()) return {WireError::kBadRequestOffset, i - 1};
  request->offset = *offset;
  if (!absl::EqualsIgnoreCase(argv[i++], kId)) {
    return {WireError::kMissingId, i - 1};
  }
  request->replica_id = argv[i];
  if (request->replica_id.empty() || !internal::IsUtf8(request->replica_id)) {
    return {WireError::kBadReplicaId, i};
  }
  return {};
}

}  // namespace

DecodeResult DecodeHandshakeRequest(absl::string_view input,
                                    const Limits& limits, ArgvStorage* storage,
                                    HandshakeRequest* request) {
  // A peer may send only as much as a request can need.
  Limits own;
  own.max_arguments = 6;
  own.max_bulk_bytes = limits.max_line_bytes;
  own.max_frame_bytes = std::numeric_limits<uint64_t>::max();
  internal::CommandScanner scanner;
  internal::NoMeter meter;
  storage->Clear();
  const DecodeResult result =
      scanner.Scan(input.data(), input.size(), own, storage, meter);
  switch (result.error) {
    case WireError::kNone:
      break;
    case WireError::kTooManyArguments:
      return DecodeResult::Error(WireError::kWrongArgumentCount,
                                 result.bytes_decoded);
    case WireError::kBulkTooLong:
    case WireError::kOutOfMemory:
      return result;
    default:
      return DecodeResult::Error(WireError::kBadRequest, result.bytes_decoded);
  }
  if (!result.done()) return result;
  HandshakeRequest parsed;
  const ArgumentError wrong = ParseRequest(
      ArgvView(input.data(), storage->data(), storage->size()), &parsed);
  if (wrong.error != WireError::kNone) {
    return DecodeResult::Error(wrong.error,
                               storage->data()[wrong.index].offset);
  }
  *request = parsed;
  return result;
}

size_t EncodedSize(const HandshakeRequest& request) {
  const bool v2 = request.protocol == Protocol::kV2;
  return HeaderSize(6) + BulkSize(kReplicate) + BulkSize(kFrom) +
         (v2 ? NumberBulkSize(request.generation) : 0) +
         NumberBulkSize(request.offset) + BulkSize(kId) +
         BulkSize(request.replica_id);
}

EncodeResult Encode(const HandshakeRequest& request, absl::Span<char> out) {
  return internal::EncodeInto(out, Check(request), EncodedSize(request),
                              [&](char* p) { Write(request, p); });
}

WireError Append(const HandshakeRequest& request, std::string* out) {
  return internal::AppendTo(out, Check(request), EncodedSize(request),
                            [&](char* p) { Write(request, p); });
}

DecodeResult DecodeHandshakeAnswer(absl::string_view input,
                                   const Limits& limits,
                                   HandshakeAnswer* answer) {
  internal::ControlLineScanner scanner;
  const DecodeResult result = internal::ScanControlLine(
      input, internal::Kinds(internal::LineKind::kAck), limits, &scanner);
  if (result.done()) {
    *answer = {scanner.has_generation() ? Protocol::kV2 : Protocol::kV1,
               scanner.generation(), scanner.offset()};
  }
  return result;
}

size_t EncodedSize(const HandshakeAnswer& answer) {
  const bool v2 = answer.protocol == Protocol::kV2;
  return kAck.size() + (v2 ? internal::DecimalSize(answer.generation) + 1 : 0) +
         internal::DecimalSize(answer.offset) + internal::kCrlf.size();
}

EncodeResult Encode(const HandshakeAnswer& answer, absl::Span<char> out) {
  return internal::EncodeInto(
      out, CheckGeneration(answer.protocol, answer.generation),
      EncodedSize(answer), [&](char* p) { Write(answer, p); });
}

WireError Append(const HandshakeAnswer& answer, std::string* out) {
  return internal::AppendTo(
      out, CheckGeneration(answer.protocol, answer.generation),
      EncodedSize(answer), [&](char* p) { Write(answer, p); });
}

absl::string_view ProtocolName(Protocol protocol) {
  return protocol == Protocol::kV1 ? "1" : "2";
}

std::ostream& operator<<(std::ostream& out, Protocol protocol) {
  return out << ProtocolName(protocol);
}

void AppendText(const HandshakeRequest& request, std::string* out) {
  absl::StrAppend(out, "request protocol=", ProtocolName(request.protocol),
                  " generation=", request.generation,
                  " offset=", request.offset, " id=");
  AppendEscaped(request.replica_id, out);
}

void AppendText(const HandshakeAnswer& answer, std::string* out) {
  absl::StrAppend(out, "answer protocol=", ProtocolName(answer.protocol),
                  " generation=", answer.generation, " offset=", answer.offset);
}

}  // namespace kevy_replica
