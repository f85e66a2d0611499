// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of both Noise targets: the handshake messages of the published
// vectors, behind a byte for each side, and programs of random steps.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::string& name :
       codec_testing::ListFiles("testdata/noise", ".txt")) {
    const std::string text =
        codec_testing::ReadFile(absl::StrCat("testdata/noise/", name, ".txt"));
    int number = 0;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
      if (words[0] != "message") continue;
      const std::string side(1, static_cast<char>(number++ % 2));
      seeds.push_back({absl::StrCat(name, " ", number),
                       side + absl::HexStringToBytes(words[2])});
    }
  }
  for (uint64_t seed = 0; seed < 30; ++seed) {
    codec_testing::Random random(seed);
    std::string program;
    // A third of the programs is honest.
    const uint64_t steps = seed % 3 == 0 ? 4 : 9;
    program += static_cast<char>(seed % 2 == 0 ? 0 : random() % 256);
    program += static_cast<char>(random() % 256);
    for (int i = 0; i < 20; ++i) {
      program += static_cast<char>(random() % steps);
      program += static_cast<char>(random() % 256);
    }
    seeds.push_back({absl::StrCat("program ", seed), program});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
