// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

TEST(IndexFuzzTest, RandomBytesLeaveItAlive) {
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) {
    std::vector<uint8_t> bytes(random() % 500);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    EXPECT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
  }
}
