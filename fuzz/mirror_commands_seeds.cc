// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of mirror_commands: random choices, with and without a target's
// description of its commands in front.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {
namespace {

// As Redis 7 describes two commands, one of them with a subcommand.
constexpr absl::string_view kDescription =
    "*2\r\n"
    "*7\r\n$3\r\nset\r\n:-3\r\n*2\r\n+write\r\n+denyoom\r\n:1\r\n:1\r\n:1\r\n"
    "*1\r\n+@string\r\n"
    "*10\r\n$4\r\nxadd\r\n:-2\r\n*1\r\n+write\r\n:1\r\n:-1\r\n:1\r\n*0\r\n"
    "*0\r\n*0\r\n*1\r\n"
    "*6\r\n$8\r\nxadd|key\r\n:-3\r\n*1\r\n+write\r\n:2\r\n:2\r\n:1\r\n";

}  // namespace

std::vector<Seed> Seeds() {
  std::string table(kDescription);
  table.resize((table.size() + 3) / 4 * 4, '\n');
  std::vector<Seed> seeds;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    codec_testing::Random random(seed);
    // The version: see Play of mirror_commands_fuzz.cc.
    std::string bytes = {static_cast<char>(random() % 8),
                         static_cast<char>(random() % 20)};
    const bool has_table = seed % 3 == 0;
    bytes += static_cast<char>(has_table ? table.size() / 4 : 0);
    if (has_table) bytes += table;
    for (size_t left = random() % 300; left > 0; --left) {
      bytes += static_cast<char>(random());
    }
    seeds.push_back({absl::StrCat("random ", seed), bytes});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
