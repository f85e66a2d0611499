// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// From a value to bytes: check, size, room, write.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_ENCODE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_ENCODE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

inline constexpr absl::string_view kCrlf = "\r\n";

// A mark, the digits of any u64, CRLF.
inline constexpr size_t kMaxHeaderSize = 23;

// Each writes at `p` and returns the end.
//
// Precondition: `text` is not empty.
inline char* WriteText(absl::string_view text, char* p) {
  std::memcpy(p, text.data(), text.size());
  return p + text.size();
}
// Copies the first and the last `n` of `size` bytes, which may overlap: all
// bytes, if `size` is `n` to `2 * n`.
template <size_t n>
void CopyEnds(const char* from, size_t size, char* p) {
  char first[n];
  char last[n];
  std::memcpy(first, from, n);
  std::memcpy(last, from + size - n, n);
  std::memcpy(p, first, n);
  std::memcpy(p + size - n, last, n);
}
// WriteText() for an argument, without a call of memcpy up to 32 bytes: 1.1 to
// 1.8 times as fast (Encode/span/set57, hset17).
ABSL_ATTRIBUTE_ALWAYS_INLINE inline char* WriteArgument(absl::string_view bytes,
                                                        char* p) {
  const char* const from = bytes.data();
  const size_t size = bytes.size();
  if (size > 32) {
    std::memcpy(p, from, size);
  } else if (size >= 16) {
    CopyEnds<16>(from, size, p);
  } else if (size >= 8) {
    CopyEnds<8>(from, size, p);
  } else if (size >= 4) {
    CopyEnds<4>(from, size, p);
  } else if (size >= 2) {
    CopyEnds<2>(from, size, p);
  } else if (size == 1) {
    *p = *from;
  }
  return p + size;
}
// "<mark><number>\r\n"
inline char* WriteHeader(char mark, uint64_t number, char* p) {
  *p++ = mark;
  return WriteText(kCrlf, WriteDecimal(number, p));
}
inline size_t HeaderSize(uint64_t number) {
  return 1 + DecimalSize(number) + 2;
}
// "$<length>\r\n<bytes>\r\n"
ABSL_ATTRIBUTE_ALWAYS_INLINE inline char* WriteBulk(absl::string_view bytes,
                                                    char* p) {
  p = WriteHeader('$', bytes.size(), p);
  return WriteText(kCrlf, WriteArgument(bytes, p));
}
inline size_t BulkSize(absl::string_view bytes) {
  return HeaderSize(bytes.size()) + bytes.size() + 2;
}
// An upper bound of BulkSize(), without the number of digits: see Fits() in
// frame.cc.
inline size_t MaxBulkSize(absl::string_view bytes) {
  return kMaxHeaderSize + bytes.size() + 2;
}

// Makes room for `size` more bytes. It doubles the capacity: reserve() may
// allocate exactly its argument, and each of many small elements would then
// copy all earlier ones.
inline void MakeRoom(size_t size, std::string* out) {
  const size_t needed = out->size() + size;
  if (needed <= out->capacity()) return;
  out->reserve(std::max(needed, 2 * out->capacity()));
}
// Appends as WriteBulk() writes, for long strings: without the zeros that
// resize() writes first.
inline void AppendBulk(absl::string_view bytes, std::string* out) {
  MakeRoom(BulkSize(bytes), out);
  char header[kMaxHeaderSize];
  const char* const end = WriteHeader('$', bytes.size(), header);
  out->append(header, static_cast<size_t>(end - header));
  out->append(bytes.data(), bytes.size());
  out->append(kCrlf.data(), kCrlf.size());
}

// `error` is the error of the value, or kNone. `write(p)` writes `size` bytes
// at `p`.
template <typename Write>
EncodeResult EncodeInto(absl::Span<char> out, WireError error, size_t size,
                        const Write& write) {
  if (error != WireError::kNone) return {error, 0};
  if (out.size() < size) return {WireError::kNoSpace, 0};
  write(out.data());
  return {WireError::kNone, size};
}

template <typename Write>
WireError AppendTo(std::string* out, WireError error, size_t size,
                   const Write& write) {
  if (error != WireError::kNone) return error;
  const size_t begin = out->size();
  out->resize(begin + size);
  write(&(*out)[begin]);
  return WireError::kNone;
}

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_ENCODE_H_
