// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A snapshot chunk is a bulk string with limits of its own.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_CHUNK_LIMITS_H_
#define KEVY_REPLICA_CODEC_INTERNAL_CHUNK_LIMITS_H_

#include <cstdint>
#include <limits>

#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// `before`: the number of bytes in the earlier chunks of the snapshot.
inline BulkLimits ChunkLimits(const Limits& limits, uint64_t before = 0) {
  constexpr uint64_t kNoEnd = std::numeric_limits<uint64_t>::max();
  const uint64_t left = limits.max_snapshot_bytes - before;
  if (left < limits.max_chunk_bytes) {
    return {left, WireError::kSnapshotTooLong, kNoEnd};
  }
  return {limits.max_chunk_bytes, WireError::kChunkTooLong, kNoEnd};
}

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_CHUNK_LIMITS_H_
