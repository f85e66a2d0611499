// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/node_address.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(NodeAddressTest, ComparesHostAndPort) {
  const NodeAddress a = {"a", 2};
  EXPECT_EQ(a, (NodeAddress{"a", 2}));
  EXPECT_NE(a, (NodeAddress{"a", 3}));
  EXPECT_NE(a, (NodeAddress{"b", 2}));
  EXPECT_LT(a, (NodeAddress{"a", 3}));
  EXPECT_LT(a, (NodeAddress{"b", 1}));
  EXPECT_FALSE(a < a);
}

TEST(NodeAddressTest, ToStringPutsIpv6IntoBrackets) {
  EXPECT_EQ((NodeAddress{"db1", 6379}).ToString(), "db1:6379");
  EXPECT_EQ((NodeAddress{"::1", 6379}).ToString(), "[::1]:6379");
}

TEST(NodeAddressTest, AcceptsNamesAndAddresses) {
  for (const absl::string_view host :
       {"db1", "db-1.example.com", "my_db", "127.0.0.1", "::1", "2001:DB8::7",
        "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(IsNodeHost(host)) << host;
  }
  EXPECT_TRUE(IsNodeHost(std::string(253, 'a')));
}

TEST(NodeAddressTest, RejectsHostsThatLeadElsewhere) {
  for (const absl::string_view host :
       {"", "unix:/tmp/socket", "/tmp/socket", "a b", "a\r\nFLUSHALL", "a@b",
        "a,b", "a/b", "[::1]", "?", "fe80::1%eth0", "db1:6379"}) {
    EXPECT_FALSE(IsNodeHost(host)) << host;
  }
  EXPECT_FALSE(IsNodeHost(absl::string_view("a\0b", 3)));
  EXPECT_FALSE(IsNodeHost(absl::string_view("::1\0b", 5)));
  EXPECT_FALSE(IsNodeHost(std::string(254, 'a')));
}

}  // namespace
}  // namespace kevy_replica
