// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The bounds on a peer's claims.

#ifndef KEVY_REPLICA_CODEC_LIMITS_H_
#define KEVY_REPLICA_CODEC_LIMITS_H_

#include <cstdint>
#include <limits>
#include <string>
#include <tuple>

#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// A claim past a limit is an error at the digit that passes it. For the bytes
// of a frame it is an error at the end of the line that declares too many. In
// either case nothing is allocated for the claim.
//
// The defaults are those of kevy's own parser. For frames and snapshots kevy
// has none; a sound primary stays far below these.
//
// On 32-bit machines the limits of a frame and its parts must be below 2 GiB.
struct Limits {
  // Arguments of one command. Default: 1,048,576 arguments.
  uint64_t max_arguments = 1'048'576;
  // Length of one argument, or of one string. Default: 512 MiB.
  uint64_t max_bulk_bytes = 512ull << 20;
  // Length of one frame, with its envelope. Default: 1 GiB.
  uint64_t max_frame_bytes = 1ull << 30;
  // Length of one line, with its CRLF. Default: 256 bytes.
  uint64_t max_line_bytes = 256;
  // Length of one snapshot chunk. Default: 64 KiB.
  uint64_t max_chunk_bytes = 64ull << 10;
  // Length of all chunks of one snapshot. Snapshots are decoded as they arrive,
  // so a large one needs no more memory than a small one. A caller that gathers
  // a snapshot in memory sets its limit here. Default: none (2^64 - 1 bytes).
  uint64_t max_snapshot_bytes = std::numeric_limits<uint64_t>::max();
  // Length of the trailer of one snapshot's payload. Default: 1 MiB.
  uint64_t max_trailer_bytes = 1ull << 20;

  template <typename T>
  static auto ValueFields(const T& limits) {
    return std::tie(limits.max_arguments, limits.max_bulk_bytes,
                    limits.max_frame_bytes, limits.max_line_bytes,
                    limits.max_chunk_bytes, limits.max_snapshot_bytes,
                    limits.max_trailer_bytes);
  }
};

// Appends the limits by name: `max_arguments=1048576 max_bulk_bytes=...`.
void AppendText(const Limits& limits, std::string* out);

// The largest offset of a frame. It is fixed by the wire, where an offset is a
// RESP integer.
inline constexpr uint64_t kMaxFrameOffset = (uint64_t{1} << 63) - 1;

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_LIMITS_H_
