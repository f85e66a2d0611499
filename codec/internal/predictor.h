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

// What the last frames' headers looked like, so that the next frame's, which
// mostly look the same, are compared instead of parsed.
//
// That breaks the dependency of each load's address on the parsing of the
// header before it. It is sound whatever is remembered: every byte is compared.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_PREDICTOR_H_
#define KEVY_REPLICA_CODEC_INTERNAL_PREDICTOR_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/codec/internal/load.h"

namespace kevy_replica {
namespace internal {

// The lowest `n` bytes of a word set; all of them from 8 on.
constexpr uint64_t FirstBytes(size_t n) {
  return n >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * n)) - 1;
}

// The header of a bulk string, "$123\r\n": the last one read, and the one
// foreseen, which mostly is the same.
class HeaderPredictor {
 public:
  // Whether the header is the one foreseen. `word` holds the 8 bytes that begin
  // two before its '$', which have to be the CRLF. For lengths of up to 3
  // digits; Read() knows of the others.
  bool Matches(uint64_t word) const { return (word & mask_) == word_; }

  // What Matches() or Read() has found: the size of the header, the length that
  // it tells, and how many bytes from its '$' on make the argument, its CRLF
  // and the shortest header behind it.
  size_t size() const { return size_; }
  size_t length() const { return length_; }
  size_t needed() const { return needed_; }

  // Reads the header whose '$' is at `p`, and foresees it from now on. `word`
  // is as above; `end` is where the readable bytes end. Returns false, with
  // nothing changed, for a header that is not whole, or odd in any way, or
  // tells more than `max_length`.
  template <typename Meter>
  ABSL_ATTRIBUTE_NOINLINE bool Read(uint64_t word, const char* p,
                                    const char* end, uint64_t max_length,
                                    Meter& meter) {
    if (MatchesLong(word, p, end)) {
      meter.Examined(8);
      return true;
    }
    size_t length;
    const size_t size = Parse(word, p, end, &length);
    if (size == 0 || length > max_length) return false;
    meter.Examined(size);
    Set(word, p, size, length);
    return true;
  }

 private:
  // Long headers, those of more than the word, are compared in two words that
  // overlap. `mask_` is then such that Matches() never says yes.
  bool MatchesLong(uint64_t word, const char* p, const char* end) const {
    return size_ > 6 && word == long_word_ &&
           static_cast<size_t>(end - p) >= size_ &&
           LoadLittleEndian64(p + size_ - 8) == tail_;
  }

  void Set(uint64_t word, const char* p, size_t size, size_t length) {
    size_ = size;
    length_ = length;
    needed_ = size + length + 2 + 6;
    if (size <= 6) {
      mask_ = FirstBytes(size + 2);
      word_ = word & mask_;
    } else {
      mask_ = 0;
      word_ = 1;
      long_word_ = word;
      tail_ = LoadLittleEndian64(p + size - 8);
    }
  }

  // Returns the header's size, and the length that it tells; or 0, if it is not
  // whole, or other than expected in any way.
  static size_t Parse(uint64_t word, const char* p, const char* end,
                      size_t* length) {
    if ((word & FirstBytes(3)) != Word("\r\n$")) return 0;
    // Up to 9 digits: more are left to the strict reader.
    const char* const digits = p + 1;
    const char* const most = end - digits > 9 ? digits + 9 : end;
    size_t value = 0;
    for (p = digits; p != most && IsDigit(*p); ++p) {
      value = value * 10 + static_cast<size_t>(*p - '0');
    }
    if (p == digits || end - p < 2 || p[0] != '\r' || p[1] != '\n') return 0;
    *length = value;
    return static_cast<size_t>(p + 2 - digits) + 1;
  }

  uint64_t word_ = 1;
  uint64_t mask_ = 0;  // Matches nothing: nothing is foreseen.
  size_t needed_ = 0;
  size_t length_ = 0;
  size_t size_ = 0;
  uint64_t long_word_ = 0;
  uint64_t tail_ = 0;
};

// The start of the next frame, if its offset is one more than the last:
// "*2\r\n:<offset>\r\n*".
class EnvelopePredictor {
 public:
  // What must be readable for Matches().
  static constexpr size_t kReadable = 24;

  // Whether the `kReadable` bytes at `p` begin as foreseen.
  bool Matches(const char* p) const {
    return ((LoadLittleEndian64(p) ^ words_[0]) |
            ((LoadLittleEndian64(p + 8) ^ words_[1]) & masks_[1]) |
            ((LoadLittleEndian64(p + 16) ^ words_[2]) & masks_[2])) == 0;
  }
  uint64_t offset() const { return offset_; }
  size_t size() const { return size_; }  // Up to and with the '*'.

  // Foresees the offset behind the one that was foreseen.
  void Advance() {
    ++offset_;
    size_t last = size_ - 4;  // The last digit.
    while (true) {
      uint64_t& word = words_[last / 8];
      const size_t shift = 8 * (last % 8);
      if (((word >> shift) & 0xff) != '9') {
        word += uint64_t{1} << shift;
        return;
      }
      if (last == kPrefix) break;  // One more digit.
      word -= uint64_t{9} << shift;
      --last;
    }
    Set(offset_);
  }

  // Foresees `offset`.
  void Set(uint64_t offset) {
    size_ = kPrefix + DecimalSize(offset) + 3;
    if (size_ > kReadable) {
      *this = EnvelopePredictor();
      return;
    }
    char text[kReadable] = {'*', '2', '\r', '\n', ':'};
    char* p = WriteDecimal(offset, text + kPrefix);
    p[0] = '\r';
    p[1] = '\n';
    p[2] = '*';
    offset_ = offset;
    for (size_t i = 0; i < 3; ++i) {
      words_[i] = LoadLittleEndian64(text + 8 * i);
      masks_[i] = size_ > 8 * i ? FirstBytes(size_ - 8 * i) : 0;
    }
  }

 private:
  static constexpr size_t kPrefix = 5;  // "*2\r\n:"

  uint64_t words_[3] = {0, 0, 0};  // Matches nothing: no frame begins with NUL.
  uint64_t masks_[3] = {0, 0, 0};
  uint64_t offset_ = 0;
  size_t size_ = 0;
};

// All that is remembered of a stream of frames.
struct FramePredictor {
  // Arguments further on share with those before.
  static constexpr size_t kHeaders = 32;
  static size_t Slot(size_t argument) { return argument % kHeaders; }

  // What is foreseen need not be held against the limit again: it was, when it
  // was remembered, under the same one.
  void UseMaxLength(uint64_t max) {
    if (ABSL_PREDICT_TRUE(max == max_length)) return;
    *this = FramePredictor();
    max_length = max;
  }

  EnvelopePredictor envelope;
  HeaderPredictor headers[kHeaders];
  uint64_t max_length = 0;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_PREDICTOR_H_
