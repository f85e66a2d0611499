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

// The lines of a replica: each is taken whole, and an acknowledgement encodes
// to what decodes to the same.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

void Decode(absl::string_view bytes) {
  while (!bytes.empty()) {
    std::optional<Ack> ack;
    const DecodeResult result = DecodeAck(bytes, Limits(), &ack);
    FUZZ_CHECK(result.position <= bytes.size());
    if (!result.done()) {
      FUZZ_CHECK((result.outcome == Outcome::kError) ==
                 (bytes.size() > Limits().max_line_bytes));
      return;
    }
    FUZZ_CHECK(result.position == bytes.find('\n') + 1);
    if (ack.has_value()) {
      std::string encoded;
      FUZZ_CHECK(Append(*ack, &encoded) == WireError::kNone);
      std::optional<Ack> same;
      FUZZ_CHECK(DecodeAck(encoded, Limits(), &same).position ==
                 encoded.size());
      FUZZ_CHECK(same.has_value() && same->next_offset == ack->next_offset);
    }
    bytes.remove_prefix(result.position);
  }
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Decode(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
