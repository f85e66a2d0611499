// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What every encoding of the codec promises, tested for one value.

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

// Expects that the value becomes `bytes`: the size is exact, nothing is written
// outside the room, every shorter room gives kNoSpace and stays as it was, and
// what stands in a string before stays.
void ExpectEncodes(const Encoding& encoding, absl::string_view bytes);

// Expects that the value cannot be encoded, whatever the room, and that nothing
// is written.
void ExpectEncodeError(const Encoding& encoding, WireError error);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_ENCODING_H_
