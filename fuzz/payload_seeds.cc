// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of snapshot payloads: the golden files.

#include <string>
#include <vector>

#include "kevy_replica/codec/testing/payload_golden.h"
#include "kevy_replica/codec/testing/random_payload.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const auto& golden : codec_testing::AllPayloadGolden()) {
    seeds.push_back({golden.name, golden.bytes});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::MutatePayload(random, bytes);
}

}  // namespace kevy_replica
