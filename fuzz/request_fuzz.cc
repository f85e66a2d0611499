// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Handshake requests: a decoded one is valid, and survives encoding.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

void Decode(absl::string_view bytes) {
  ArgvStorage storage;
  HandshakeRequest request;
  const DecodeResult result =
      DecodeHandshakeRequest(bytes, Limits(), &storage, &request);
  FUZZ_CHECK(result.bytes_decoded <= bytes.size());
  if (!result.done()) {
    // One byte more keeps the error.
    if (result.outcome != Outcome::kError) return;
    const std::string longer = std::string(bytes) + "*";
    const DecodeResult again =
        DecodeHandshakeRequest(longer, Limits(), &storage, &request);
    FUZZ_CHECK(again.error == result.error);
    FUZZ_CHECK(again.bytes_decoded == result.bytes_decoded);
    return;
  }
  // The request is complete with its last byte, not earlier.
  FUZZ_CHECK(DecodeHandshakeRequest(bytes.substr(0, result.bytes_decoded - 1),
                                    Limits(), &storage, &request)
                 .outcome == Outcome::kNeedMore);
  FUZZ_CHECK(
      DecodeHandshakeRequest(bytes, Limits(), &storage, &request).done());

  std::string encoded;
  FUZZ_CHECK(Append(request, &encoded) == WireError::kNone);
  FUZZ_CHECK(encoded.size() == EncodedSize(request));
  HandshakeRequest same;
  FUZZ_CHECK(DecodeHandshakeRequest(encoded, Limits(), &storage, &same)
                 .bytes_decoded == encoded.size());
  FUZZ_CHECK(same.protocol == request.protocol);
  FUZZ_CHECK(same.generation == request.generation);
  FUZZ_CHECK(same.offset == request.offset);
  FUZZ_CHECK(same.replica_id == request.replica_id);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Decode(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
