// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A snapshot payload out of fuzz bytes.

#ifndef KEVY_REPLICA_TESTING_INTERNAL_FUZZ_PAYLOAD_H_
#define KEVY_REPLICA_TESTING_INTERNAL_FUZZ_PAYLOAD_H_

#include <cstdint>
#include <string>

#include "kevy_replica/testing/internal/fuzz_input.h"

namespace kevy_replica {
namespace testing_internal {

// Returns a well-formed payload of version 4 to 6 with at most 7 records, each
// with a key of its own, of at most 16 KB.
std::string FuzzPayload(uint64_t generation, uint64_t offset, FuzzInput* input);

}  // namespace testing_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_INTERNAL_FUZZ_PAYLOAD_H_
