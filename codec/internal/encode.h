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

// The one way from a value to bytes: check, size, room, write.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_ENCODE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_ENCODE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

inline constexpr absl::string_view kCrlf = "\r\n";

// Each writes at `p` and returns the end.
inline char* WriteText(absl::string_view text, char* p) {
  if (!text.empty()) std::memcpy(p, text.data(), text.size());
  return p + text.size();
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
inline char* WriteBulk(absl::string_view bytes, char* p) {
  return WriteText(kCrlf, WriteText(bytes, WriteHeader('$', bytes.size(), p)));
}
inline size_t BulkSize(absl::string_view bytes) {
  return HeaderSize(bytes.size()) + bytes.size() + 2;
}

// `error` is what is wrong with the value; `write(p)` writes `size` bytes at
// `p`.
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
