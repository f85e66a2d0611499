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

// What primaries and replicas send: the captures and the golden files.

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
