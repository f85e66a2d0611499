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

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/number_line.h"
#include "kevy_replica/codec/internal/predictor.h"
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
        const size_t end =
            ScanCommonArguments(data, size, limits, args->size(), args, meter);
        if (end != 0) return DecodeResult::Done(end);
      }
      const DecodeResult result = bulk_.Scan(data, size, bulk_limits, meter);
      if (result.outcome != Outcome::kDone) return result;
      args->Add(bulk_.begin(), bulk_.size());
      if (args->size() == count_) return result;
      position_ = result.position;
      at_header_ = true;
    }
  }

  // Takes arguments as long as they are whole and well formed, and leaves the
  // first other one to Scan(). Returns where the command ends, if that was all
  // of it; otherwise 0. Must be called at a header: right after
  // StartArguments(), or where Scan() does; `i` is args->size(). Inline, for
  // most frames are read here and nowhere else.
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t
  ScanCommonArguments(const char* data, size_t size, const Limits& limits,
                      size_t i, ArgvStorage* args, Meter& meter) {
    at_header_ = false;
    // What lies past the frame's limit is as good as not there: the strict
    // reader tells the two apart.
    const char* const end =
        data + std::min<uint64_t>(size, limits.max_frame_bytes);
    const char* p = data + position_;
    if (end < p + 6) return StopBefore(data, p, args);
    FramePredictor& predictor = args->predictor();
    predictor.UseMaxLength(limits.max_bulk_bytes);
    const size_t count = static_cast<size_t>(count_);
    while (true) {
      // Room follows what has come, a batch at a time.
      const size_t batch =
          std::min(count - i, FramePredictor::kHeaders - predictor.Slot(i));
      HeaderPredictor* header = predictor.headers + predictor.Slot(i);
      ArgRef* const room = args->Room(batch);
      ArgRef* ref = room;
      do {
        // The load begins at the CRLF before the '$', so that it also checks
        // the end of the argument before, and "\r\n$123\r\n" is one word. A
        // whole argument has 6 bytes from its '$' on, the shortest included.
        const uint64_t word = LoadLittleEndian64(p - 2);
        meter.Examined(8);
        size_t header_size = header->header_size();
        size_t length = header->length();
        if (ABSL_PREDICT_FALSE(!header->Matches(word, p, end))) {
          header_size = ParseHeader(word, p, end, &length);
          if (header_size == 0 || length > limits.max_bulk_bytes) {
            args->Resize(i + static_cast<size_t>(ref - room));
            return StopBefore(data, p, args);
          }
          header->Miss(p, header_size, length);
        }
        if (header_size > 6) meter.Examined(header_size - 6);
        const char* const begin = p + header_size;
        const size_t left = static_cast<size_t>(end - begin);
        if (ABSL_PREDICT_FALSE(left < length + 8)) {
          // Not all of it is here, or not all of the next header.
          if (left < length + 2) {
            args->Resize(i + static_cast<size_t>(ref - room));
            // The limit is asked about where the length is declared.
            if (static_cast<uint64_t>(begin - data) + length + 2 >
                limits.max_frame_bytes) {
              return StopBefore(data, p, args);
            }
            bulk_.ResumeAtBytes(static_cast<size_t>(begin - data), length);
            return 0;
          }
          *ref++ = {static_cast<size_t>(begin - data), length};
          p = begin + length + 2;
          i += static_cast<size_t>(ref - room);
          args->Resize(i);
          return i == count ? Finish(data, p, args, meter)
                            : StopBefore(data, p, args);
        }
        *ref = {static_cast<size_t>(begin - data), length};
        p = begin + length + 2;
        ++header;
      } while (++ref != room + batch);
      i += batch;
      args->Resize(i);
      if (i == count) return Finish(data, p, args, meter);
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

  // All arguments are there: what is left is the last one's end.
  size_t Finish(const char* data, const char* p, ArgvStorage* args,
                Meter& meter) {
    meter.Examined(2);
    if (p[-2] != '\r' || p[-1] != '\n') return StopBefore(data, p, args);
    return static_cast<size_t>(p - data);
  }

  // Leaves to the strict reader what comes at `p`; or the end of the argument
  // before, which may not be checked yet, if that is wrong.
  ABSL_ATTRIBUTE_NOINLINE size_t StopBefore(const char* data, const char* p,
                                            ArgvStorage* args) {
    if (args->size() == 0 || (p[-2] == '\r' && p[-1] == '\n')) {
      bulk_.Start(static_cast<size_t>(p - data));
    } else {
      const ArgRef last = args->data()[args->size() - 1];
      args->Resize(args->size() - 1);
      bulk_.ResumeAtBytes(last.offset, last.size);
    }
    return 0;
  }

  // Reads the header whose '$' is at `p`, of which `word` holds the bytes from
  // p[-2] on. Returns its size, and the length that it tells; or 0, if it is
  // not whole, or other than expected in any way.
  ABSL_ATTRIBUTE_NOINLINE static size_t ParseHeader(uint64_t word,
                                                    const char* p,
                                                    const char* end,
                                                    size_t* length) {
    const uint64_t d0 = ((word >> 24) & 0xff) - '0';
    const uint64_t d1 = ((word >> 32) & 0xff) - '0';
    const uint64_t d2 = ((word >> 40) & 0xff) - '0';
    if ((word & HeaderPredictor::FirstBytes(3)) != Word("\r\n$") || d0 > 9) {
      return 0;
    }
    if ((word & kCrlfMask1) == kCrlf1) {
      *length = static_cast<size_t>(d0);
      return 4;
    }
    if (d1 > 9) return 0;
    if ((word & kCrlfMask2) == kCrlf2) {
      *length = static_cast<size_t>(d0 * 10 + d1);
      return 5;
    }
    if (d2 > 9) return 0;
    size_t value = static_cast<size_t>(d0 * 100 + d1 * 10 + d2);
    const char* const begin = p;
    p += 4;
    // Up to 9 digits: more are left to the strict reader.
    for (int digits = 3; digits < 9 && p != end && IsDigit(*p); ++digits) {
      value = value * 10 + static_cast<size_t>(*p++ - '0');
    }
    if (end - p < 2 || p[0] != '\r' || p[1] != '\n') return 0;
    *length = value;
    return static_cast<size_t>(p + 2 - begin);
  }

  // "\r\n" behind one digit, and behind two.
  static constexpr uint64_t kCrlfMask1 = uint64_t{0xffff} << 32;
  static constexpr uint64_t kCrlf1 = Word("\r\n") << 32;
  static constexpr uint64_t kCrlfMask2 = uint64_t{0xffff} << 40;
  static constexpr uint64_t kCrlf2 = Word("\r\n") << 40;

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
