// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of streams: the captures and the golden files.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const char* folder : {"testdata/captures", "testdata/golden"}) {
    for (const std::string& name : codec_testing::ListFiles(folder, ".resp")) {
      const std::string path = absl::StrCat(folder, "/", name);
      seeds.push_back({path, codec_testing::ReadFile(path + ".resp")});
    }
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
