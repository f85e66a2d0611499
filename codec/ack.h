// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Acknowledgements: the replica tells the primary its next offset.
//
//   REPLCONF ACK <next_offset>\r\n
//
// A plain line on the same connection, about every 100 ms while frames flow and
// after each heartbeat. kevy 3.18.0 and 5.4.0 show it in INFO replication and
// count it in WAIT; 2.0.20 ignores it (observed).

#ifndef KEVY_REPLICA_CODEC_ACK_H_
#define KEVY_REPLICA_CODEC_ACK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

struct Ack {
  uint64_t next_offset = 0;  // The next offset needed: last applied + 1.

  template <typename T>
  static auto ValueFields(const T& ack) {
    return std::tie(ack.next_offset);
  }
};

// Appends `ack next_offset=9`.
void AppendText(const Ack& ack, std::string* out);

// Decodes the line at the front of `input`, as a primary does. On kDone one
// line was read. `*ack` is empty if the line is something else: a primary skips
// unknown lines. Error: kLineTooLong.
DecodeResult DecodeAck(absl::string_view input, const Limits& limits,
                       std::optional<Ack>* ack);

// Errors of encoding: kNoSpace.
size_t EncodedSize(const Ack& ack);
EncodeResult Encode(const Ack& ack, absl::Span<char> out);
WireError Append(const Ack& ack, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_ACK_H_
