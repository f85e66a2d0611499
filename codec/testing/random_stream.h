// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Random streams from a seed, sound and broken.

#ifndef KEVY_REPLICA_CODEC_TESTING_RANDOM_STREAM_H_
#define KEVY_REPLICA_CODEC_TESTING_RANDOM_STREAM_H_

#include <random>
#include <string>

namespace kevy_replica {
namespace codec_testing {

using Random = std::mt19937_64;

// Returns a well-formed stream of a few elements, without an answer.
std::string RandomStream(Random* random);

// Changes, removes, adds or repeats some bytes. Prefers those with a meaning in
// the protocol.
void Mutate(Random* random, std::string* bytes);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_RANDOM_STREAM_H_
