// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of token, key_file and escape: one text of each form, and of some
// faults.

#include <string>
#include <vector>

#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  const std::string key = std::string(32, 'a') + std::string(32, '7');
  std::vector<Seed> seeds;
  for (const std::string& text :
       {std::string("*4\r\n:6799436635099686\r\n:5\r\n:5215537618849369\r\n"
                    ":1\r\n"),
        std::string("*2\r\n:1\r\n:18446744073709551615\r\n"),
        std::string("*3\r\n:1\r\n:2\r\n:3\r\n"),
        std::string("*2\r\n:0\r\n:1\r\n"),
        std::string("6799436635099686 5 5215537618849369 1"),
        std::string("77,5"),
        std::string("77 5\r\n"),
        std::string("0 1"),
        std::string("5.4.0"),
        std::string("7.0"),
        std::string("7"),
        std::string("7.0.0-rc.1"),
        std::string("7.0.0+build"),
        key,
        key + "\n",
        key + "\r\n",
        key + "\n\n",
        key + " ",
        "0x" + key,
        std::string(63, 'F'),
        std::string(64, 'g'),
        std::string("\x1b[2J\r\n\t\a\b\f\"\\\x7f"),
        std::string("gr\u00fc\u00df \u20ac \U0001f600"),
        std::string("\u0085\u009b\u2028\u2029"),
        std::string("\xed\xa0\x80"),
        std::string("\xc0\x80\xff")}) {
    seeds.push_back({text, text});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
