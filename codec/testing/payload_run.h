// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes one snapshot payload in many ways, for tests that all give the same
// result.

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
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {

// An event, and its end.
struct PayloadStep {
  std::string text;  // AppendText.
  uint64_t bytes_decoded = 0;
};

// The result of decoding a whole input.
struct PayloadRun {
  std::vector<PayloadStep> steps;
  WireError error = WireError::kNone;
  uint64_t bytes_decoded = 0;  // Of the error, or the end.
  std::string error_key;
  std::string trailer;  // All pieces; one step shows them.
  // The number of bytes given before the error, or all.
  size_t given = 0;
};

// Compares all but `given`, which depends on the cuts.
bool operator==(const PayloadRun& a, const PayloadRun& b);
inline bool operator!=(const PayloadRun& a, const PayloadRun& b) {
  return !(a == b);
}
std::ostream& operator<<(std::ostream& out, const PayloadRun& run);

// The functions of PayloadDecoder that decode.
enum class PayloadBy : uint8_t {
  kEvents,   // Next() alone.
  kRecords,  // NextRecords(), and Next() where it gives none.
  kInTurn,   // One call of each.
};
inline constexpr PayloadBy kEveryPayloadBy[] = {
    PayloadBy::kEvents, PayloadBy::kRecords, PayloadBy::kInTurn};

// The way to decode a payload.
struct PayloadWay {
  Limits limits;
  uint64_t now_ms = 0;
  Cuts cuts = Whole();
  // The place of the unreadable page beside each piece. Default: behind it.
  Guard guard = Guard::kAfter;
  // The policy of the decoder's scratch. Default: that of the build.
  std::optional<internal::ByteBuffer::Memory> memory;
  // Whether PayloadRun::steps is filled. Texts take most of a run's time.
  bool keeps_steps = true;
  PayloadBy by = PayloadBy::kEvents;
  // The argument of NextRecords(). Default: its own.
  size_t max_records = PayloadDecoder::kBatch;
};

// Decodes `bytes`, one piece at a time, with a PayloadDecoder. Each piece lies
// in the place of the one before. Calls `*visit` with each event while it is
// valid. The events of a record are steps as any others. Each has its own
// position, by the place of its strings in the piece.
//
// Aborts if the decoder breaks a rule that holds for any input. An error stays
// and ends delivery. The count of bytes does not fall. Its memory follows the
// received bytes. The strings of records are views of the piece, and the last
// one ends where the decoder's count does.
PayloadRun RunPayload(
    absl::string_view bytes, const PayloadWay& way,
    const std::function<void(const PayloadEvent&)>& visit = nullptr);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_PAYLOAD_RUN_H_
