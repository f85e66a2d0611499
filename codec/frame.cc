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

#include "kevy_replica/codec/frame.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/internal/encode.h"
#include "kevy_replica/codec/internal/frame_scanner.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

WireError Check(uint64_t offset, absl::Span<const absl::string_view> argv) {
  if (offset > kMaxFrameOffset) return WireError::kBadOffset;
  if (argv.empty()) return WireError::kBadCommand;
  return WireError::kNone;
}

char* Write(uint64_t offset, absl::Span<const absl::string_view> argv,
            char* p) {
  p = internal::WriteHeader('*', 2, p);
  p = internal::WriteHeader(':', offset, p);
  p = internal::WriteHeader('*', argv.size(), p);
  for (const absl::string_view arg : argv) p = internal::WriteBulk(arg, p);
  return p;
}

}  // namespace

void OwnedFrame::Assign(const FrameView& frame) {
  offset_ = frame.offset_;
  wire_.assign(frame.data_, frame.size_);
  command_begin_ = frame.command_begin_;
  args_.assign(frame.args_, frame.args_ + frame.argc_);
}

DecodeResult DecodeFrame(absl::string_view input, const Limits& limits,
                         ArgvStorage* storage, FrameView* frame) {
  storage->Clear();
  internal::FramePredictor& predictor = storage->predictor();
  predictor.UseLimits(limits);
  predictor.shape_in_use = false;
  const auto take = [frame](const char* data, size_t size,
                            const internal::ScannedFrame& scanned) {
    *frame = FrameView(scanned.offset, absl::string_view(data, size),
                       scanned.command_begin, scanned.args, scanned.argc);
  };
  internal::FrameScanner scanner;
  if (scanner.TakeAlike(input.data(), input.size(), 1, storage, take) != 0) {
    return DecodeResult::Done(frame->wire().size());
  }
  internal::ScannedFrame scanned;
  const DecodeResult result =
      scanner.Begin(input.data(), input.size(), limits, storage, &scanned);
  if (result.done()) take(input.data(), result.position, scanned);
  return result;
}

size_t EncodedFrameSize(uint64_t offset,
                        absl::Span<const absl::string_view> argv) {
  size_t size = internal::HeaderSize(2) + internal::HeaderSize(offset) +
                internal::HeaderSize(argv.size());
  for (const absl::string_view arg : argv) size += internal::BulkSize(arg);
  return size;
}

EncodeResult EncodeFrame(uint64_t offset,
                         absl::Span<const absl::string_view> argv,
                         absl::Span<char> out) {
  return internal::EncodeInto(out, Check(offset, argv),
                              EncodedFrameSize(offset, argv),
                              [&](char* p) { Write(offset, argv, p); });
}

WireError AppendFrame(uint64_t offset, absl::Span<const absl::string_view> argv,
                      std::string* out) {
  return internal::AppendTo(out, Check(offset, argv),
                            EncodedFrameSize(offset, argv),
                            [&](char* p) { Write(offset, argv, p); });
}

}  // namespace kevy_replica
