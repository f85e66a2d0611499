// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/snapshot.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/internal/chunk_limits.h"
#include "kevy_replica/codec/internal/control_line.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal/encode.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kBegin = "+SNAPSHOT\r\n";
constexpr absl::string_view kEnd = "+SNAPSHOT_END ";

char* Write(const SnapshotEnd& end, char* p) {
  p = internal::WriteText(kEnd, p);
  return internal::WriteText(internal::kCrlf,
                             internal::WriteDecimal(end.next_offset, p));
}

WireError Check(const SnapshotChunk& chunk) {
  return chunk.bytes.size() > kMaxChunkBytes ? WireError::kChunkTooLong
                                             : WireError::kNone;
}

}  // namespace

DecodeResult DecodeSnapshotBegin(absl::string_view input, const Limits& limits,
                                 SnapshotBegin* begin) {
  internal::ControlLineScanner scanner;
  const DecodeResult result = internal::ScanControlLine(
      input, internal::Kinds(internal::LineKind::kSnapshotBegin), limits,
      &scanner);
  if (result.done()) *begin = SnapshotBegin();
  return result;
}

DecodeResult DecodeSnapshotChunk(absl::string_view input, const Limits& limits,
                                 SnapshotChunk* chunk) {
  if (!input.empty() && input[0] != '$') {
    return DecodeResult::Error(WireError::kUnknownElement, 0);
  }
  internal::BulkScanner scanner;
  internal::NoMeter meter;
  const DecodeResult result = scanner.Scan(
      input.data(), input.size(), internal::ChunkLimits(limits), meter);
  if (result.done()) {
    chunk->bytes = input.substr(scanner.begin(), scanner.size());
  }
  return result;
}

DecodeResult DecodeSnapshotEnd(absl::string_view input, const Limits& limits,
                               SnapshotEnd* end) {
  internal::ControlLineScanner scanner;
  const DecodeResult result = internal::ScanControlLine(
      input, internal::Kinds(internal::LineKind::kSnapshotEnd), limits,
      &scanner);
  if (result.done()) *end = {scanner.offset()};
  return result;
}

size_t EncodedSize(const SnapshotBegin&) { return kBegin.size(); }

EncodeResult Encode(const SnapshotBegin& begin, absl::Span<char> out) {
  return internal::EncodeInto(out, WireError::kNone, EncodedSize(begin),
                              [](char* p) { internal::WriteText(kBegin, p); });
}

WireError Append(const SnapshotBegin& begin, std::string* out) {
  return internal::AppendTo(out, WireError::kNone, EncodedSize(begin),
                            [](char* p) { internal::WriteText(kBegin, p); });
}

size_t EncodedSize(const SnapshotChunk& chunk) {
  return internal::BulkSize(chunk.bytes);
}

EncodeResult Encode(const SnapshotChunk& chunk, absl::Span<char> out) {
  return internal::EncodeInto(
      out, Check(chunk), EncodedSize(chunk),
      [&](char* p) { internal::WriteBulk(chunk.bytes, p); });
}

WireError Append(const SnapshotChunk& chunk, std::string* out) {
  const WireError error = Check(chunk);
  if (error == WireError::kNone) internal::AppendBulk(chunk.bytes, out);
  return error;
}

size_t EncodedSize(const SnapshotEnd& end) {
  return kEnd.size() + internal::DecimalSize(end.next_offset) +
         internal::kCrlf.size();
}

EncodeResult Encode(const SnapshotEnd& end, absl::Span<char> out) {
  return internal::EncodeInto(out, WireError::kNone, EncodedSize(end),
                              [&](char* p) { Write(end, p); });
}

WireError Append(const SnapshotEnd& end, std::string* out) {
  return internal::AppendTo(out, WireError::kNone, EncodedSize(end),
                            [&](char* p) { Write(end, p); });
}

void AppendText(const SnapshotBegin&, std::string* out) {
  absl::StrAppend(out, "# snapshot_begin");
}

void AppendText(const SnapshotChunk& chunk, std::string* out) {
  absl::StrAppend(out, "# snapshot_chunk bytes=", chunk.bytes.size());
}

void AppendText(const SnapshotEnd& end, std::string* out) {
  absl::StrAppend(out, "# snapshot_end next_offset=", end.next_offset);
}

}  // namespace kevy_replica
