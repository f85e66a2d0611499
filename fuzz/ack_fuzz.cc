// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Lines of a replica: each is read whole, and the acknowledgement in it
// survives encoding.

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
    FUZZ_CHECK(result.bytes_decoded <= bytes.size());
    if (!result.done()) {
      FUZZ_CHECK((result.outcome == Outcome::kError) ==
                 (bytes.size() > Limits().max_line_bytes));
      return;
    }
    FUZZ_CHECK(result.bytes_decoded == bytes.find('\n') + 1);
    if (ack.has_value()) {
      std::string encoded;
      FUZZ_CHECK(Append(*ack, &encoded) == WireError::kNone);
      std::optional<Ack> same;
      FUZZ_CHECK(DecodeAck(encoded, Limits(), &same).bytes_decoded ==
                 encoded.size());
      FUZZ_CHECK(same.has_value() && same->next_offset == ack->next_offset);
    }
    bytes.remove_prefix(result.bytes_decoded);
  }
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Decode(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
