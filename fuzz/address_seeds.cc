// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of addresses: one of each form, and of some faults.

#include <string>
#include <vector>

#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  const std::string key = std::string(32, 'a') + std::string(32, '7');
  const std::string other(64, 'B');
  std::vector<Seed> seeds;
  for (const std::string& text :
       {std::string("localhost:16004"), std::string("[::1]:16004"),
        std::string("unix:/tmp/socket"), std::string("kevy://db1:6004"),
        std::string("kevy://db1:6004,[fe80::1]:6004,10.0.0.7:1"),
        "kevy://db1:6004,db2:6004?key=" + key,
        "kevy://db1:6004?key=" + key + "&key=" + other,
        "kevys://db1:16004?key=" + key,
        "kevys://[::1]:16004?key=" + key + "&key=" + other,
        "kevys://db1:16004?key=" + key + "&key=" + key,
        "kevys://db1:6404?server_key=" + key,
        "kevys://user:password@db1:16004?key=" + key,
        std::string("kevy://\xa5:1,\xa5:1"), "db1:16004?key=" + key,
        "kevys://db1:0?key=" + key}) {
    seeds.push_back({text, text});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
