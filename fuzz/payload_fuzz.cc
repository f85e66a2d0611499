// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Snapshot payloads: the decoder gives the result of the reference decoder in
// any pieces: one piece, single bytes, sizes of the input's choice; by single
// events, by records, and by both in turn. A complete payload of an encodable
// version encodes to the same bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/testing/reference_payload.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::Cuts;
using ::kevy_replica::codec_testing::PayloadBy;
using ::kevy_replica::codec_testing::PayloadRun;
using ::kevy_replica::codec_testing::PayloadWay;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::RandomPieces;
using ::kevy_replica::codec_testing::ReferencePayload;
using ::kevy_replica::codec_testing::RunPayload;

// Limits within the reach of short inputs.
Limits Tight() {
  Limits limits;
  limits.max_bulk_bytes = 40;
  limits.max_snapshot_bytes = 120;
  limits.max_trailer_bytes = 20;
  return limits;
}

// The bytes of the input, from its end on, are the sizes of the pieces. So a
// fuzzer can move a cut by changing one late byte.
Cuts PiecesByInput(absl::string_view bytes) {
  return [bytes, at = bytes.size()](size_t left) mutable {
    at = at == 0 ? bytes.size() - 1 : at - 1;
    const size_t size = static_cast<unsigned char>(bytes[at]) % 32;
    return std::min(left, size + 1);
  };
}

void Decode(absl::string_view bytes, const Limits& limits) {
  PayloadWay way;
  way.limits = limits;
  way.now_ms = 1'000'000'000'000;
  const PayloadRun expected = ReferencePayload(bytes, way);
  PayloadEncoder encoder;
  std::string encoded;
  WireError error = WireError::kNone;
  FUZZ_CHECK(RunPayload(bytes, way, [&](const PayloadEvent& event) {
               if (error == WireError::kNone) {
                 error = encoder.Append(event, &encoded);
               }
             }) == expected);
  way.by = PayloadBy::kRecords;
  FUZZ_CHECK(RunPayload(bytes, way) == expected);
  // Each input has one policy of the memory for each way to cut, and one size
  // of a batch.
  way.max_records = 1 + bytes.size() % PayloadDecoder::kBatch;
  const bool is_odd = bytes.size() % 2 != 0;
  const auto reuse = internal::ByteBuffer::Memory::kReuse;
  const auto fresh = internal::ByteBuffer::Memory::kFresh;
  way.cuts = PiecesByInput(bytes);
  way.memory = is_odd ? reuse : fresh;
  FUZZ_CHECK(RunPayload(bytes, way) == expected);
  way.cuts = Pieces(1);
  way.by = is_odd ? PayloadBy::kEvents : PayloadBy::kInTurn;
  way.memory = is_odd ? fresh : reuse;
  FUZZ_CHECK(RunPayload(bytes, way) == expected);
  way.cuts = RandomPieces(bytes.size());
  way.by = is_odd ? PayloadBy::kInTurn : PayloadBy::kEvents;
  way.memory = bytes.size() % 4 < 2 ? reuse : fresh;
  FUZZ_CHECK(RunPayload(bytes, way) == expected);
  if (expected.error != WireError::kNone) return;
  FUZZ_CHECK(bytes.size() > 8);
  const bool can_be_encoded = bytes[8] >= 4 && bytes[8] <= 6;
  FUZZ_CHECK((error == WireError::kNone) == can_be_encoded);
  FUZZ_CHECK(!can_be_encoded || encoded == bytes);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Decode(bytes, kevy_replica::Limits());
  kevy_replica::Decode(bytes, kevy_replica::Tight());
  return 0;
}
