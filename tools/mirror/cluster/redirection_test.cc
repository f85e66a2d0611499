// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/redirection.h"

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"

namespace kevy_replica {
namespace {

const NodeAddress kAsked = {"seed", 6379};

NodeAddress NodeIn(absl::string_view error) {
  const std::optional<Redirection> redirection =
      ParseRedirection(error, kAsked);
  return redirection.has_value() ? redirection->node : NodeAddress();
}

TEST(RedirectionTest, ReadsMovedAndAsk) {
  const std::optional<Redirection> moved =
      ParseRedirection("MOVED 3999 127.0.0.1:6381", kAsked);
  ASSERT_TRUE(moved.has_value());
  EXPECT_EQ(moved->kind, Redirection::Kind::kMoved);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->node, (NodeAddress{"127.0.0.1", 6381}));

  const std::optional<Redirection> ask =
      ParseRedirection("ASK 16383 db1.example.com:65535", kAsked);
  ASSERT_TRUE(ask.has_value());
  EXPECT_EQ(ask->kind, Redirection::Kind::kAsk);
  EXPECT_EQ(ask->slot, 16383);
  EXPECT_EQ(ask->node, (NodeAddress{"db1.example.com", 65535}));
}

TEST(RedirectionTest, ReadsIpv6WithAndWithoutBrackets) {
  EXPECT_EQ(NodeIn("MOVED 1 ::1:6381"), (NodeAddress{"::1", 6381}));
  EXPECT_EQ(NodeIn("MOVED 1 [::1]:6381"), (NodeAddress{"::1", 6381}));
  EXPECT_EQ(NodeIn("ASK 1 2001:db8::7:1"), (NodeAddress{"2001:db8::7", 1}));
}

TEST(RedirectionTest, EmptyHostIsTheAskedNodes) {
  EXPECT_EQ(NodeIn("MOVED 1 :6381"), (NodeAddress{"seed", 6381}));
}

TEST(RedirectionTest, RejectsOtherErrors) {
  for (const absl::string_view error : {"",
                                        "ERR no such key",
                                        "MOVED",
                                        "MOVED ",
                                        "MOVED 1",
                                        "MOVED 1 ",
                                        "MOVED 1 a",
                                        "MOVED 1 a:",
                                        "MOVED 1 a:x",
                                        "MOVED 1 a:0",
                                        "MOVED 1 a:65536",
                                        "MOVED 1 a:-1",
                                        "MOVED 1 a: 1",
                                        "MOVED 16384 a:1",
                                        "MOVED -1 a:1",
                                        "MOVED x a:1",
                                        "MOVED  a:1",
                                        "MOVED 1  a:1",
                                        "MOVED 1 a b:1",
                                        "MOVED 1 a:1 ",
                                        "MOVED 1 unix:/tmp/s:1",
                                        "MOVED 1 ?:1",
                                        "MOVED 1 [::1:1",
                                        "MOVED 1 []:1",
                                        "MOVED 1 a\\n:1",
                                        "MOVED a:1 1",
                                        "moved 1 a:1",
                                        "ASKING 1 a:1",
                                        "XMOVED 1 a:1",
                                        "MOVED 99999999999999999999999 a:1",
                                        "MOVED 1 a:99999999999999999999999"}) {
    EXPECT_FALSE(ParseRedirection(error, kAsked).has_value()) << error;
  }
  EXPECT_FALSE(
      ParseRedirection("MOVED 1 " + std::string(300, 'a') + ":1", kAsked)
          .has_value());
}

}  // namespace
}  // namespace kevy_replica
