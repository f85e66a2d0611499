// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The text in which a FilePositionStore keeps positions: for people to read,
// and such that no damage goes unseen.
//
//   kevy_replica positions 1
//   shard-0 7270893326363503:39
//   shard-1 7270893326363503:1002
//   end 2 10247940529964133859
//
// The first line says what it is, in which version of this format. Then a line
// for each name, sorted as bytes. The last line has their number and the 64-bit
// FNV-1a hash of every byte before it, in decimal.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_POSITIONS_TEXT_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_POSITIONS_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/internal/position_map.h"

namespace kevy_replica {
namespace client_internal {

std::string FormatPositions(const PositionMap& positions);

// Takes only what FormatPositions() gives, to the byte. kDataLoss otherwise,
// with a message that goes on from the file's name: "is damaged: ...".
absl::StatusOr<PositionMap> ParsePositions(absl::string_view text);

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_POSITIONS_TEXT_H_
