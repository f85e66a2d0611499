// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of positions files: written ones, and some without a right end.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kevy_replica/client/internal/positions_text.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  const std::string two = client_internal::FormatPositions(
      {{"shard-0", {7270893326363503, 39}}, {"shard-1", {1, 0}}});
  return {{"none", client_internal::FormatPositions({})},
          {"one", client_internal::FormatPositions({{"a", {0, 0}}})},
          {"two", two},
          {"two texts", absl::StrCat(two, two)},
          {"cut short", two.substr(0, two.size() - 1)},
          {"later version", "kevy_replica positions 2\nend 0 1\n"},
          {"twice", "kevy_replica positions 1\na 1:1\na 1:1\nend 2 1\n"},
          {"other file", "port 6004\n"}};
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
