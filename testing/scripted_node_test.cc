// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/scripted_node.h"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash_testing.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using Role = ScriptedNode::Role;

// One line of a recording.
struct Exchange {
  std::string node;
  std::vector<absl::string_view> command;
  std::string reply;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The strings of the recordings hold no escape but "\r" and "\n", so that the
// quotes part a line.
Exchange Parse(absl::string_view line) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, '"');
  Exchange exchange;
  std::vector<absl::string_view> strings;
  for (size_t i = 1; i < parts.size(); i += 2) strings.push_back(parts[i]);
  exchange.node = std::string(strings[1]);
  exchange.command.assign(strings.begin() + 3, strings.end() - 2);
  EXPECT_TRUE(absl::CUnescape(strings.back(), &exchange.reply)) << line;
  return exchange;
}

// The nodes of one recording, by Exchange::node.
struct Recorded {
  const char* file;
  ScriptedNode primary;
  ScriptedNode replica;
  // The primary with a replica, as ROLE and INFO showed it. Before 4.0 the two
  // told of different shards.
  ScriptedNode for_role;
  ScriptedNode for_info;
};

ScriptedNode Primary(const char* version, uint16_t port, uint64_t time,
                     std::vector<ScriptedNode::ShardEnd> shards) {
  ScriptedNode node;
  node.version = version;
  node.tcp_port = port;
  node.server_time_usec = time;
  node.shards = std::move(shards);
  return node;
}

ScriptedNode ReplicaOf(ScriptedNode node, uint64_t time) {
  node.role = Role::kReplica;
  node.master_port = node.tcp_port + 10000;
  node.tcp_port += 5;
  node.server_time_usec = time;
  return node;
}

ScriptedNode With(ScriptedNode node, uint16_t port, uint64_t offset) {
  node.replicas.push_back({"127.0.0.1", port, offset});
  return node;
}

std::vector<Recorded> AllRecorded() {
  const ScriptedNode v2 =
      Primary("2.0.20", 27260, 1795845492000000, {{1, 1}, {1, 5}});
  const ScriptedNode v3 =
      Primary("3.18.0", 27240, 1795845478000000, {{1, 5}, {1, 1}});
  ScriptedNode v3_role = v3;
  v3_role.shards = {{1, 1}, {1, 5}};
  const ScriptedNode v4 =
      Primary("4.1.1", 27220, 1795845464000000, {{1, 5}, {1, 1}});
  const ScriptedNode v5 =
      Primary("5.4.0", 27200, 1795845450000000,
              {{6799436635099686, 5}, {5215537618849369, 1}});
  ScriptedNode v5_replica = ReplicaOf(v5, 1795845456000000);
  v5_replica.tails = {{5864016597086169, 0}, {1, 0}};
  return {
      {"kevy-2.0.20", v2, ReplicaOf(v2, 1795845498000000), With(v2, 45254, 5),
       With(v2, 45254, 5)},
      {"kevy-3.18.0", v3, ReplicaOf(v3, 1795845484000000),
       With(v3_role, 57028, 5), With(v3, 53368, 1)},
      {"kevy-4.1.1", v4, ReplicaOf(v4, 1795845470000000), With(v4, 27225, 6),
       With(v4, 27225, 6)},
      {"kevy-5.4.0", v5, v5_replica, With(v5, 27205, 6), With(v5, 27205, 6)},
  };
}

const ScriptedNode& NodeFor(const Recorded& recorded,
                            const Exchange& exchange) {
  if (exchange.node == "primary") return recorded.primary;
  if (exchange.node == "replica") return recorded.replica;
  return exchange.command[0] == "ROLE" ? recorded.for_role : recorded.for_info;
}

// A ScriptedNode has no data, so it leaves these to ScriptedNode::replies.
bool IsAboutData(const Exchange& exchange) {
  const absl::string_view name = exchange.command[0];
  return name == "SET" || ((name == "FEED.READ" || name == "REPL.WAIT") &&
                           !absl::StartsWith(exchange.reply, "-ERR unknown"));
}

TEST(ScriptedNodeTest, RepliesAsRecorded) {
  for (const Recorded& recorded : AllRecorded()) {
    const std::string text = ReadFile(
        absl::StrCat("testdata/client_port/", recorded.file, ".jsonl"));
    size_t compared = 0;
    for (const absl::string_view line :
         absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const Exchange exchange = Parse(line);
      if (IsAboutData(exchange)) continue;
      ++compared;
      EXPECT_EQ(NodeFor(recorded, exchange).ReplyTo(exchange.command),
                exchange.reply)
          << recorded.file << ": " << line;
    }
    EXPECT_GE(compared, 14u) << recorded.file;
  }
}

