// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One snapshot payload, decoded in many ways: all must tell the same.

#ifndef KEVY_REPLICA_CODEC_TESTING_PAYLOAD_RUN_H_
#define KEVY_REPLICA_CODEC_TESTING_PAYLOAD_RUN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {

// An event, and where it ended.
struct PayloadStep {
  std::string text;  // AppendText.
  uint64_t position = 0;
};

// What came of decoding some bytes, which are all there are.
struct PayloadRun {
  std::vector<PayloadStep> steps;
  WireError error = WireError::kNone;
  uint64_t position = 0;  // Of the error, or the end.
  std::string error_key;
  // How many bytes were given until the error came, or all.
  size_t given = 0;
};

// All but `given`, which hangs on how the bytes were cut.
bool operator==(const PayloadRun& a, const PayloadRun& b);
inline bool operator!=(const PayloadRun& a, const PayloadRun& b) {
  return !(a == b);
}
std::ostream& operator<<(std::ostream& out, const PayloadRun& run);

// How a payload is decoded.
struct PayloadWay {
  Limits limits;
  uint64_t now_ms = 0;
  Cuts cuts = Whole();
  // Where the unreadable page lies, which is beside each piece.
  Guard guard = Guard::kAfter;
  // How the decoder's scratch treats memory; without it, the build's default.
  std::optional<ByteBuffer::Memory> memory;
};

// Decodes `bytes` with a PayloadDecoder that is given one piece at a time, each
// in the place of the one before. `*visit` is given each event while it is
// valid.
// Aborts if the decoder breaks a rule that holds for any input: an error stays
// and nothing is delivered after it; positions do not fall; its memory follows
// what has come.
PayloadRun RunPayload(
    absl::string_view bytes, const PayloadWay& way,
    const std::function<void(const PayloadEvent&)>& visit = nullptr);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_PAYLOAD_RUN_H_
