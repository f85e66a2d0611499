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

// A handshake's answer: what is taken encodes to what decodes to the same.

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
  FUZZ_CHECK(result.position <= bytes.size());
  // No answer is waited for longer than a line may be.
  if (bytes.size() > Limits().max_line_bytes) {
    FUZZ_CHECK(result.outcome != Outcome::kNeedMore);
  }
  if (!result.done()) return;
  FUZZ_CHECK(DecodeHandshakeAnswer(bytes.substr(0, result.position - 1),
                                   Limits(), &answer)
                 .outcome == Outcome::kNeedMore);
  std::string encoded;
  FUZZ_CHECK(Append(answer, &encoded) == WireError::kNone);
  FUZZ_CHECK(encoded.size() == EncodedSize(answer));
  FUZZ_CHECK(encoded.size() <= result.position);  // Leading zeros go.
  HandshakeAnswer same;
  FUZZ_CHECK(DecodeHandshakeAnswer(encoded, Limits(), &same).position ==
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
