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

#include "absl/base/optimization.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/codec/internal/load.h"

namespace kevy_replica {
namespace internal {

// The header of a bulk string, from the CRLF before its '$': "\r\n$123\r\n".
class HeaderPredictor {
 public:
  // The most that one holds: lengths of up to 9 digits.
  static constexpr size_t kMaxHeader = 1 + 9 + 2;

  // Whether the header at `p`, which points to its '$', is the one remembered.
  // At least 2 bytes before `p` and 6 from it on must be readable; `end` is
  // where the readable bytes end.
  bool Matches(uint64_t word, const char* p, const char* end) const {
    if ((word & mask_) != word_) return false;
    return header_size_ <= 6 || MatchesLong(p, end);
  }
  // Behind "$123\r\n", from the '$'; and the length that it tells.
  size_t header_size() const { return header_size_; }
  size_t length() const { return length_; }

  // Another header was found: it is remembered if it is the second in a row, or
  // nearly so, that was not foreseen, so that a single odd one does no harm.
  void Miss(const char* p, size_t header_size, size_t length) {
    missed_ = !missed_;
    if (missed_ && header_size_ != 0) return;
    if (header_size > kMaxHeader) return;
    header_size_ = static_cast<uint32_t>(header_size);
    length_ = static_cast<uint32_t>(length);
    mask_ = FirstBytes(header_size + 2);
    word_ = LoadLittleEndian64(p - 2) & mask_;
    if (header_size > 6) tail_ = LoadLittleEndian64(p + header_size - 8);
  }

  // The lowest `n` bytes of a word set; all of them from 8 on.
  static constexpr uint64_t FirstBytes(size_t n) {
    return n >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * n)) - 1;
  }

 private:
  // A long header is two words, which overlap.
  bool MatchesLong(const char* p, const char* end) const {
    return static_cast<size_t>(end - p) >= header_size_ &&
           LoadLittleEndian64(p + header_size_ - 8) == tail_;
  }

  uint64_t word_ = 1;
  uint64_t mask_ = 0;  // Matches nothing: nothing is remembered.
  uint64_t tail_ = 0;
  uint32_t header_size_ = 0;
  uint32_t length_ = 0;
  bool missed_ = false;
};

// The start of the next frame, if its offset is one more than the last:
// "*2\r\n:<offset>\r\n*".
class EnvelopePredictor {
 public:
  // What must be readable for Matches().
  static constexpr size_t kReadable = 24;

  // Whether the `kReadable` bytes at `p` begin as foreseen.
  bool Matches(const char* p) const {
    return (((LoadLittleEndian64(p) ^ words_[0])) |
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
      masks_[i] =
          size_ > 8 * i ? HeaderPredictor::FirstBytes(size_ - 8 * i) : 0;
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
