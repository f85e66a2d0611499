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

// Bytes handed out as a socket does it: some at a time.

#ifndef KEVY_REPLICA_BENCHMARKS_PIECES_H_
#define KEVY_REPLICA_BENCHMARKS_PIECES_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace benchmarks {

// The most that one read gives: the default of ReplicaClientOptions.
inline constexpr size_t kPiece = 256 << 10;

// Calls `take(bytes)` for each `piece` of `bytes` (1 or more) in their order.
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
