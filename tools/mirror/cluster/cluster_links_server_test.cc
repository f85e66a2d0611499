// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// ClusterLinks with real servers.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_cluster.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"

namespace kevy_replica {
namespace {

#define SKIP_WITHOUT_SERVER() \
  if (!RedisCluster::IsInstalled()) GTEST_SKIP() << "no redis-server"

ClusterAddress AddressOf(absl::string_view text) {
  const absl::StatusOr<ClusterAddress> address = ParseClusterAddress(text);
  EXPECT_TRUE(address.ok()) << address.status();
  return *address;
}

ClusterLinks LinksTo(const ClusterAddress& address) {
  return ClusterLinks(
      address.seeds,
      RedisNodeConnector(address, std::make_shared<Interrupter>()));
}

std::string Ask(ClusterLinks* links, const std::string& key,
                const std::vector<absl::string_view>& argv) {
  const absl::StatusOr<TargetReply> reply = links->Ask(KeySlot(key), argv);
  return reply.ok() ? reply->text : reply.status().ToString();
}

TEST(ClusterLinksServerTest, AskReachesKeysOfAllMasters) {
  SKIP_WITHOUT_SERVER();
  RedisCluster cluster;
  cluster.Form();
  // One seed is enough.
  ClusterLinks links = LinksTo(AddressOf(
      absl::StrCat("redis+cluster://", cluster.address(1).ToString())));
  Content written;
  for (int i = 0; i < 30; ++i) {
    const std::string key = absl::StrCat("key", i);
    EXPECT_EQ(Ask(&links, key, {"SET", key, "v"}), "OK");
    written[key] = "string v";
  }
  EXPECT_EQ(links.slots().covered(), kSlots);
  EXPECT_EQ(links.slots().masters().size(), 3u);
  EXPECT_EQ(cluster.ReadAll(), written);
}

TEST(ClusterLinksServerTest, AskFollowsMigrationAtEachStep) {
  SKIP_WITHOUT_SERVER();
  RedisCluster cluster;
  cluster.Form();
  ClusterLinks links = LinksTo(AddressOf(cluster.target()));
  Content written;
  for (int i = 0; i < 15; ++i) {
    const std::string key = absl::StrCat("{tag}", i);
    EXPECT_EQ(Ask(&links, key, {"SET", key, "v"}), "OK");
    written[key] = "string v";
  }
  const uint16_t slot = KeySlot("tag");
  const size_t source = cluster.MasterOf(slot);
  const size_t target = (source + 1) % cluster.size();
  int step = 0;
  cluster.MigrateSlot(slot, source, target, [&](MigrationStep) {
    for (const auto& [key, text] : Content(written)) {
      EXPECT_EQ(Ask(&links, key, {"GET", key}), text.substr(7)) << key;
    }
    const std::string fresh = absl::StrCat("{tag}fresh", ++step);
    EXPECT_EQ(Ask(&links, fresh, {"SET", fresh, "f"}), "OK");
    written[fresh] = "string f";
  });
  EXPECT_EQ(cluster.ReadAll(), written);
  EXPECT_EQ(*links.slots().MasterOf(slot), cluster.address(target));
}

TEST(ClusterLinksServerTest, AskFindsPromotedReplica) {
  SKIP_WITHOUT_SERVER();
  RedisClusterOptions options;
  options.has_replicas = true;
  RedisCluster cluster(options);
  cluster.Form();
  const size_t master = cluster.MasterOf(KeySlot("key"));
  // The only seed dies.
  ClusterLinks links = LinksTo(AddressOf(
      absl::StrCat("redis+cluster://", cluster.address(master).ToString())));
  EXPECT_EQ(Ask(&links, "key", {"SET", "key", "v"}), "OK");
  EXPECT_EQ(cluster.server(master).Ask({"WAIT", "1", "30000"}).integer, 1);
  cluster.Kill(master);
  cluster.AwaitFailoverOf(master);
  EXPECT_EQ(Ask(&links, "key", {"GET", "key"}), "v");
}

TEST(ClusterLinksServerTest, RefreshNeedsClusterNode) {
  SKIP_WITHOUT_SERVER();
  RedisServer server(RedisServer::Socket::kLoopback);
  server.Start();
  ClusterLinks links = LinksTo(
      AddressOf(absl::StrCat("redis+cluster://127.0.0.1:", server.port())));
  const absl::Status status = links.Refresh();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "cluster support disabled"))
      << status;
}

TEST(ClusterLinksServerTest, ConnectorSendsUserAndPassword) {
  SKIP_WITHOUT_SERVER();
  RedisClusterOptions options;
  options.masters = 1;
  options.server_options = {"--user", "alice", "on", ">secret", "~*", "+@all"};
  RedisCluster cluster(options);
  cluster.Form();
  const std::string node = cluster.address(0).ToString();
  ClusterLinks links =
      LinksTo(AddressOf(absl::StrCat("redis+cluster://alice:secret@", node)));
  EXPECT_EQ(Ask(&links, "key", {"ACL", "WHOAMI"}), "alice");
  ClusterLinks wrong =
      LinksTo(AddressOf(absl::StrCat("redis+cluster://alice:wrong@", node)));
  const absl::Status status = wrong.Refresh();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "WRONGPASS")) << status;
}

TEST(ClusterLinksServerTest, ConnectorSpeaksTls) {
  SKIP_WITHOUT_SERVER();
  const transport_testing::TestAuthority authority;
  RedisClusterOptions options;
  options.server_options = {"--tls-cluster", "yes"};
  RedisCluster cluster(options);
  for (size_t i = 0; i < cluster.size(); ++i) {
    cluster.server(i).SetTls(authority.Issue({}), authority.file());
  }
  cluster.Form();
  ClusterAddress address = AddressOf(
      absl::StrCat("rediss+cluster://", cluster.address(0).ToString()));
  address.login.tls->ca_file = authority.file();
  ClusterLinks links = LinksTo(address);
  for (int i = 0; i < 30; ++i) {
    const std::string key = absl::StrCat("key", i);
    EXPECT_EQ(Ask(&links, key, {"SET", key, "v"}), "OK");
  }
  EXPECT_EQ(links.slots().masters().size(), 3u);

  const transport_testing::TestAuthority stranger;
  address.login.tls->ca_file = stranger.file();
  ClusterLinks wary = LinksTo(address);
  EXPECT_EQ(wary.Refresh().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace kevy_replica
