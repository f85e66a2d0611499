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

// What replay_main runs a fuzz target over.

#ifndef KEVY_REPLICA_FUZZ_SEEDS_H_
#define KEVY_REPLICA_FUZZ_SEEDS_H_

#include <string>
#include <vector>

#include "kevy_replica/codec/testing/random_stream.h"

namespace kevy_replica {

struct Seed {
  std::string name;
  std::string bytes;
};

// The corpus; each target links one: stream_seeds.cc or payload_seeds.cc.
std::vector<Seed> Seeds();

// Changes a copy of a seed.
void MutateSeed(codec_testing::Random* random, std::string* bytes);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_FUZZ_SEEDS_H_
