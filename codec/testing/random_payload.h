// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Random snapshot payloads from a seed, sound and broken.

#ifndef KEVY_REPLICA_CODEC_TESTING_RANDOM_PAYLOAD_H_
#define KEVY_REPLICA_CODEC_TESTING_RANDOM_PAYLOAD_H_

#include <string>

#include "kevy_replica/codec/testing/random_stream.h"

namespace kevy_replica {
namespace codec_testing {

// Returns a well-formed payload of a few records, of any version. In version 7
// it may have a row-segment stub.
std::string RandomPayload(Random* random);

// The same with rows of alike records, and of alike elements in long
// collections. Some have other lengths in between.
std::string RandomAlikePayload(Random* random);

// Changes, removes, adds or repeats some bytes. Prefers small numbers, the
// values of opcodes, flags, counts and lengths.
void MutatePayload(Random* random, std::string* bytes);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_RANDOM_PAYLOAD_H_
