// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Loads of words, the same on every machine.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_LOAD_H_
#define KEVY_REPLICA_CODEC_INTERNAL_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/base/attributes.h"
#include "absl/base/config.h"

namespace kevy_replica {
namespace internal {

// Returns the 8 bytes at `p` as a number whose lowest byte is p[0]. The byte
// order of the machine and the alignment of `p` do not matter.
inline uint64_t LoadLittleEndian64(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
#ifdef ABSL_IS_BIG_ENDIAN
  word = __builtin_bswap64(word);
#endif
  return word;
}

// The same for 4 bytes.
inline uint32_t LoadLittleEndian32(const char* p) {
  uint32_t word;
  std::memcpy(&word, p, sizeof word);
#ifdef ABSL_IS_BIG_ENDIAN
  word = __builtin_bswap32(word);
#endif
  return word;
}

// Returns LoadLittleEndian64() of a constant, for comparisons.
template <size_t n>
constexpr uint64_t Word(const char (&text)[n]) {
  static_assert(n - 1 <= 8, "more than a word");
  uint64_t word = 0;
  for (size_t i = 0; i + 1 < n; ++i) {
    word |= static_cast<uint64_t>(static_cast<unsigned char>(text[i]))
            << (8 * i);
  }
  return word;
}

// Asks for the cache line that lies `ahead` bytes behind `p`, which need not be
// there: nothing is read. (Always inline: g++ takes a function that does
// nothing else for one that does nothing, and leaves it out.)
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Prefetch(const char* p, size_t ahead) {
#if defined(__GNUC__)
  __builtin_prefetch(reinterpret_cast<const void*>(
      reinterpret_cast<uintptr_t>(p) + uintptr_t{ahead}));
#else
  static_cast<void>(p);
  static_cast<void>(ahead);
#endif
}

// Returns a word whose lowest `n` bytes are set; all of them from 8 on.
constexpr uint64_t FirstBytes(size_t n) {
  return n >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * n)) - 1;
}

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_LOAD_H_
