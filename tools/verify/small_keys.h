// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Compares many small keys in few round trips.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_SMALL_KEYS_H_
#define KEVY_REPLICA_TOOLS_VERIFY_SMALL_KEYS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {

// Finds those of `keys` that are surely equal, by CompareKey()'s rules. Three
// round trips to each side: types and deadlines, sizes, whole values. A value
// of at most 64 KiB or 128 elements is small. Streams, and hashes where both
// sides know deadlines of fields, are left to CompareKey().
//
// Returns for each key its type if it is equal, and otherwise "". Errors:
// Server's, but a reply over a limit makes no key equal.
absl::StatusOr<std::vector<std::string>> FindEqualSmallKeys(
    absl::Span<const std::string> keys, absl::Duration tolerance,
    Server* primary, Server* target);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_SMALL_KEYS_H_
