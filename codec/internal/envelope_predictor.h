// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CODEC_INTERNAL_ENVELOPE_PREDICTOR_H_
#define KEVY_REPLICA_CODEC_INTERNAL_ENVELOPE_PREDICTOR_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal/load.h"

namespace kevy_replica {
namespace internal {

// The predicted start of the next frame: "*2\r\n:<offset>\r\n*", with the last
// offset plus one. It is compared as three words: the front, the middle, and
// the last 8 bytes. Only the last word changes from frame to frame.
class EnvelopePredictor {
 public:
  // The number of bytes that Matches() reads.
  static constexpr size_t kReadable = 24;

  // Whether the `kReadable` bytes at `p` begin with the prediction.
  bool Matches(const char* p) const {
    return (((LoadLittleEndian64(p) & front_mask_) ^ front_) |
            ((LoadLittleEndian64(p + 8) & middle_mask_) ^ middle_) |
            (LoadLittleEndian64(p + size_ - 8) ^ back_)) == 0;
  }
  uint64_t offset() const { return offset_; }
  size_t size() const { return size_; }  // With the '*'.

  // Predicts the next offset.
  void Advance() {
    if (ABSL_PREDICT_FALSE(!AdvanceDigit())) Carry();
  }
  // Predicts the next offset if only its last digit differs. Otherwise returns
  // false and changes nothing.
  bool AdvanceDigit() {
    // The last digit stands before "\r\n*".
    if (ABSL_PREDICT_FALSE((back_ >> 32 & 0xff) == '9')) return false;
    back_ += uint64_t{1} << 32;
    ++offset_;
    return true;
  }

  // Predicts `offset` and returns true, if it has at most 16 digits. Otherwise
  // returns false, and Matches() stays false.
  ABSL_ATTRIBUTE_NOINLINE bool Set(uint64_t offset) {
    const size_t size = kPrefix + DecimalSize(offset) + 3;
    if (size > kReadable) {
      *this = EnvelopePredictor();
      return false;
    }
    char text[kReadable] = {'*', '2', '\r', '\n', ':'};
    char* const p = WriteDecimal(offset, text + kPrefix);
    p[0] = '\r';
    p[1] = '\n';
    p[2] = '*';
    offset_ = offset;
    size_ = size;
    front_mask_ = FirstBytes(size - 8);
    front_ = LoadLittleEndian64(text) & front_mask_;
    middle_mask_ = size <= 16 ? 0 : FirstBytes(size - 16);
    middle_ = LoadLittleEndian64(text + 8) & middle_mask_;
    back_ = LoadLittleEndian64(text + size - 8);
    return true;
  }

 private:
  static constexpr size_t kPrefix = 5;  // "*2\r\n:"

  // Advance() for a last digit of 9.
  ABSL_ATTRIBUTE_NOINLINE void Carry() {
    for (int shift = 32; shift >= 0; shift -= 8) {
      const uint64_t digit = back_ >> shift & 0xff;
      if (digit != '9') {
        if (digit > '8') break;  // The ':' before the digits: a digit more.
        back_ += uint64_t{1} << shift;
        ++offset_;
        return;
      }
      back_ -= uint64_t{9} << shift;
    }
    Set(offset_ + 1);
  }

  uint64_t front_ = 1;
  uint64_t front_mask_ = 0;  // Matches() is false: no prediction.
  uint64_t middle_ = 0;
  uint64_t middle_mask_ = 0;
  uint64_t back_ = 0;
  uint64_t offset_ = 0;
  size_t size_ = 8;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_ENVELOPE_PREDICTOR_H_
