// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One RESP bulk string, "$<length>\r\n<bytes>\r\n": an argument, or a chunk.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_BULK_SCANNER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_BULK_SCANNER_H_

#include <cstddef>
#include <cstdint>

#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/number_line.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// The bounds of a bulk string.
struct BulkLimits {
  uint64_t max_bytes;  // Of its length. Beyond it the error is `too_long`.
  WireError too_long;
  uint64_t max_end;  // Of its end. Beyond it the error is kFrameTooLong.
};

// The strict reader of bulk strings, byte by byte. It alone decides on errors.
// It stops at any byte and resumes there. It skips the bytes of the string
// itself.
//
// Indices count from `data[0]` of Scan(), which may lie elsewhere at each
// call.
class BulkScanner {
 public:
  // Begins a string whose '$' is at `index`. In a new scanner one has begun
  // at 0.
  void Start(size_t index) {
    phase_ = Phase::kDollar;
    index_ = index;
  }

  // Resumes behind a header that another reader has read: the string is the
  // `size` bytes at `begin`.
  void ResumeAtBytes(size_t begin, size_t size) {
    phase_ = Phase::kCr;
    begin_ = begin;
    size_ = size;
    index_ = begin + size;
  }

  // Reads on in `data[0]` to `data[size - 1]`. On kDone the index is the end
  // of the string. Errors: kBadBulk, `limits.too_long`, kFrameTooLong.
  template <typename Meter>
  DecodeResult Scan(const char* data, size_t size, const BulkLimits& limits,
                    Meter& meter) {
    while (index_ < size) {
      const char c = data[index_];
      meter.Examined(1);
      switch (phase_) {
        case Phase::kDollar:
          if (c != '$') return Error(WireError::kBadBulk);
          length_.Clear();
          phase_ = Phase::kLength;
          break;
        case Phase::kLength:
          switch (length_.Take(c, limits.max_bytes)) {
            case NumberLine::Step::kMore:
              break;
            case NumberLine::Step::kBad:
              return Error(WireError::kBadBulk);
            case NumberLine::Step::kTooBig:
              return Error(limits.too_long);
            case NumberLine::Step::kDone: {
              const uint64_t begin = index_ + 1;
              // In this order the subtraction cannot overflow.
              if (begin + 2 > limits.max_end ||
                  length_.value() > limits.max_end - begin - 2) {
                return Error(WireError::kFrameTooLong);
              }
              ResumeAtBytes(index_ + 1, static_cast<size_t>(length_.value()));
              continue;
            }
          }
          break;
        case Phase::kCr:
          if (c != '\r') return Error(WireError::kBadBulk);
          phase_ = Phase::kLf;
          break;
        case Phase::kLf:
          if (c != '\n') return Error(WireError::kBadBulk);
          return DecodeResult::Done(++index_);
      }
      ++index_;
    }
    return DecodeResult::NeedMore(size);
  }

  // The least index at which the string can end, after kNeedMore.
  size_t least_end() const { return index_ + (phase_ == Phase::kCr ? 2 : 1); }

  // The string's bytes, after kDone.
  size_t begin() const { return begin_; }
  size_t size() const { return size_; }

 private:
  enum class Phase : uint8_t {
    // Start() was called. The '$' is next.
    // Then kLength.
    kDollar,
    // The '$' was read. Digits or the header's CRLF are next.
    // Then kCr.
    kLength,
    // The header was read. The string's CR is next, behind its skipped bytes.
    // Then kLf.
    kCr,
    // The CR was read. The LF is next.
    // Then the string is done.
    kLf,
  };

  DecodeResult Error(WireError error) const {
    return DecodeResult::Error(error, index_);
  }

  Phase phase_ = Phase::kDollar;
  size_t index_ = 0;  // Of the next byte to read; may lie past the input.
  NumberLine length_;
  size_t begin_ = 0;
  size_t size_ = 0;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_BULK_SCANNER_H_
