// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/codec/stream_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/chunk_limits.h"
#include "kevy_replica/codec/internal/control_line.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

using internal::Kinds;
using internal::LineKind;

StreamDecoder::StreamDecoder(const Limits& limits) : limits_(limits) {}

absl::Span<char> StreamDecoder::Prepare(size_t min) {
  Release();
  return buffer_.Prepare(std::max<size_t>(min, 1));
}

void StreamDecoder::Commit(size_t n) { buffer_.Commit(n); }

void StreamDecoder::Feed(absl::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(Prepare(bytes.size()).data(), bytes.data(), bytes.size());
  Commit(bytes.size());
}

absl::string_view StreamDecoder::Excerpt(size_t max) const {
  // After an error the buffer begins with the element that is wrong.
  const absl::string_view bytes = buffer_.bytes();
  const size_t at = std::min<size_t>(
      bytes.size(), error_ == WireError::kNone ? 0 : error_in_buffer_);
  const size_t begin = at - std::min(at, max / 2);
  return bytes.substr(begin, max);
}

Outcome StreamDecoder::DecodeAnswer(HandshakeAnswer* answer) {
  if (error_ != WireError::kNone) return Outcome::kError;
  if (element_ == Element::kNone) {
    element_ = Element::kLine;
    line_scanner_.Start(Kinds(LineKind::kAck));
  }
  const absl::string_view bytes = buffer_.bytes();
  const DecodeResult result =
      line_scanner_.Scan(bytes.data(), bytes.size(), limits_);
  if (result.done()) {
    *answer = {line_scanner_.has_generation() ? Protocol::kV2 : Protocol::kV1,
               line_scanner_.generation(), line_scanner_.offset()};
  }
  return Finish(result);
}

Outcome StreamDecoder::Next() {
  Release();
  const absl::string_view bytes = buffer_.bytes();
  if (element_ == Element::kNone) {
    if (error_ != WireError::kNone) return Outcome::kError;
    if (bytes.empty()) return Outcome::kNeedMore;
    const WireError error = Begin(bytes[0]);
    if (error != WireError::kNone) return Finish(DecodeResult::Error(error, 0));
  }
  switch (element_) {
    case Element::kFrame: {
      const DecodeResult result =
          frame_scanner_.Scan(bytes.data(), bytes.size(), limits_, &args_);
      if (result.done()) {
        event_.emplace<FrameView>(
            frame_scanner_.offset(), bytes.substr(0, result.position),
            frame_scanner_.command_begin(), args_.data(), args_.size());
      }
      return Finish(result);
    }
    case Element::kLine:
      return Finish(ScanLine(bytes));
    case Element::kChunk:
      return Finish(ScanChunk(bytes));
    case Element::kNone:
      break;
  }
  return Outcome::kNeedMore;  // Not reached.
}

WireError StreamDecoder::Begin(char first) {
  switch (first) {
    case '*':
      if (in_snapshot_) return WireError::kUnexpectedInSnapshot;
      element_ = Element::kFrame;
      frame_scanner_.Start();
      return WireError::kNone;
    case '+':
      element_ = Element::kLine;
      line_scanner_.Start(Kinds(LineKind::kPing, LineKind::kSnapshotBegin,
                                LineKind::kSnapshotEnd));
      return WireError::kNone;
    case '$':
      if (!in_snapshot_) return WireError::kOutsideSnapshot;
      element_ = Element::kChunk;
      chunk_scanner_.Start(0);
      return WireError::kNone;
    default:
      return WireError::kUnknownElement;
  }
}

DecodeResult StreamDecoder::ScanLine(absl::string_view bytes) {
  const DecodeResult result =
      line_scanner_.Scan(bytes.data(), bytes.size(), limits_);
  if (!result.done()) return result;
  switch (line_scanner_.kind()) {
    case LineKind::kAck:  // Not asked for: an answer comes but once.
      return DecodeResult::Error(WireError::kUnknownElement, 0);
    case LineKind::kPing:
      event_ = Heartbeat{line_scanner_.generation(), line_scanner_.offset()};
      break;
    case LineKind::kSnapshotBegin:
      if (in_snapshot_) {
        return DecodeResult::Error(WireError::kUnexpectedInSnapshot, 0);
      }
      in_snapshot_ = true;
      snapshot_bytes_ = 0;
      event_ = SnapshotBegin();
      break;
    case LineKind::kSnapshotEnd:
      if (!in_snapshot_) {
        return DecodeResult::Error(WireError::kOutsideSnapshot, 0);
      }
      in_snapshot_ = false;
      event_ = SnapshotEnd{line_scanner_.offset()};
      break;
  }
  return result;
}

DecodeResult StreamDecoder::ScanChunk(absl::string_view bytes) {
  internal::NoMeter meter;
  const DecodeResult result = chunk_scanner_.Scan(
      bytes.data(), bytes.size(), internal::ChunkLimits(limits_), meter);
  if (!result.done()) return result;
  const SnapshotChunk chunk = {
      bytes.substr(chunk_scanner_.begin(), chunk_scanner_.size())};
  if (chunk.bytes.size() > limits_.max_snapshot_bytes - snapshot_bytes_) {
    return DecodeResult::Error(WireError::kSnapshotTooLong, 0);
  }
  snapshot_bytes_ += chunk.bytes.size();
  event_ = chunk;
  return result;
}

// Every call that scans ends here.
Outcome StreamDecoder::Finish(const DecodeResult& result) {
  switch (result.outcome) {
    case Outcome::kNeedMore:
      break;
    case Outcome::kDone:
      element_ = Element::kNone;
      release_ = result.position;
      position_ += result.position;
      break;
    case Outcome::kError:
      element_ = Element::kNone;
      error_ = result.error;
      error_in_buffer_ = result.position;
      position_ += result.position;
      break;
  }
  return result.outcome;
}

void StreamDecoder::Release() {
  if (release_ == 0) return;
  buffer_.Consume(release_);
  release_ = 0;
}

}  // namespace kevy_replica
