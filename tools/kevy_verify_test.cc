// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_verify as a program. verify_test.cc has the comparisons.

#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/empty_node.h"
#include "kevy_replica/tools/testing/redis_cluster.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(KevyVerifyUsageTest, PrintsHelp) {
  const ChildResult result = RunChild(kKevyVerify, {"--help"});
  EXPECT_EQ(result.status, 0);
  for (const char* const part :
       {"kevy_verify --primary=", "--repair", "Exit status:", "3  different"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
}

TEST(KevyVerifyUsageTest, BadUsageIsTold) {
  const std::string primary = "--primary=localhost:1";
  const std::string target = "--target=redis://localhost:1";
  const std::vector<std::vector<std::string>> commands = {
      {},
      {primary},
      {target},
      {primary, "--target="},
      {primary, "--target=rediss:localhost"},
      {primary, "--target=redis+cluster://localhost"},
      {primary, "--target=redis+cluster://localhost:1/1"},
      {primary, "--target=redis+cluster://localhost:1",
       "--target_ca_file=ca.pem"},
      {primary, "--target=redis+cluster://localhost:1", "--position_key={a}"},
      {primary, target, "--target_ca_file=ca.pem"},
      {"--primary=localhost", target},
      {"--primary=kevy://user@host:1", target},
      {primary, target, "--format=xml"},
      {primary, target, "--timeout=0"},
      {primary, target, "--deadline_tolerance=-1s"},
      {primary, target, "--max_reply_bytes=1000"},
      {primary, target, "--target_password_file=/dev/null"},
      {primary, target, "more"}};
  for (const std::vector<std::string>& command : commands) {
    const ChildResult result = RunChild(kKevyVerify, command);
    EXPECT_EQ(result.status, 2) << ::testing::PrintToString(command);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("kevy_verify: "));
    EXPECT_THAT(result.err, HasSubstr("(see --help)"));
  }
}

TEST(KevyVerifyUsageTest, UnreachableServerIsAnErrorWithoutPassword) {
  const ChildResult result = RunChild(
      kKevyVerify,
      {"--primary=127.0.0.1:1", "--target=redis://user:hidden@127.0.0.1:1"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("kevy_verify: the primary: redis://"));
  EXPECT_THAT(result.out, HasSubstr("result: incomplete\n"));
  EXPECT_THAT(result.err, Not(HasSubstr("hidden")));
}

// A primary whose only key, if any, is a list "k" of the item "a", and a real
// target.
class KevyVerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) GTEST_SKIP() << "no redis-server";
    target_.Start();
    port_.SetNode(node_);
    ASSERT_TRUE(port_.Listen("127.0.0.1:0").ok());
    MoveMirror("77:5");
  }

  void MoveMirror(const std::string& position) {
    target_.Ask({"HSET", "kevy_mirror", "kevy_mirror", "1", "shards", "1",
                 "shard-0", position});
  }

  std::vector<std::string> Flags(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {
        absl::StrCat("--primary=kevy://", port_.address()),
        absl::StrCat("--target=", target_.target())};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  ScriptedNode node_ = EmptyNode();
  ScriptedClientPort port_;
  RedisServer target_;
};

TEST_F(KevyVerifyTest, EqualDatabasesExitWith0) {
  const ChildResult result = RunChild(kKevyVerify, Flags());
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("result: equal\n"));
  EXPECT_THAT(result.err,
              HasSubstr(absl::StrCat("the primary is ", port_.address())));
}

TEST_F(KevyVerifyTest, DifferenceExitsWith3) {
  target_.Ask({"RPUSH", "k", "a"});
  const ChildResult result =
      RunChild(kKevyVerify, {absl::StrCat("--primary=", port_.address()),
                             absl::StrCat("--target=", target_.target())});
  EXPECT_EQ(result.status, 3) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("different: list \"k\": on the target only\n"));
  EXPECT_THAT(result.out, HasSubstr("result: different\n"));
  EXPECT_EQ(result.err, "");
}

TEST_F(KevyVerifyTest, KeyThatIsNotComparedExitsWith4) {
  node_.replies[{"SCAN", "0", "COUNT", "512"}] =
      "*2\r\n$1\r\n0\r\n*1\r\n$11\r\nkevy_mirror\r\n";
  port_.SetNode(node_);
  const ChildResult result = RunChild(kKevyVerify, Flags());
  EXPECT_EQ(result.status, 4) << result.err;
  EXPECT_THAT(result.out, HasSubstr("result: partial\n"));
}