TEST(ScriptedNodeTest, NamesIgnoreCase) {
  const ScriptedNode node;
  EXPECT_EQ(node.ReplyTo({"role"}), node.ReplyTo({"ROLE"}));
  EXPECT_EQ(node.ReplyTo({"Info", "SERVER"}), node.ReplyTo({"INFO", "server"}));
}

TEST(ScriptedNodeTest, PingReplies) {
  const ScriptedNode node;
  EXPECT_EQ(node.ReplyTo({"PING"}), "+PONG\r\n");
  EXPECT_EQ(node.ReplyTo({"PING", "a\r\n"}), "$3\r\na\r\n\r\n");
}

TEST(ScriptedNodeTest, UnknownCommandIsNamedEscaped) {
  const ScriptedNode node;
  EXPECT_EQ(node.ReplyTo({"GET", "k"}), "-ERR unknown command 'GET'\r\n");
  EXPECT_EQ(node.ReplyTo({"A\r\n+OK"}),
            "-ERR unknown command 'A\\r\\n+OK'\r\n");
  EXPECT_EQ(node.ReplyTo({}), "-ERR unknown command ''\r\n");
}

TEST(ScriptedNodeTest, InfoWithoutSectionHasBoth) {
  const ScriptedNode node;
  const std::string text = node.ReplyTo({"INFO"});
  EXPECT_NE(text.find("kevy_version:5.4.0\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("role:master\r\n"), std::string::npos) << text;
  EXPECT_EQ(node.ReplyTo({"INFO", "memory"}), "$0\r\n\r\n");
}

TEST(ScriptedNodeTest, InfoTellsReplicationPort) {
  ScriptedNode node;
  EXPECT_EQ(node.ReplyTo({"INFO", "replication"}).find("repl_port_base"),
            std::string::npos);
  node.repl_port_base = 16004;
  EXPECT_NE(
      node.ReplyTo({"INFO", "replication"}).find("repl_port_base:16004\r\n"),
      std::string::npos);
}

TEST(ScriptedNodeTest, LinkThatIsDownShows) {
  ScriptedNode node;
  node.role = Role::kReplica;
  node.master_port = 9;
  node.shards = {{7, 5}};
  node.link_up = false;
  EXPECT_EQ(node.ReplyTo({"ROLE"}),
            "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:9\r\n$7\r\nconnect\r\n"
            ":0\r\n");
  EXPECT_NE(
      node.ReplyTo({"INFO", "replication"}).find("master_link_status:down\r\n"),
      std::string::npos);
}

TEST(ScriptedNodeTest, FeedTailRejectsBadShard) {
  ScriptedNode node;
  node.shards = {{7, 5}};
  EXPECT_EQ(node.ReplyTo({"FEED.TAIL", "0"}), "*2\r\n:7\r\n:5\r\n");
  for (const absl::string_view shard : {"1", "-1", "x", ""}) {
    EXPECT_EQ(node.ReplyTo({"FEED.TAIL", shard}), "-ERR shard out of range\r\n")
        << shard;
  }
  EXPECT_EQ(node.ReplyTo({"FEED.TAIL"}),
            "-ERR wrong number of arguments for 'feed.tail' command\r\n");
}

TEST(ScriptedNodeTest, OwnRepliesComeFirst) {
  ScriptedNode node;
  node.replies[{"FEED.READ", "0", "1", "0"}] = "-FEEDRESYNC 7 5\r\n";
  node.replies[{"ROLE"}] = "";
  EXPECT_EQ(node.ReplyTo({"FEED.READ", "0", "1", "0"}), "-FEEDRESYNC 7 5\r\n");
  EXPECT_EQ(node.ReplyTo({"ROLE"}), "");
  EXPECT_EQ(node.ReplyTo({"FEED.READ", "0", "1", "1"}),
            "-ERR unknown command 'FEED.READ'\r\n");
}

TEST(ScriptedNodeTest, ComparesHashesAndPrints) {
  ScriptedNode a;
  ScriptedNode b;
  EXPECT_EQ(a, b);
  b.role = Role::kReplica;
  EXPECT_NE(a, b);
  ScriptedNode c = b;
  c.replies[{"PING"}] = "x";
  EXPECT_NE(b, c);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({a, b, c}));
  a.shards = {{7, 5}, {8, 1}};
  a.replicas = {{"h\n", 6004, 5}};
  a.repl_port_base = 16004;
  std::ostringstream out;
  out << a << "; " << b.role;
  EXPECT_EQ(out.str(),
            "role=master version=5.4.0 shards=[7:5, 8:1] tails=[] "
            "repl_port_base=16004 tcp_port=0 server_time_usec=0 "
            "replicas=[h\\n:6004 at 5] master=127.0.0.1:0 link=up replies=0; "
            "slave");
}

}  // namespace
}  // namespace kevy_replica
