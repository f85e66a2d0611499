// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of replies: the recordings, and random replies with every type.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kevy_replica/codec/testing/client_port.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/codec/testing/reply_run.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::string& name : codec_testing::ClientPortRecordings()) {
    int line = 0;
    for (const auto& exchange : codec_testing::ClientPortExchanges(name)) {
      seeds.push_back({absl::StrCat(name, ":", ++line), exchange.reply});
    }
  }
  for (uint64_t seed = 0; seed < 50; ++seed) {
    codec_testing::Random random(seed);
    seeds.push_back(
        {absl::StrCat("random ", seed), codec_testing::RandomReplies(&random)});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
