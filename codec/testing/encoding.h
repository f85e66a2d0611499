// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The promises of every encoding of the codec, tested for one value.

#ifndef KEVY_REPLICA_CODEC_TESTING_ENCODING_H_
#define KEVY_REPLICA_CODEC_TESTING_ENCODING_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {

// The three functions that encode one value.
struct Encoding {
  std::function<size_t()> size;
  std::function<EncodeResult(absl::Span<char>)> encode;
  std::function<WireError(std::string*)> append;
};

// For types with the functions EncodedSize, Encode and Append.
template <typename Value>
Encoding EncodingOf(const Value& value) {
  return {[value] { return EncodedSize(value); },
          [value](absl::Span<char> out) { return Encode(value, out); },
          [value](std::string* out) { return Append(value, out); }};
}

// Expects that the value encodes to `bytes`. The size is exact, and all writes
// are within the room. Every shorter room gives kNoSpace and stays unchanged.
// Append() keeps the string's earlier bytes.
void ExpectEncodes(const Encoding& encoding, absl::string_view bytes);

// Expects `error` for any room, with the room unchanged.
void ExpectEncodeError(const Encoding& encoding, WireError error);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_ENCODING_H_
