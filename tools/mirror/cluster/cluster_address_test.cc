// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/cluster_address.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/target_address.h"

namespace kevy_replica {
namespace {

std::string FaultIn(absl::string_view text) {
  const absl::StatusOr<ClusterAddress> address = ParseClusterAddress(text);
  EXPECT_TRUE(absl::IsInvalidArgument(address.status())) << text;
  return std::string(address.status().message());
}

TEST(ClusterAddressTest, SchemeTellsCluster) {
  EXPECT_TRUE(IsClusterAddress("redis+cluster://db1:1"));
  EXPECT_TRUE(IsClusterAddress("rediss+cluster://db1:1"));
  EXPECT_TRUE(IsClusterAddress("redis+cluster:db1"));
  EXPECT_FALSE(IsClusterAddress("redis://db1:1"));
  EXPECT_FALSE(IsClusterAddress("db1:1"));
}

TEST(ClusterAddressTest, ParsesSeeds) {
  const absl::StatusOr<ClusterAddress> one =
      ParseClusterAddress("redis+cluster://db1:6379");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->seeds, (std::vector<NodeAddress>{{"db1", 6379}}));
  EXPECT_FALSE(one->login.tls.has_value());
  EXPECT_EQ(one->login.user, "");
  EXPECT_EQ(one->login.password, "");
  EXPECT_EQ(one->ToString(), "redis+cluster://db1:6379");

  const absl::StatusOr<ClusterAddress> more =
      ParseClusterAddress("rediss+cluster://db1:1,[::1]:2,10.0.0.1:3");
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_EQ(more->seeds, (std::vector<NodeAddress>{
                             {"db1", 1}, {"::1", 2}, {"10.0.0.1", 3}}));
  EXPECT_TRUE(more->login.tls.has_value());
  EXPECT_EQ(more->ToString(), "rediss+cluster://db1:1,[::1]:2,10.0.0.1:3");
}

TEST(ClusterAddressTest, NodesShareUserPasswordAndTls) {
  const absl::StatusOr<ClusterAddress> address =
      ParseClusterAddress("rediss+cluster://me:p%40ss,@db1:1,db2:2");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->seeds.size(), 2u);
  const TargetAddress node = address->At({"db9", 9});
  EXPECT_EQ(node.user, "me");
  EXPECT_EQ(node.password, "p@ss,");
  EXPECT_TRUE(node.tls.has_value());
  EXPECT_EQ(node.database, 0u);
  EXPECT_EQ(node.ToString(), "rediss://db9:9/0");
  EXPECT_EQ(address->ToString(), "rediss+cluster://db1:1,db2:2");
}

TEST(ClusterAddressTest, RejectsOtherForms) {
  for (const absl::string_view text :
       {"", "redis://db1:1", "redis+cluster:", "redis+cluster:db1:1",
        "redis+cluster://", "redis+cluster://db1", "redis+cluster://db1:",
        "redis+cluster://db1:x", "redis+cluster://db1:0",
        "redis+cluster://db1:65536", "redis+cluster://db1:1,",
        "redis+cluster://,db1:1", "redis+cluster://::1:1",
        "redis+cluster://unix:/tmp/s", "redis+cluster://a b:1",
        "redis+cluster://u:p@", "x@redis+cluster://db1:1"}) {
    const std::string fault = FaultIn(text);
    EXPECT_TRUE(absl::StrContains(fault, "expected redis+cluster://")) << fault;
  }
}

TEST(ClusterAddressTest, DatabaseIsRejectedWithItsRemedy) {
  EXPECT_TRUE(
      absl::StrContains(FaultIn("redis+cluster://db1:1/0"), "leave out the /"));
}

TEST(ClusterAddressTest, MessagesHideThePassword) {
  for (const absl::string_view text :
       {"redis+cluster://u:secret@db1", "redis+cluster://u:secret%2@db1:1",
        "redis+cluster:u:secret@db1:1", "rediss+cluster://:secret@db1:1/0",
        "redis+cluster://u:secret@db1:1,u:secret@db2"}) {
    EXPECT_FALSE(absl::StrContains(FaultIn(text), "secret")) << text;
  }
}

}  // namespace
}  // namespace kevy_replica
