// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// How much a decoder is ready to hold.

#ifndef KEVY_REPLICA_CODEC_LIMITS_H_
#define KEVY_REPLICA_CODEC_LIMITS_H_

#include <cstdint>
#include <string>
#include <tuple>

#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// The bounds that a decoder puts on a peer's claims. A claim past one is an
// error as soon as the digit that passes it has come (for a frame's bytes: the
// end of the line that declares too many), before anything is held for it. The
// defaults are what kevy's own parser takes, and for frames and snapshots,
// where kevy sets none, what a sound primary stays far below.
// On 32-bit machines those of a frame and its parts must be below 2 GiB.
struct Limits {
  uint64_t max_arguments = 1'048'576;         // Of one command.
  uint64_t max_bulk_bytes = 512ull << 20;     // Of one argument, or string.
  uint64_t max_frame_bytes = 1ull << 30;      // Envelope included.
  uint64_t max_line_bytes = 256;              // CRLF included.
  uint64_t max_chunk_bytes = 64ull << 10;     // Of a snapshot chunk.
  uint64_t max_snapshot_bytes = 16ull << 30;  // All its chunks.

  friend auto ValueFields(const Limits& limits) {
    return std::tie(limits.max_arguments, limits.max_bulk_bytes,
                    limits.max_frame_bytes, limits.max_line_bytes,
                    limits.max_chunk_bytes, limits.max_snapshot_bytes);
  }
};

// Appends the limits by name: `max_arguments=1048576 max_bulk_bytes=...`.
void AppendText(const Limits& limits, std::string* out);

// Not a choice but a fact of the wire: an offset is a RESP integer there, so no
// frame can bear a larger one.
inline constexpr uint64_t kMaxFrameOffset = (uint64_t{1} << 63) - 1;

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_LIMITS_H_
