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

// One frame: "*2\r\n:<offset>\r\n", then a command.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_FRAME_SCANNER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_FRAME_SCANNER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/codec/internal/command_scanner.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/number_line.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// Resumable: stops at any byte and goes on from there. A frame that begins as
// most do is read in one go; any surprise begins it anew, byte by byte, once.
//
// `data[0]` is the frame's first byte at every call; it may lie elsewhere each
// time. Meter: see meter.h.
template <typename Meter>
class BasicFrameScanner {
 public:
  explicit BasicFrameScanner(Meter meter = Meter()) : meter_(meter) {}

  // Begins a frame.
  void Start() {
    phase_ = Phase::kEnvelope;
    position_ = 0;
  }

  // Reads on in `data[0]` to `data[size - 1]`. `*args` is cleared at the
  // frame's first call, and filled. On kDone the position is that behind the
  // frame.
  DecodeResult Scan(const char* data, size_t size, const Limits& limits,
                    ArgvStorage* args) {
    if (phase_ != Phase::kCommand) {
      if (position_ == 0) args->Clear();
      if (position_ != 0 || !ScanCommonStart(data, size, limits)) {
        const DecodeResult result = ScanEnvelope(data, size);
        if (result.outcome != Outcome::kDone) return result;
        command_begin_ = position_;
        command_.Start(position_);
      }
      phase_ = Phase::kCommand;
    }
    return command_.Scan(data, size, limits, args, meter_);
  }

  // After kDone.
  uint64_t offset() const { return offset_; }
  size_t command_begin() const { return command_begin_; }

  const Meter& meter() const { return meter_; }

 private:
  enum class Phase : uint8_t { kEnvelope, kOffset, kCommand };

  // The usual start, "*2\r\n:<offset>\r\n*<count>\r\n" with at most 18 and at
  // most 2 digits: returns false, with nothing done, if this is another.
  bool ScanCommonStart(const char* data, size_t size, const Limits& limits) {
    // The envelope (5), offset and CRLF (20), '*', count and CRLF (5).
    constexpr size_t kMost = 5 + 20 + 5;
    if (size < kMost) return false;
    meter_.Examined(kMost);
    if ((LoadLittleEndian64(data) & 0xff'ffff'ffff) != Word("*2\r\n:")) {
      return false;
    }
    const char* p = data + 5;
    uint64_t offset = 0;
    const char* const digits_end = p + 18;
    for (; p != digits_end && IsDigit(*p); ++p) {
      offset = offset * 10 + static_cast<uint64_t>(*p - '0');
    }
    if (p == data + 5 || p[0] != '\r' || p[1] != '\n' || p[2] != '*') {
      return false;
    }
    const char* const command = p + 2;
    if (!IsDigit(p[3])) return false;
    uint64_t count = static_cast<uint64_t>(p[3] - '0');
    p += 4;
    if (IsDigit(*p)) count = count * 10 + static_cast<uint64_t>(*p++ - '0');
    if (p[0] != '\r' || p[1] != '\n') return false;
    if (count == 0 || count > limits.max_arguments) return false;
    offset_ = offset;
    command_begin_ = static_cast<size_t>(command - data);
    command_.StartArguments(static_cast<size_t>(p + 2 - data), count);
    return true;
  }

  DecodeResult ScanEnvelope(const char* data, size_t size) {
    constexpr absl::string_view kEnvelope = "*2\r\n:";
    for (; position_ < size; ++position_) {
      const char c = data[position_];
      meter_.Examined(1);
      if (phase_ == Phase::kEnvelope) {
        if (c != kEnvelope[position_]) {
          return Error(position_ == 0 ? WireError::kUnknownElement
                                      : WireError::kBadEnvelope);
        }
        if (position_ + 1 == kEnvelope.size()) {
          number_.Clear();
          phase_ = Phase::kOffset;
        }
        continue;
      }
      switch (number_.Take(c, kMaxFrameOffset)) {
        case NumberLine::Step::kMore:
          break;
        case NumberLine::Step::kBad:
          return Error(c == '-' && number_.empty() ? WireError::kNegativeOffset
                                                   : WireError::kBadOffset);
        case NumberLine::Step::kTooBig:
          return Error(WireError::kBadOffset);
        case NumberLine::Step::kDone:
          offset_ = number_.value();
          return DecodeResult::Done(++position_);
      }
    }
    return DecodeResult::NeedMore(size);
  }

  DecodeResult Error(WireError error) const {
    return DecodeResult::Error(error, position_);
  }

  Phase phase_ = Phase::kEnvelope;
  size_t position_ = 0;
  NumberLine number_;
  uint64_t offset_ = 0;
  size_t command_begin_ = 0;
  BasicCommandScanner<Meter> command_;
  Meter meter_;
};

using FrameScanner = BasicFrameScanner<NoMeter>;

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_FRAME_SCANNER_H_
