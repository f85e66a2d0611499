// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Heartbeats: about once a second a primary tells its generation and its next
// offset.
//
//   +PING <generation> <next_offset>\r\n
//   +PING <next_offset>\r\n               older: the generation is unknown
//
// kevy 3.14 and later send them. 2.0.20 and embedded writers do not. A
// heartbeat takes up no offset. It may come inside a snapshot (observed on
// 3.18.0 and 5.4.0, between "+SNAPSHOT" and the first chunk).

#ifndef KEVY_REPLICA_CODEC_HEARTBEAT_H_
#define KEVY_REPLICA_CODEC_HEARTBEAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

struct Heartbeat {
  uint64_t generation = 0;   // 0: unknown. Real generations are above 0.
  uint64_t next_offset = 0;  // The offset of the next write.

  template <typename T>
  static auto ValueFields(const T& heartbeat) {
    return std::tie(heartbeat.generation, heartbeat.next_offset);
  }
};

// Appends `# heartbeat generation=7 next_offset=9`.
void AppendText(const Heartbeat& heartbeat, std::string* out);

// Decodes the heartbeat at the front of `input`. Errors: kUnknownElement,
// kBadControlLine, kLineTooLong.
DecodeResult DecodeHeartbeat(absl::string_view input, const Limits& limits,
                             Heartbeat* heartbeat);

// Writes a generation of 0 in the older form. Errors of encoding: kNoSpace.
size_t EncodedSize(const Heartbeat& heartbeat);
EncodeResult Encode(const Heartbeat& heartbeat, absl::Span<char> out);
WireError Append(const Heartbeat& heartbeat, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_HEARTBEAT_H_
