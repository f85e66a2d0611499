// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of flags: one of each form, and of some faults.

#include <string>
#include <vector>

#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const char* text : {"7270893326363503:39",
                           "0:0",
                           "now",
                           "auto",
                           "1",
                           "2",
                           "18446744073709551615:18446744073709551615",
                           "localhost:16004",
                           "[::1]:16004",
                           "unix:/tmp/socket",
                           "redis://db1",
                           "redis://db1:6380/3",
                           "redis://[::1]:6379/15",
                           "redis://user:password@db1:6379/1",
                           "redis://:pass%20word@db1",
                           "rediss://user@db1:6379",
                           "unix:/tmp/redis.sock?db=2",
                           "redis://user:password@db1:port",
                           "redis://user:pass%2@db1",
                           "redis://user:password@",
                           "redis+cluster://db1:7000,[::1]:7001",
                           "rediss+cluster://user:pass%20word@db1:7000",
                           "redis+cluster://user:password@db1:7000/1",
                           "redis+cluster://user:password@db1"}) {
    seeds.push_back({text, text});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
