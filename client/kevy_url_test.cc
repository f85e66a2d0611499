// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/kevy_url.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> Nodes(absl::string_view url) {
  const absl::StatusOr<std::vector<Address>> nodes = ParseKevyUrl(url);
  if (!nodes.ok()) return {nodes.status().ToString()};
  std::vector<std::string> result;
  for (const Address& node : *nodes) result.push_back(node.ToString());
  return result;
}

std::string Error(absl::string_view url) {
  const absl::Status status = ParseKevyUrl(url).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << url << ": " << status;
  return std::string(status.message());
}

TEST(KevyUrlTest, NamesNodesInOrder) {
  EXPECT_THAT(Nodes("kevy://localhost:6004"), ElementsAre("localhost:6004"));
  EXPECT_THAT(Nodes("kevy://b:1,10.0.0.7:2,[fe80::1]:65535"),
              ElementsAre("b:1", "10.0.0.7:2", "[fe80::1]:65535"));
}

TEST(KevyUrlTest, SchemeDecidesKind) {
  EXPECT_TRUE(IsKevyUrl("kevy://"));
  EXPECT_FALSE(IsKevyUrl("kevy:6004"));
  EXPECT_FALSE(IsKevyUrl("localhost:16004"));
  EXPECT_FALSE(IsKevyUrl("KEVY://localhost:6004"));
}

TEST(KevyUrlTest, RejectsFaults) {
  EXPECT_THAT(Error("localhost:6004"), HasSubstr("begins with kevy://"));
  EXPECT_THAT(Error("kevy://"), HasSubstr("the port is missing"));
  EXPECT_THAT(Error("kevy://a"), HasSubstr("the port is missing"));
  EXPECT_THAT(Error("kevy://a:1,"), HasSubstr("the port is missing"));
  EXPECT_THAT(Error("kevy://a:1,,b:2"), HasSubstr("the port is missing"));
  EXPECT_THAT(Error("kevy://a:0"), HasSubstr("port 0"));
  EXPECT_THAT(Error("kevy://a:65536"), HasSubstr("0 to 65535"));
  EXPECT_THAT(Error("kevy://::1:6004"), HasSubstr("brackets"));
  EXPECT_THAT(Error("kevy://a:1/0"), HasSubstr("a path"));
  EXPECT_THAT(Error("kevy://unix:/tmp/s"), HasSubstr("a Unix socket"));
  EXPECT_THAT(Error("kevy://unix:s"), HasSubstr("needs a host and a port"));
  EXPECT_THAT(Error("kevy://a:1,b:1,a:1"), HasSubstr("a:1 stands twice"));
  EXPECT_THAT(Error("kevy://a:1\x1b[2J"), Not(HasSubstr("\x1b")));
}

TEST(KevyUrlTest, NeverRepeatsPassword) {
  EXPECT_THAT(Error("kevy://me:secret@a:1"), Not(HasSubstr("secret")));
}

TEST(KevyUrlTest, LimitsNodes) {
  std::string url = "kevy://a:1";
  for (size_t i = 2; i <= kMaxKevyNodes; ++i) absl::StrAppend(&url, ",a:", i);
  EXPECT_THAT(Nodes(url), SizeIs(kMaxKevyNodes));
  EXPECT_THAT(Error(url + ",b:1"), HasSubstr("more than 64 nodes"));
}

}  // namespace
}  // namespace kevy_replica