TEST_F(KevyVerifyTest, PrintsJson) {
  target_.Ask({"RPUSH", "k", "a"});
  const ChildResult result =
      RunChild(kKevyVerify, Flags({"--format=json", "--max_differences=0"}));
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.out,
            "{\"result\":\"different\",\"primary_keys\":0,\"target_keys\":2,"
            "\"repaired\":0,\"not_repaired\":0,\"types\":{\"list\":"
            "{\"equal\":0,\"different\":1,\"changing\":0,\"not_compared\":0}},"
            "\"differences\":[],\"not_compared\":[]}\n");
}

TEST_F(KevyVerifyTest, RepairExitsWith0) {
  target_.Ask({"RPUSH", "k", "a"});
  const ChildResult result = RunChild(kKevyVerify, Flags({"--repair"}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("repaired: 1, not repaired: 0\n"));
  EXPECT_EQ(target_.Ask({"EXISTS", "k"}).integer, 0);
}

TEST_F(KevyVerifyTest, ClusterIsComparedAndRepaired) {
  RedisClusterOptions options;
  options.masters = 1;
  RedisCluster cluster(options);
  cluster.Form();
  RedisServer& node = cluster.server(0);
  node.Ask({"HSET", "kevy_mirror", "kevy_mirror", "1", "shards", "1", "shard-0",
            "slots"});
  const std::string place = SlotKey("kevy_mirror", KeySlot("k"));
  node.Ask({"HSET", place, "shard-0", "77:5"});
  node.Ask({"RPUSH", "k", "a"});
  const std::vector<std::string> flags = {
      absl::StrCat("--primary=", port_.address()),
      absl::StrCat("--target=", cluster.target())};
  ChildResult result = RunChild(kKevyVerify, flags);
  EXPECT_EQ(result.status, 3) << result.err;
  result = RunChild(kKevyVerify, {flags[0], flags[1], "--repair"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("result: repaired\n"));
  EXPECT_EQ(node.Ask({"EXISTS", "k"}).integer, 0);
}

// The node is none of a cluster.
TEST_F(KevyVerifyTest, ClusterAddressOfSingleServerIsAnError) {
  RedisServer server(RedisServer::Socket::kLoopback);
  server.Start();
  const ChildResult result = RunChild(
      kKevyVerify, {absl::StrCat("--primary=", port_.address()),
                    absl::StrCat("--target=redis+cluster://user:hidden@"
                                 "127.0.0.1:1,127.0.0.1:",
                                 server.port())});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("no node tells the map of the cluster"));
  EXPECT_THAT(result.err, Not(HasSubstr("hidden")));
}

TEST_F(KevyVerifyTest, MirrorThatDoesNotMoveIsAnError) {
  target_.Ask({"RPUSH", "k", "a"});
  MoveMirror("77:4");
  const ChildResult result = RunChild(kKevyVerify, Flags({"--timeout=50ms"}));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              HasSubstr("the mirror has not moved for 50ms: shard-0 is at "
                        "\"77:4\", the primary at 77:5"));
  EXPECT_THAT(result.out, HasSubstr("result: incomplete\n"));
}

TEST_F(KevyVerifyTest, ReplicaIsRefused) {
  node_.role = ScriptedNode::Role::kReplica;
  port_.SetNode(node_);
  const ChildResult result =
      RunChild(kKevyVerify, {absl::StrCat("--primary=", port_.address()),
                             absl::StrCat("--target=", target_.target())});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("is a replica"));
}

TEST_F(KevyVerifyTest, SignalEndsWaitForMirror) {
  target_.Ask({"RPUSH", "k", "a"});
  MoveMirror("77:4");
  ChildProcess child(kKevyVerify, Flags({"--timeout=1h"}));
  // Tokens: for the locator, at the start, and for the suspect.
  ASSERT_TRUE(child.Await("it waits", [this] {
    int tokens = 0;
    for (const std::vector<std::string>& command : port_.commands()) {
      if (command[0] == "REPL.TOKEN") ++tokens;
    }
    return tokens == 3;
  }));
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 1);
  EXPECT_THAT(child.ReadErrors(), HasSubstr("interrupted"));
}

TEST_F(KevyVerifyTest, SignalEndsWaitForSilentPrimary) {
  node_.replies[{"SCAN", "0", "COUNT", "512"}] = "";
  port_.SetNode(node_);
  ChildProcess child(kKevyVerify, Flags());
  ASSERT_TRUE(child.Await("it waits", [this] {
    return !port_.commands().empty() && port_.commands().back()[0] == "SCAN";
  }));
  const absl::Time begin = absl::Now();
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 1);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(8));  // A reply has 10 s.
}

}  // namespace
}  // namespace kevy_replica
