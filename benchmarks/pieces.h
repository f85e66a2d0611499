// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Hands out bytes as a socket does, in pieces.

#ifndef KEVY_REPLICA_BENCHMARKS_PIECES_H_
#define KEVY_REPLICA_BENCHMARKS_PIECES_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace benchmarks {

// The most that one read returns: the default of ReplicaClientOptions.
inline constexpr size_t kPiece = 256 << 10;

// Calls `take(bytes)` for each piece of `piece` bytes (at least 1), in order.
template <typename Take>
void ForEachPiece(absl::string_view bytes, size_t piece, Take take) {
  while (!bytes.empty()) {
    take(bytes.substr(0, piece));
    bytes.remove_prefix(piece < bytes.size() ? piece : bytes.size());
  }
}

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_PIECES_H_
