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

#ifndef KEVY_REPLICA_CODEC_INTERNAL_HEADER_PREDICTOR_H_
#define KEVY_REPLICA_CODEC_INTERNAL_HEADER_PREDICTOR_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/codec/internal/load.h"

namespace kevy_replica {
namespace internal {

// The header of a bulk string, "$123\r\n".
struct BulkHeader {
  size_t size;    // Its own.
  size_t length;  // What it tells.
};

// The last header read, and the one foreseen, which mostly is the same. A
// header that is as foreseen is compared instead of parsed, which breaks the
// dependency of each load's address on the header before it. Sound whatever is
// remembered: every byte is compared.
class HeaderPredictor {
 public:
  // Reads the header whose '$' is at `p`. `word` holds the 8 bytes that begin
  // two before it, which have to be the CRLF; `end` is where the readable bytes
  // end. Returns false, with nothing changed, for a header that is not whole,
  // or odd in any way, or tells more than `max_length`.
  template <typename Meter>
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Read(uint64_t word, const char* p,
                                         const char* end, uint64_t max_length,
                                         Meter& meter, BulkHeader* header) {
    if (ABSL_PREDICT_TRUE((word & mask_) == word_)) {
      *header = header_;
      return true;
    }
    if (ABSL_PREDICT_TRUE(ReadShort(word, max_length, header))) return true;
    if (!ReadLong(word, p, end, max_length, meter)) return false;
    *header = header_;
    return true;
  }

 private:
  // Up to 3 digits: all of the header is in the word. Without a branch on how
  // many they are, which no branch predictor can know where lengths vary.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool ReadShort(uint64_t word,
                                              uint64_t max_length,
                                              BulkHeader* header) {
    const uint64_t first = ((word >> 24) & 0xff) - '0';
    const uint64_t second = ((word >> 32) & 0xff) - '0';
    const uint64_t third = ((word >> 40) & 0xff) - '0';
    const uint64_t two = second <= 9 ? 1 : 0;
    const uint64_t three = third <= 9 ? two : 0;
    uint64_t length = first;
    length += (0 - two) & (9 * first + second);
    length += (0 - three) & (9 * length + third);
    const uint64_t more = two + three;
    if (ABSL_PREDICT_FALSE((word & kRestMask[more]) != kRest[more] ||
                           first > 9 || length > max_length)) {
      return false;
    }
    *header = header_ = {4 + more, length};
    mask_ = kMask[more];
    word_ = word & mask_;
    return true;
  }

  // Long headers, those of more than the word, are compared in two words that
  // overlap. `mask_` is then such that no word matches.
  template <typename Meter>
  ABSL_ATTRIBUTE_NOINLINE bool ReadLong(uint64_t word, const char* p,
                                        const char* end, uint64_t max_length,
                                        Meter& meter) {
    const size_t left = static_cast<size_t>(end - p);
    if (header_.size > 6 && word == long_word_ && left >= header_.size &&
        LoadLittleEndian64(p + header_.size - 8) == tail_) {
      meter.Examined(8);
      return true;
    }
    if ((word & FirstBytes(3)) != Word("\r\n$")) return false;
    // Up to 9 digits: more are left to the strict reader.
    size_t digits = 0;
    size_t length = 0;
    for (; digits != 9 && 1 + digits != left && IsDigit(p[1 + digits]);
         ++digits) {
      length = length * 10 + static_cast<size_t>(p[1 + digits] - '0');
    }
    const size_t size = 1 + digits + 2;
    if (digits < 4 || left < size || p[size - 2] != '\r' ||
        p[size - 1] != '\n' || length > max_length) {
      return false;
    }
    meter.Examined(size);
    header_ = {size, length};
    mask_ = 0;
    word_ = 1;
    long_word_ = word;
    tail_ = LoadLittleEndian64(p + size - 8);
    return true;
  }

  // By the number of digits less one: the bytes of the word that are the
  // header's, or the CRLF before it; of those, the ones that are not digits;
  // and what they have to be.
  static constexpr uint64_t kMask[] = {FirstBytes(6), FirstBytes(7),
                                       FirstBytes(8)};
  static constexpr uint64_t kRestMask[] = {Word("\xff\xff\xff\0\xff\xff"),
                                           Word("\xff\xff\xff\0\0\xff\xff"),
                                           Word("\xff\xff\xff\0\0\0\xff\xff")};
  static constexpr uint64_t kRest[] = {
      Word("\r\n$\0\r\n"), Word("\r\n$\0\0\r\n"), Word("\r\n$\0\0\0\r\n")};

  uint64_t word_ = 1;
  uint64_t mask_ = 0;  // No word matches: nothing is foreseen.
  BulkHeader header_ = {0, 0};
  uint64_t long_word_ = 0;
  uint64_t tail_ = 0;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_HEADER_PREDICTOR_H_
