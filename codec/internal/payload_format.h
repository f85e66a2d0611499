// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The constants of a snapshot payload:
//
//   "KEVYSNAP" <u8 version>
//   <u64 generation> <u64 offset>    from version 5 on
//   <u8 opcode> <record>             any number of times
//   <u8 0>
//   <trailer>                        any bytes, from kevy 7.0 on
//
// All numbers are little-endian. The opcodes of records up to 6 are the values
// of RecordType.
//
// Source: kevy's documentation of its snapshots. Payloads of versions 4 and 6,
// which kevy 2.0.20, 3.18.0 and 5.4.0 wrote, confirm it (testdata/captures).

#ifndef KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_FORMAT_H_
#define KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_FORMAT_H_

#include <cstdint>

#include "absl/strings/string_view.h"

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

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_FORMAT_H_
