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

// Snapshot payloads made up from a seed, sound and broken ones.

#ifndef KEVY_REPLICA_CODEC_TESTING_RANDOM_PAYLOAD_H_
#define KEVY_REPLICA_CODEC_TESTING_RANDOM_PAYLOAD_H_

#include <string>

#include "kevy_replica/codec/testing/random_stream.h"

namespace kevy_replica {
namespace codec_testing {

// A well-formed payload of a few records, of any version; in version 7 it may
// have a row-segment stub.
std::string RandomPayload(Random* random);

// Changes, removes, adds or repeats some bytes, with a liking for small
// numbers, which is what opcodes, flags, counts and lengths are.
void MutatePayload(Random* random, std::string* bytes);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_RANDOM_PAYLOAD_H_
