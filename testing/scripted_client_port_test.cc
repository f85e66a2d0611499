// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/scripted_client_port.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A wait that fails loudly.
constexpr absl::Duration kLimit = absl::Seconds(30);

std::string Command(std::vector<absl::string_view> argv) {
  std::string bytes;
  EXPECT_EQ(AppendCommand(argv, &bytes), WireError::kNone);
  return bytes;
}

std::unique_ptr<Transport> Connect(const TransportFactory& factory) {
  absl::StatusOr<std::unique_ptr<Transport>> transport = factory();
  EXPECT_TRUE(transport.ok()) << transport.status();
  return transport.ok() ? *std::move(transport) : nullptr;
}

void Send(Transport& transport, absl::string_view bytes) {
  const absl::Status status = transport.Write(bytes, kLimit);
  EXPECT_TRUE(status.ok()) << status;
}

// Reads `size` bytes, or up to the end.
std::string Read(Transport& transport, size_t size) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const absl::StatusOr<size_t> n =
        transport.Read(absl::MakeSpan(&bytes[have], size - have), kLimit);
    EXPECT_TRUE(n.ok()) << n.status() << " behind " << bytes.substr(0, have);
    if (!n.ok() || *n == 0) break;
    have += *n;
  }
  bytes.resize(have);
  return bytes;
}

// Sends `command` and expects `reply`.
void ExpectReply(Transport& transport, absl::string_view command,
                 absl::string_view reply) {
  Send(transport, command);
  EXPECT_EQ(Read(transport, reply.size()), reply);
}

ScriptedNode NodeWithShards(std::vector<ScriptedNode::ShardEnd> shards) {
  ScriptedNode node;
  node.shards = std::move(shards);
  return node;
}

class ScriptedClientPortTest : public ::testing::TestWithParam<bool> {
 protected:
  ScriptedClientPortTest() {
    if (!GetParam()) {
      connect_ = port_.InMemory();
      return;
    }
    const absl::Status status = port_.Listen("127.0.0.1:0");
    EXPECT_TRUE(status.ok()) << status;
    connect_ = ConnectTo(port_.address());
  }

  ScriptedClientPort port_{NodeWithShards({{7, 5}, {8, 1}})};
  TransportFactory connect_;
};

INSTANTIATE_TEST_SUITE_P(All, ScriptedClientPortTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Tcp" : "Memory";
                         });

TEST_P(ScriptedClientPortTest, AnswersPipelinedAndCutCommands) {
  const auto transport = Connect(connect_);
  const std::string shards = Command({"FEED.SHARDS"});
  ExpectReply(*transport, shards, ":2\r\n");
  ExpectReply(*transport,
              absl::StrCat(Command({"PING"}), shards,
                           Command({"FEED.TAIL", "1"}), "*1\r\n$4"),
              "+PONG\r\n:2\r\n*2\r\n:8\r\n:1\r\n");
  ExpectReply(*transport, "\r\nPING\r\n", "+PONG\r\n");
  EXPECT_THAT(port_.commands(),
              ElementsAre(ElementsAre("FEED.SHARDS"), ElementsAre("PING"),
                          ElementsAre("FEED.SHARDS"),
                          ElementsAre("FEED.TAIL", "1"), ElementsAre("PING")));
  EXPECT_EQ(port_.connections(), 1u);
}

TEST_P(ScriptedClientPortTest, SetNodeChangesStandingConnection) {
  const auto transport = Connect(connect_);
  ExpectReply(*transport, Command({"ROLE"}),
              "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
  ScriptedNode node = port_.node();
  node.role = ScriptedNode::Role::kReplica;
  node.master_port = 16504;
  port_.SetNode(node);
  EXPECT_EQ(port_.node(), node);
  ExpectReply(*transport, Command({"ROLE"}),
              "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:16504\r\n"
              "$9\r\nconnected\r\n:6\r\n");
}

TEST_P(ScriptedClientPortTest, RawRepliesComeFirst) {
  port_.Enqueue("$-7\r\n");
  port_.Enqueue("");
  const auto transport = Connect(connect_);
  const std::string ping = Command({"PING"});
  ExpectReply(*transport, absl::StrCat(ping, ping, ping), "$-7\r\n+PONG\r\n");
  port_.SetDefault("garbage");
  ExpectReply(*transport, ping, "garbage");
  port_.SetDefault(std::nullopt);
  ExpectReply(*transport, ping, "+PONG\r\n");
}

TEST_P(ScriptedClientPortTest, SilenceAnswersNothing) {
  port_.SetDefault("");
  const auto transport = Connect(connect_);
  Send(*transport, Command({"PING"}));
  transport->CloseWrite();
  EXPECT_EQ(Read(*transport, 1), "");
  EXPECT_THAT(port_.commands(), ElementsAre(ElementsAre("PING")));
}

TEST_P(ScriptedClientPortTest, MalformedCommandEndsConnection) {
  for (const std::string& bytes :
       {std::string("PING\r\n"), std::string("*1\r\n$-1\r\n"),
        std::string("*1\r\n$2000000\r\n"), std::string("*0\r\n")}) {
    const auto transport = Connect(connect_);
    Send(*transport, bytes);
    EXPECT_EQ(Read(*transport, 100), "-ERR Protocol error\r\n") << bytes;
  }
  EXPECT_TRUE(port_.commands().empty());
}

TEST_P(ScriptedClientPortTest, NodeComesBackAtSameAddress) {
  const std::string address = port_.address();
  const auto transport = Connect(connect_);
  ExpectReply(*transport, Command({"PING"}), "+PONG\r\n");
  port_.TakeDown();
  port_.TakeDown();
  EXPECT_EQ(Read(*transport, 1), "");
  EXPECT_EQ(connect_().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(port_.address(), address);
  EXPECT_EQ(port_.Listen("127.0.0.1:0").code(),
            absl::StatusCode::kFailedPrecondition);

  for (int i = 0; i < 2; ++i) {
    const absl::Status status = port_.BringUp();
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(port_.address(), address);
  ExpectReply(*Connect(connect_), Command({"PING"}), "+PONG\r\n");
  EXPECT_EQ(port_.connections(), 2u);
}

TEST(ScriptedClientPortAloneTest, InfoTellsListeningPort) {
  ScriptedClientPort port;
  EXPECT_EQ(port.address(), "");
  ASSERT_TRUE(port.Listen("127.0.0.1:0").ok());
  EXPECT_EQ(port.Listen("127.0.0.1:0").code(),
            absl::StatusCode::kFailedPrecondition);
  const std::string number =
      port.address().substr(port.address().rfind(':') + 1);
  const auto transport = Connect(ConnectTo(port.address()));
  Send(*transport, Command({"INFO", "server"}));
  transport->CloseWrite();
  EXPECT_THAT(Read(*transport, 1000),
              HasSubstr(absl::StrCat("\r\ntcp_port:", number, "\r\n")));
}

TEST(ScriptedClientPortAloneTest, BadAddressIsReported) {
  ScriptedClientPort port;
  EXPECT_FALSE(port.Listen("127.0.0.1").ok());
  EXPECT_TRUE(port.Listen("127.0.0.1:0").ok());
}

}  // namespace
}  // namespace kevy_replica
