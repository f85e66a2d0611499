// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The text of a positions file: people can read it, and every damage to it is
// detected.
//
//   kevy_replica positions 1
//   shard-0 7270893326363503:39
//   shard-1 7270893326363503:1002
//   end 2 10247940529964133859
//
// The first line names the format and its version. Then comes a line for each
// name, sorted by bytes. The last line has the number of names and the 64-bit
// FNV-1a hash of every byte before the hash, in decimal.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_POSITIONS_TEXT_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_POSITIONS_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/internal/position_map.h"

namespace kevy_replica {
namespace client_internal {

std::string FormatPositions(const PositionMap& positions);

// Accepts exactly the output of FormatPositions(). Otherwise kDataLoss, with a
// message that continues a sentence begun with the file's name:
// "is damaged: ...".
absl::StatusOr<PositionMap> ParsePositions(absl::string_view text);

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_POSITIONS_TEXT_H_
