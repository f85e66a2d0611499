// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

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

// `before`: how many bytes the snapshot's chunks before it have held.
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
