// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of targets whose input is a list of choices: random bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    codec_testing::Random random(seed);
    std::string bytes(random() % 600, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    seeds.push_back({absl::StrCat("random ", seed), std::move(bytes)});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  for (uint64_t changes = 1 + (*random)() % 8; changes > 0; --changes) {
    const size_t at = bytes->empty() ? 0 : (*random)() % bytes->size();
    const char c = static_cast<char>((*random)());
    switch ((*random)() % 3) {
      case 0:
        bytes->insert(at, 1, c);
        break;
      case 1:
        bytes->erase(at, 1 + (*random)() % 4);
        break;
      default:
        if (!bytes->empty()) (*bytes)[at] = c;
    }
  }
}

}  // namespace kevy_replica
