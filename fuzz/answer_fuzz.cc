// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Answers of a handshake: a decoded one survives encoding.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

void Decode(absl::string_view bytes) {
  HandshakeAnswer answer;
  const DecodeResult result = DecodeHandshakeAnswer(bytes, Limits(), &answer);
  FUZZ_CHECK(result.bytes_decoded <= bytes.size());
  // An answer is incomplete at most as long as a line may be.
  if (bytes.size() > Limits().max_line_bytes) {
    FUZZ_CHECK(result.outcome != Outcome::kNeedMore);
  }
  if (!result.done()) return;
  FUZZ_CHECK(DecodeHandshakeAnswer(bytes.substr(0, result.bytes_decoded - 1),
                                   Limits(), &answer)
                 .outcome == Outcome::kNeedMore);
  std::string encoded;
  FUZZ_CHECK(Append(answer, &encoded) == WireError::kNone);
  FUZZ_CHECK(encoded.size() == EncodedSize(answer));
  FUZZ_CHECK(encoded.size() <= result.bytes_decoded);  // Without leading zeros.
  HandshakeAnswer same;
  FUZZ_CHECK(DecodeHandshakeAnswer(encoded, Limits(), &same).bytes_decoded ==
             encoded.size());
  FUZZ_CHECK(same.protocol == answer.protocol);
  FUZZ_CHECK(same.generation == answer.generation);
  FUZZ_CHECK(same.offset == answer.offset);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Decode(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
