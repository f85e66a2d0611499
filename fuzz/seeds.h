// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seed corpus of a fuzz target, for replay_main.

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

// Returns the corpus. Each target links one of the files *_seeds.cc.
std::vector<Seed> Seeds();

// Changes a copy of a seed.
void MutateSeed(codec_testing::Random* random, std::string* bytes);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_FUZZ_SEEDS_H_
