// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// "<digits>\r\n", which ends every RESP header.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_NUMBER_LINE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_NUMBER_LINE_H_

#include <cstdint>

#include "kevy_replica/codec/internal/decimal.h"

namespace kevy_replica {
namespace internal {

// Reads the line one character at a time, so it may arrive in pieces.
class NumberLine {
 public:
  enum class Step : uint8_t {
    kMore,    // Well formed so far.
    kDone,    // This was the LF: value() is the number.
    kBad,     // This character is wrong.
    kTooBig,  // This digit takes the number over `max`.
  };

  void Clear() { *this = NumberLine(); }

  Step Take(char c, uint64_t max) {
    if (ended_) return c == '\n' ? Step::kDone : Step::kBad;
    if (number_.Take(c, max)) return Step::kMore;
    if (c == '\r' && number_.digits() > 0) {
      ended_ = true;
      return Step::kMore;
    }
    return IsDigit(c) && number_.digits() < DecimalReader::kMaxDigits
               ? Step::kTooBig
               : Step::kBad;
  }

  bool empty() const { return number_.digits() == 0; }
  uint64_t value() const { return number_.value(); }

 private:
  DecimalReader number_;
  bool ended_ = false;  // The CR has arrived.
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_NUMBER_LINE_H_
