// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of the golden files' reader: the golden files.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::string& name :
       codec_testing::ListFiles("testdata/golden", ".expected")) {
    const std::string path = absl::StrCat("testdata/golden/", name);
    seeds.push_back(
        {name, absl::StrCat(codec_testing::ReadFile(path + ".expected"),
                            absl::string_view("\0", 1),
                            codec_testing::ReadFile(path + ".resp"))});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
