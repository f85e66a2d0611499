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

// A command as RESP multi-bulk: "*<count>\r\n", then as many bulk strings.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_COMMAND_SCANNER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_COMMAND_SCANNER_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/optimization.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/number_line.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// Resumable: stops at any byte and goes on from there. Headers of the common
// sort are read with one 8-byte load each; any surprise, and what is
// incomplete, goes to the strict BulkScanner. A header that surprises is thus
// looked at twice, within one call, and no byte ever again in a later one.
//
// Positions count from `data[0]` of Scan, which may lie elsewhere at each call.
template <typename Meter>
class BasicCommandScanner {
 public:
  // Begins a command whose '*' is at `position`; at least 2 bytes lie before
  // the first argument's header in any case.
  void Start(size_t position) {
    phase_ = Phase::kStar;
    position_ = position;
  }

  // Begins behind the first line, read already: `count` arguments (1 or more),
  // the first one's '$' at `position`.
  void StartArguments(size_t position, uint64_t count) {
    count_ = count;
    phase_ = Phase::kArguments;
    position_ = position;
    at_header_ = true;
  }

  // Reads on in `data[0]` to `data[size - 1]` and adds each whole argument to
  // `*args`, which must be empty at the first call for a command. On kDone the
  // position is that behind the command. Errors: kBadCommand,
  // kTooManyArguments, and those of BulkScanner.
  DecodeResult Scan(const char* data, size_t size, const Limits& limits,
                    ArgvStorage* args, Meter& meter) {
    if (phase_ != Phase::kArguments) {
      const DecodeResult result = ScanCount(data, size, limits, meter);
      if (result.outcome != Outcome::kDone) return result;
    }
    const BulkLimits bulk_limits = {
        limits.max_bulk_bytes, WireError::kBulkTooLong, limits.max_frame_bytes};
    while (true) {
      if (at_header_) {
        ScanCommonArguments(data, size, limits, args, meter);
        if (args->size() == count_) return DecodeResult::Done(position_);
      }
      const DecodeResult result = bulk_.Scan(data, size, bulk_limits, meter);
      if (result.outcome != Outcome::kDone) {
        at_header_ = false;
        return result;
      }
      args->Add(bulk_.begin(), bulk_.size());
      if (args->size() == count_) return result;
      position_ = result.position;
      at_header_ = true;
    }
  }

 private:
  enum class Phase : uint8_t { kStar, kCount, kArguments };

  DecodeResult ScanCount(const char* data, size_t size, const Limits& limits,
                         Meter& meter) {
    for (; position_ < size; ++position_) {
      const char c = data[position_];
      meter.Examined(1);
      if (phase_ == Phase::kStar) {
        if (c != '*') {
          return DecodeResult::Error(WireError::kBadCommand, position_);
        }
        number_.Clear();
        number_begin_ = position_ + 1;
        phase_ = Phase::kCount;
        continue;
      }
      switch (number_.Take(c, limits.max_arguments)) {
        case NumberLine::Step::kMore:
          break;
        case NumberLine::Step::kBad:
          return DecodeResult::Error(WireError::kBadCommand, position_);
        case NumberLine::Step::kTooBig:
          return DecodeResult::Error(WireError::kTooManyArguments, position_);
        case NumberLine::Step::kDone:
          if (number_.value() == 0) {
            return DecodeResult::Error(WireError::kBadCommand, number_begin_);
          }
          StartArguments(position_ + 1, number_.value());
          return DecodeResult::Done(position_);
      }
    }
    return DecodeResult::NeedMore(size);
  }

  // Takes arguments as long as they are whole and their lengths have one to
  // three digits; leaves the first other one to `bulk_`.
  void ScanCommonArguments(const char* data, size_t size, const Limits& limits,
                           ArgvStorage* args, Meter& meter) {
    size_t position = position_;
    size_t left = static_cast<size_t>(count_) - args->size();
    // The load begins at the CRLF before the '$', so "\r\n$123\r\n" is one
    // word, and a whole argument has 6 bytes from its '$' on, the shortest
    // included.
    while (left > 0 && size - position >= 6) {
      const uint64_t word = LoadLittleEndian64(data + position - 2);
      meter.Examined(8);
      size_t header;
      size_t length;
      const uint64_t d0 = ((word >> 24) & 0xff) - '0';
      const uint64_t d1 = ((word >> 32) & 0xff) - '0';
      const uint64_t d2 = ((word >> 40) & 0xff) - '0';
      if ((word & kMask1) == kForm1 && d0 <= 9) {
        header = 4;
        length = static_cast<size_t>(d0);
      } else if ((word & kMask2) == kForm2 && d0 <= 9 && d1 <= 9) {
        header = 5;
        length = static_cast<size_t>(d0 * 10 + d1);
      } else if ((word & kMask3) == kForm3 && d0 <= 9 && d1 <= 9 && d2 <= 9) {
        header = 6;
        length = static_cast<size_t>(d0 * 100 + d1 * 10 + d2);
      } else {
        break;
      }
      const size_t begin = position + header;
      const size_t end = begin + length;
      if (ABSL_PREDICT_FALSE(length > limits.max_bulk_bytes ||
                             end + 2 > limits.max_frame_bytes)) {
        break;
      }
      if (end + 2 > size || data[end] != '\r' || data[end + 1] != '\n') {
        // Incomplete, or wrong: the strict reader goes on behind the header.
        bulk_.ResumeAtBytes(begin, length);
        position_ = position;
        return;
      }
      meter.Examined(2);
      args->Add(begin, length);
      position = end + 2;
      --left;
    }
    position_ = position;
    bulk_.Start(position);
  }

  // "\r\n$1\r\n", "\r\n$12\r\n", "\r\n$123\r\n", the digits masked out.
  static constexpr uint64_t kForm1 = Word("\r\n$\0\r\n");
  static constexpr uint64_t kForm2 = Word("\r\n$\0\0\r\n");
  static constexpr uint64_t kForm3 = Word("\r\n$\0\0\0\r\n");
  static constexpr uint64_t kMask1 = 0x0000'ffff'00ff'ffff;
  static constexpr uint64_t kMask2 = 0x00ff'ff00'00ff'ffff;
  static constexpr uint64_t kMask3 = 0xffff'0000'00ff'ffff;

  Phase phase_ = Phase::kStar;
  bool at_header_ = true;  // `bulk_` has not begun its string yet.
  size_t position_ = 0;
  NumberLine number_;
  size_t number_begin_ = 0;
  uint64_t count_ = 0;
  BulkScanner bulk_;
};

using CommandScanner = BasicCommandScanner<NoMeter>;

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_COMMAND_SCANNER_H_
