// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The elements of a snapshot in the stream:
//
//   +SNAPSHOT\r\n
//   $<length>\r\n<bytes>\r\n         any number; at most 64 KiB each
//   +SNAPSHOT_END <next_offset>\r\n
//
// The joined bytes of the chunks are the payload: see snapshot_payload.h. It
// replaces the replica's held data as a whole. The next frame has the offset
// `next_offset`. A heartbeat may come between these elements (observed on kevy
// 3.18.0 and 5.4.0).

#ifndef KEVY_REPLICA_CODEC_SNAPSHOT_H_
#define KEVY_REPLICA_CODEC_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

// The largest size of a chunk on the wire, in bytes.
inline constexpr size_t kMaxChunkBytes = 65'536;

// The line "+SNAPSHOT".
struct SnapshotBegin {
  template <typename T>
  static auto ValueFields(const T&) {
    return std::tuple<>();
  }
};

struct SnapshotChunk {
  // A view into the decoded bytes, with the lifetime of a FrameView.
  absl::string_view bytes;

  template <typename T>
  static auto ValueFields(const T& chunk) {
    return std::tie(chunk.bytes);
  }
};

// The line "+SNAPSHOT_END". Frames go on at `next_offset`.
struct SnapshotEnd {
  uint64_t next_offset = 0;

  template <typename T>
  static auto ValueFields(const T& end) {
    return std::tie(end.next_offset);
  }
};

// Append `# snapshot_begin`, `# snapshot_chunk bytes=551`,
// `# snapshot_end next_offset=9`.
void AppendText(const SnapshotBegin& begin, std::string* out);
void AppendText(const SnapshotChunk& chunk, std::string* out);
void AppendText(const SnapshotEnd& end, std::string* out);

// Each decodes the element at the front of `input`. Errors: kUnknownElement
// (another element), kBadControlLine, kLineTooLong; for a chunk kBadBulk,
// kChunkTooLong, and kSnapshotTooLong if max_snapshot_bytes is the lower limit.
DecodeResult DecodeSnapshotBegin(absl::string_view input, const Limits& limits,
                                 SnapshotBegin* begin);
DecodeResult DecodeSnapshotChunk(absl::string_view input, const Limits& limits,
                                 SnapshotChunk* chunk);
DecodeResult DecodeSnapshotEnd(absl::string_view input, const Limits& limits,
                               SnapshotEnd* end);

// Errors of encoding: kChunkTooLong (over kMaxChunkBytes), kNoSpace.
size_t EncodedSize(const SnapshotBegin& begin);
size_t EncodedSize(const SnapshotChunk& chunk);
size_t EncodedSize(const SnapshotEnd& end);
EncodeResult Encode(const SnapshotBegin& begin, absl::Span<char> out);
EncodeResult Encode(const SnapshotChunk& chunk, absl::Span<char> out);
EncodeResult Encode(const SnapshotEnd& end, absl::Span<char> out);
WireError Append(const SnapshotBegin& begin, std::string* out);
WireError Append(const SnapshotChunk& chunk, std::string* out);
WireError Append(const SnapshotEnd& end, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_SNAPSHOT_H_
