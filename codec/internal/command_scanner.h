// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A command as RESP multi-bulk: "*<count>\r\n", then as many bulk strings.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_COMMAND_SCANNER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_COMMAND_SCANNER_H_

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/internal/bulk_header.h"
#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/number_line.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// Resumable: stops at any byte and resumes there. It reads a header of the
// usual form with one 8-byte load. Every other header, and an incomplete one,
// goes to the strict BulkScanner. That may read the header a second time,
// within the same call. A later call reads only new bytes.
//
// Indices count from `data[0]` of Scan(), which may lie elsewhere at each
// call.
template <typename Meter>
class BasicCommandScanner {
 public:
  // Begins a command whose '*' is at `index`. In a new scanner one has begun
  // at 0.
  void Start(size_t index) {
    phase_ = Phase::kStar;
    index_ = index;
  }

  // Reads on in `data[0]` to `data[size - 1]` and adds each whole argument to
  // `*args`. On kDone the index is the end of the command. Errors:
  // kBadCommand, kTooManyArguments, kOutOfMemory, and those of BulkScanner.
  //
  // Precondition: `*args` has an empty current command at the first call for a
  // command.
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
        at_header_ = false;
        const size_t end =
            ScanCommonArguments(data, size, index_, static_cast<size_t>(count_),
                                args->size(), limits, args, meter);
        if (end != 0) return DecodeResult::Done(end);
      }
      const DecodeResult result = bulk_.Scan(data, size, bulk_limits, meter);
      if (result.outcome != Outcome::kDone) return result;
      if (!args->Add(bulk_.begin(), bulk_.size())) {
        return DecodeResult::Error(WireError::kOutOfMemory,
                                   result.bytes_decoded);
      }
      if (args->size() == count_) return result;
      index_ = result.bytes_decoded;
      at_header_ = true;
    }
  }

  // The least index at which the argument that has begun can end, after
  // kNeedMore. 0 before the arguments.
  size_t least_end() const {
    return phase_ == Phase::kArguments ? bulk_.least_end() : 0;
  }

  // Reads the arguments of a command while they are whole and well formed.
  // Scan() reads on at the first other one. `count` is the number of arguments,
  // `i` the number of those in `*args` already. The '$' of the next one is at
  // `index`.
  //
  // Returns the end of the command, or 0 if Scan() must read on.
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t ScanCommonArguments(
      const char* data, size_t size, size_t index, size_t count, size_t i,
      const Limits& limits, ArgvStorage* args, Meter& meter) {
    // Bytes past the frame's limit count as missing here. The strict reader
    // then tells a limit from an incomplete frame.
    const size_t end =
        static_cast<size_t>(std::min<uint64_t>(size, limits.max_frame_bytes));
    size_t at = index;
    // The shortest argument has 6 bytes from its '$' on.
    if (ABSL_PREDICT_FALSE(end < at + 6 || limits.max_bulk_bytes <
                                               BulkHeader::kMaxShortLength)) {
      return StopAt(data, at, count, i, args);
    }
    const size_t last = end - 6;
    while (true) {
      // Room is made for one batch at a time, as arguments arrive.
      const size_t batch = std::min(count - i, kBatch);
      ArgRef* ref = args->Room(batch);
      // The strict reader tells the error.
      if (ABSL_PREDICT_FALSE(ref == nullptr)) {
        return StopAt(data, at, count, i, args);
      }
      ArgRef* const batch_end = ref + batch;
      do {
        // The load begins at the CRLF before the '$'. So it also checks the end
        // of the argument before, and "\r\n$123\r\n" is one word.
        const uint64_t word = LoadLittleEndian64(data + at - 2);
        // The hardware does not foresee skipped arguments. One line 512 bytes
        // ahead comes too late if it must come from the L3. Figures:
        // benchmarks/README.md, "Decoding alone".
        Prefetch(data + at, 3072);
        Prefetch(data + at, 3200);
        meter.Examined(8);
        BulkHeader header;
        if (ABSL_PREDICT_FALSE(!header.ReadShort(word))) {
          meter.Examined(8);
          if (!header.ReadLong(data + at, end - at) ||
              header.length > limits.max_bulk_bytes) {
            return StopAt(data, at, count, args->IndexOf(ref), args);
          }
        }
        ref->offset = at + header.size;
        ref->size = header.length;
        const size_t next = at + header.size + header.length + 2;
        // The next header needs 6 bytes or more.
        if (ABSL_PREDICT_FALSE(next > last)) {
          return StopInside(data, at, end, count, args->IndexOf(ref), limits,
                            args, meter);
        }
        at = next;
      } while (++ref != batch_end);
      i += batch;
      args->Resize(i);
      if (i == count) return Finish(data, at, count, args, meter);
    }
  }

 private:
  enum class Phase : uint8_t {
    // Start() was called. The '*' is next.
    // Then kCount.
    kStar,
    // The '*' was read. Digits or the count's CRLF are next.
    // Then kArguments.
    kCount,
    // The count was read. Arguments are next, as many as it says.
    // Then the command is done.
    kArguments,
  };

  static constexpr size_t kBatch = 32;

  DecodeResult ScanCount(const char* data, size_t size, const Limits& limits,
                         Meter& meter) {
    for (; index_ < size; ++index_) {
      const char c = data[index_];
      meter.Examined(1);
      if (phase_ == Phase::kStar) {
        if (c != '*') {
          return DecodeResult::Error(WireError::kBadCommand, index_);
        }
        number_.Clear();
        number_begin_ = index_ + 1;
        phase_ = Phase::kCount;
        continue;
      }
      switch (number_.Take(c, limits.max_arguments)) {
        case NumberLine::Step::kMore:
          break;
        case NumberLine::Step::kBad:
          return DecodeResult::Error(WireError::kBadCommand, index_);
        case NumberLine::Step::kTooBig:
          return DecodeResult::Error(WireError::kTooManyArguments, index_);
        case NumberLine::Step::kDone:
          if (number_.value() == 0) {
            return DecodeResult::Error(WireError::kBadCommand, number_begin_);
          }
          count_ = number_.value();
          phase_ = Phase::kArguments;
          at_header_ = true;
          return DecodeResult::Done(++index_);
      }
    }
    return DecodeResult::NeedMore(size);
  }

  // All arguments have arrived. Checks the end of the last one, before `at`.
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t Finish(const char* data, size_t at,
                                             size_t count, ArgvStorage* args,
                                             Meter& meter) {
    meter.Examined(2);
    if (ABSL_PREDICT_FALSE(!IsCrlf(data + at - 2))) {
      return StopAt(data, at, count, count, args);
    }
    return at;
  }

  // Lets the strict reader continue at `at`, behind `i` arguments. If the end
  // of the argument before is wrong, it continues there.
  ABSL_ATTRIBUTE_NOINLINE size_t StopAt(const char* data, size_t at,
                                        size_t count, size_t i,
                                        ArgvStorage* args) {
    Stop(count);
    if (i == 0 || IsCrlf(data + at - 2)) {
      args->Resize(i);
      bulk_.Start(at);
    } else {
      const ArgRef last = args->data()[i - 1];
      args->Resize(i - 1);
      bulk_.ResumeAtBytes(last.offset, last.size);
    }
    return 0;
  }

  // Argument `i` is incomplete, or the header behind it is. Its '$' is at `at`.
  // Its own header was read, so it ends before `end`, which is at most
  // `limits.max_frame_bytes`.
  ABSL_ATTRIBUTE_NOINLINE size_t StopInside(const char* data, size_t at,
                                            size_t end, size_t count, size_t i,
                                            const Limits& limits,
                                            ArgvStorage* args, Meter& meter) {
    const ArgRef arg = args->data()[i];
    assert(arg.offset <= end);
    if (end - arg.offset >= arg.size + 2) {
      at = arg.offset + arg.size + 2;
      args->Resize(i + 1);
      return i + 1 == count ? Finish(data, at, count, args, meter)
                            : StopAt(data, at, count, i + 1, args);
    }
    // A frame past its limit is an error of the header that declares the
    // length.
    if (limits.max_frame_bytes - arg.offset < arg.size + 2) {
      return StopAt(data, at, count, i, args);
    }
    Stop(count);
    args->Resize(i);
    bulk_.ResumeAtBytes(arg.offset, arg.size);
    return 0;
  }

  static bool IsCrlf(const char* p) { return std::memcmp(p, "\r\n", 2) == 0; }

  // Makes Scan() continue with `bulk_`.
  void Stop(size_t count) {
    count_ = count;
    phase_ = Phase::kArguments;
    at_header_ = false;
  }

  Phase phase_ = Phase::kStar;
  bool at_header_ = true;  // `bulk_` must begin its string first.
  size_t index_ = 0;
  NumberLine number_;
  size_t number_begin_ = 0;
  uint64_t count_ = 0;
  BulkScanner bulk_;
};

using CommandScanner = BasicCommandScanner<NoMeter>;

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_COMMAND_SCANNER_H_
