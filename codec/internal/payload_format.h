// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The constants and values of a snapshot payload:
//
//   "KEVYSNAP" <u8 version>
//   <u64 generation> <u64 offset>    from version 5 on
//   <u8 opcode> <record>             any number of times
//   <u8 0>
//   <trailer>                        any bytes, from kevy 7.0 on
//
// All numbers are little-endian. A string is a u32 length and that many bytes.
// The opcodes of records up to 6 are the values of RecordType.
//
// Source: kevy's documentation of its snapshots. Payloads of versions 4 and 6,
// which kevy 2.0.20, 3.18.0 and 5.4.0 wrote, confirm it (testdata/captures).

#ifndef KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_FORMAT_H_
#define KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/load.h"

namespace kevy_replica {
namespace internal {

inline constexpr absl::string_view kPayloadMagic = "KEVYSNAP";

inline constexpr uint8_t kMinPayloadVersion = 2;
inline constexpr uint8_t kMaxPayloadVersion = 7;

// The first version that has each.
inline constexpr uint8_t kAbsoluteExpirySince = 3;
inline constexpr uint8_t kStreamGroupsSince = 4;
inline constexpr uint8_t kPositionSince = 5;
inline constexpr uint8_t kFieldExpirySince = 6;
inline constexpr uint8_t kRowSegmentSince = 7;

inline constexpr uint8_t kEndOpcode = 0;
inline constexpr uint8_t kFieldExpiryOpcode = 7;
inline constexpr uint8_t kRowSegmentOpcode = 8;

// Reads the string at `*p`, and moves `*p` behind it, if it lies whole before
// `end` and has at most `max_bytes`. Returns whether it does.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool TakeWireString(
    const char* end, uint64_t max_bytes, const char** p,
    absl::string_view* string) {
  constexpr size_t kLengthBytes = 4;
  const size_t left = static_cast<size_t>(end - *p);
  if (ABSL_PREDICT_FALSE(left < kLengthBytes)) return false;
  const size_t size = LoadLittleEndian32(*p);
  if (ABSL_PREDICT_FALSE(size > left - kLengthBytes)) return false;
  if (ABSL_PREDICT_FALSE(size > max_bytes)) return false;
  *string = absl::string_view(*p + kLengthBytes, size);
  *p += kLengthBytes + size;
  return true;
}

// A time of the wire, which counts from `base_ms`: the time of reading before
// kAbsoluteExpirySince, and 0 since.
inline uint64_t ExpiryAt(uint64_t base_ms, uint64_t ms) {
  constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  return ms > kNever - base_ms ? kNever : base_ms + ms;
}

// A score of the wire.
inline double DoubleOf(uint64_t bits) {
  static_assert(std::numeric_limits<double>::is_iec559, "IEEE 754");
  double number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_FORMAT_H_
