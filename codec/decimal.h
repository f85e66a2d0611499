// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// ASCII decimal numbers, the only ones the protocol has.

#ifndef KEVY_REPLICA_CODEC_DECIMAL_H_
#define KEVY_REPLICA_CODEC_DECIMAL_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/require_cpp17.h"

namespace kevy_replica {

// Reads a number digit by digit, so that it may arrive in pieces. Leading zeros
// are taken, as kevy takes them, but never more than 20 digits, which is what
// the largest u64 has: no number keeps a reader waiting.
class DecimalReader {
 public:
  static constexpr int kMaxDigits = 20;

  // Takes one more character. Returns false, and changes nothing, if it is no
  // digit, the 21st, or would make the number more than `max`.
  bool Take(char c, uint64_t max) {
    const uint64_t digit = static_cast<unsigned char>(c) - uint64_t{'0'};
    if (digit > 9 || digits_ == kMaxDigits) return false;
    if (digit > max || value_ > (max - digit) / 10) return false;
    value_ = value_ * 10 + digit;
    ++digits_;
    return true;
  }
  void Clear() { *this = DecimalReader(); }

  uint64_t value() const { return value_; }
  int digits() const { return digits_; }  // 0: nothing read yet.

 private:
  uint64_t value_ = 0;
  int digits_ = 0;
};

// Returns whether `c` is '0' to '9'.
inline bool IsDigit(char c) {
  return static_cast<unsigned char>(c) - unsigned{'0'} <= 9;
}

// Returns the number that all of `text` spells, or nothing: empty, a sign, a
// space, any other character, more than 20 digits or more than a u64 holds.
[[nodiscard]] std::optional<uint64_t> ParseDecimal(absl::string_view text);

// How many digits `value` has, 1 to 20. Three at a time, since lengths mostly
// have no more, and which of the three it is needs no branch.
inline size_t DecimalSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 1000; value /= 1000) size += 3;
  return size + (value >= 10) + (value >= 100);
}

namespace internal {

// All pairs of digits: two of them for one division.
inline constexpr char kDigitPairs[] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

// WriteDecimal() for three digits and more.
char* WriteLongDecimal(uint64_t value, char* out);

}  // namespace internal

// Writes `value` at `out`, DecimalSize(value) characters, and returns the end.
// Inline for the lengths that most arguments have.
inline char* WriteDecimal(uint64_t value, char* out) {
  if (value >= 100) return internal::WriteLongDecimal(value, out);
  if (value >= 10) {
    std::memcpy(out, internal::kDigitPairs + 2 * value, 2);
    return out + 2;
  }
  *out = static_cast<char>('0' + value);
  return out + 1;
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_DECIMAL_H_
