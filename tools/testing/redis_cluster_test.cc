// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/redis_cluster.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

#define SKIP_WITHOUT_SERVER() \
  if (!RedisCluster::IsInstalled()) GTEST_SKIP() << "no redis-server"

TEST(RedisClusterTest, FormedClusterHoldsKeysOfAllMasters) {
  SKIP_WITHOUT_SERVER();
  RedisCluster cluster;
  cluster.Form();
  Content written;
  std::vector<size_t> keys_of(cluster.size());
  for (int i = 0; i < 30; ++i) {
    const std::string key = absl::StrCat("key", i);
    EXPECT_EQ(cluster.AskForKey(key, {"SET", key, absl::StrCat(i)}).text, "OK");
    written[key] = absl::StrCat("string ", i);
    ++keys_of[cluster.MasterOf(KeySlot(key))];
  }
  cluster.AskForKey("kevy_mirror", {"SET", "kevy_mirror", "own"});
  cluster.AskForKey("kevy_mirror:{1}", {"SET", "kevy_mirror:{1}", "own"});
  EXPECT_EQ(cluster.ReadAll(), written);
  for (const size_t count : keys_of) EXPECT_GT(count, 0u);
}

TEST(RedisClusterTest, MigratedSlotAnswersAtItsNewMaster) {
  SKIP_WITHOUT_SERVER();
  RedisCluster cluster;
  cluster.Form();
  const uint16_t slot = KeySlot("{tag}");
  Content written;
  for (int i = 0; i < 25; ++i) {
    const std::string key = absl::StrCat("{tag}", i);
    cluster.AskForKey(key, {"SET", key, "v"});
    written[key] = "string v";
  }
  const size_t source = cluster.MasterOf(slot);
  const size_t target = (source + 1) % cluster.size();
  std::vector<MigrationStep> steps;
  std::string answer_while_migrating;
  cluster.MigrateSlot(slot, source, target, [&](MigrationStep step) {
    steps.push_back(step);
    if (step != MigrationStep::kMigrating) return;
    answer_while_migrating = cluster.server(source).Ask({"GET", "{tag}x"}).text;
  });
  EXPECT_EQ(steps, (std::vector<MigrationStep>{
                       MigrationStep::kImporting, MigrationStep::kMigrating,
                       MigrationStep::kKeysMoved, MigrationStep::kKeysMoved,
                       MigrationStep::kKeysMoved, MigrationStep::kTargetOwns,
                       MigrationStep::kSourceKnows}));
  EXPECT_EQ(
      answer_while_migrating,
      absl::StrCat("ASK ", slot, " ", cluster.address(target).ToString()));
  EXPECT_EQ(
      cluster.server(source).Ask({"GET", "{tag}1"}).text,
      absl::StrCat("MOVED ", slot, " ", cluster.address(target).ToString()));
  EXPECT_EQ(cluster.server(target).Ask({"GET", "{tag}1"}).text, "v");
  cluster.AwaitWhole();
  EXPECT_EQ(cluster.MasterOf(slot), target);
  EXPECT_EQ(cluster.ReadAll(), written);
}

TEST(RedisClusterTest, ReplicaTakesSlotsOfKilledMaster) {
  SKIP_WITHOUT_SERVER();
  RedisClusterOptions options;
  options.has_replicas = true;
  RedisCluster cluster(options);
  cluster.Form();
  const uint16_t slot = KeySlot("key");
  cluster.AskForKey("key", {"SET", "key", "v"});
  const size_t master = cluster.MasterOf(slot);
  EXPECT_EQ(cluster.server(master).Ask({"WAIT", "1", "30000"}).integer, 1);
  cluster.Kill(master);
  cluster.Promote(master + options.masters);
  cluster.AwaitFailoverOf(master);
  EXPECT_EQ(cluster.MasterOf(slot), master + options.masters);
  EXPECT_EQ(cluster.ReadAll(), (Content{{"key", "string v"}}));

  // The killed master comes back as a replica.
  cluster.Restart(master);
  cluster.AwaitWhole();
  EXPECT_FALSE(cluster.IsMaster(master));
}

TEST(RedisClusterTest, KilledMasterFailsOverByItself) {
  SKIP_WITHOUT_SERVER();
  RedisClusterOptions options;
  options.has_replicas = true;
  RedisCluster cluster(options);
  cluster.Form();
  cluster.Kill(0);
  cluster.AwaitFailoverOf(0);
  EXPECT_TRUE(cluster.IsMaster(options.masters));
}

TEST(RedisClusterTest, RestartedMasterKeepsItsKeys) {
  SKIP_WITHOUT_SERVER();
  RedisCluster cluster;
  cluster.Form();
  cluster.AskForKey("key", {"SET", "key", "v"});
  const size_t master = cluster.MasterOf(KeySlot("key"));
  cluster.Kill(master);
  cluster.Restart(master);
  cluster.AwaitWhole();
  EXPECT_EQ(cluster.AskForKey("key", {"GET", "key"}).text, "v");
}

}  // namespace
}  // namespace kevy_replica
