// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/key_slot.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

// The values of the Redis cluster specification, and of CLUSTER KEYSLOT.
TEST(KeySlotTest, HashesKeysAsSpecified) {
  EXPECT_EQ(KeySlot("123456789"), 0x31C3);
  EXPECT_EQ(KeySlot(""), 0);
  EXPECT_EQ(KeySlot("foo"), 12182);
  EXPECT_EQ(KeySlot("bar"), 5061);
  EXPECT_EQ(KeySlot("hello"), 866);
}

TEST(KeySlotTest, HashesOnlyTheTag) {
  EXPECT_EQ(KeySlot("{user1000}.following"), KeySlot("user1000"));
  EXPECT_EQ(KeySlot("{user1000}.followers"), KeySlot("user1000"));
  EXPECT_EQ(KeySlot("foo{{bar}}zap"), KeySlot("{bar"));
  EXPECT_EQ(KeySlot("foo{bar}{zap}"), KeySlot("bar"));
  EXPECT_EQ(KeySlot("}{bar}"), KeySlot("bar"));
}

TEST(KeySlotTest, HashesWholeKeyWithoutTag) {
  // The same characters, as the tag of another key.
  for (const absl::string_view key : {"foo{}{bar}", "foo{bar", "foo}bar"}) {
    EXPECT_NE(KeySlot(key), KeySlot("bar")) << key;
    EXPECT_NE(KeySlot(key), KeySlot("foo")) << key;
  }
  EXPECT_EQ(KeySlot("foo{}{bar}"), 8363);
  EXPECT_EQ(KeySlot("foo{bar"), 15278);
}

TEST(KeySlotTest, AgreesWithServer) {
  if (!RedisServer::IsInstalled()) GTEST_SKIP() << "no redis-server";
  RedisServer server(RedisServer::Socket::kLoopback);
  server.SetCluster();
  server.Start();
  constexpr int kKeys = 500;
  constexpr uint32_t kMaxSize = 12;
  std::mt19937 random(7);
  for (int i = 0; i < kKeys; ++i) {
    std::string key;
    for (uint32_t size = random() % kMaxSize; key.size() < size;) {
      // Half of the characters are braces.
      const uint32_t draw = random();
      key.push_back(draw % 4 == 0   ? '{'
                    : draw % 4 == 1 ? '}'
                                    : static_cast<char>(draw >> 8));
    }
    EXPECT_EQ(KeySlot(key), server.Ask({"CLUSTER", "KEYSLOT", key}).integer)
        << testing::PrintToString(key);
  }
  for (uint16_t slot = 0; slot < kSlots; slot += 1021) {
    const std::string key = "kevy_mirror:{" + SlotTag(slot) + "}";
    EXPECT_EQ(server.Ask({"CLUSTER", "KEYSLOT", key}).integer, slot) << key;
  }
}

TEST(SlotTagTest, TagHashesToItsSlot) {
  for (uint16_t slot = 0; slot < kSlots; ++slot) {
    const std::string& tag = SlotTag(slot);
    ASSERT_EQ(KeySlot(tag), slot) << tag;
    ASSERT_EQ(KeySlot("a:{" + tag + "}b"), slot) << tag;
    ASSERT_LE(tag.size(), 6u);
  }
}

// Keys with these tags lie in users' clusters.
TEST(SlotTagTest, TagsNeverChange) {
  EXPECT_EQ(SlotTag(0), "3560");
  EXPECT_EQ(SlotTag(1), "22179");
  EXPECT_EQ(SlotTag(12739), "26349");
  EXPECT_EQ(SlotTag(kSlots - 1), "39296");
  uint32_t sum = 0;
  for (uint16_t slot = 0; slot < kSlots; ++slot) {
    for (const char c : SlotTag(slot)) {
      sum = sum * 31 + static_cast<unsigned char>(c);
    }
  }
  EXPECT_EQ(sum, 2581078500u);
}

}  // namespace
}  // namespace kevy_replica
