// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/kevy_url.h"

#include <string>
#include <utility>
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

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kKey1(64, '1');
const std::string kKeyA(64, 'a');

std::vector<std::string> Nodes(absl::string_view text) {
  const absl::StatusOr<KevyUrl> url = ParseKevyUrl(text);
  if (!url.ok()) return {url.status().ToString()};
  std::vector<std::string> result;
  for (const Address& node : url->nodes) result.push_back(node.ToString());
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
  EXPECT_THAT(Error("kevy://a:1,b:1,a:1"), HasSubstr("\"a:1\" stands twice"));
  EXPECT_THAT(Error("kevy://a:1\x1b[2J"), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Error("kevy://\x1b:1,\x1b:1"),
              AllOf(HasSubstr("stands twice"), Not(HasSubstr("\x1b"))));
}

template <typename T>
std::string Text(const absl::StatusOr<T>& address) {
  if (!address.ok()) return address.status().ToString();
  std::string text;
  AppendText(*address, &text);
  return text;
}

std::string ListenerError(absl::string_view text) {
  const absl::Status status = ParseListenerAddress(text).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << text << ": " << status;
  return std::string(status.message());
}

TEST(KevyUrlTest, ReadsKeys) {
  const absl::StatusOr<KevyUrl> url = ParseKevyUrl(absl::StrCat(
      "kevy://a:1,b:2?key=", std::string(64, 'A'), "&key=", kKey1));
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_THAT(url->nodes, SizeIs(2));
  EXPECT_THAT(url->keys, ElementsAre(kKeyA, kKey1));
}

TEST(KevyUrlTest, FormatsBack) {
  for (const std::string& text :
       {std::string("kevy://a:1,[::1]:2"), "kevy://a:1?key=" + kKey1,
        "kevy://a:1,b:2?key=" + kKey1 + "&key=" + kKeyA}) {
    EXPECT_EQ(Text(ParseKevyUrl(text)), text);
  }
  for (const std::string& text :
       {std::string("a:1"), std::string("unix:/tmp/s"),
        "kevys://[::1]:16004?key=" + kKey1,
        "kevys://a:16004?key=" + kKeyA + "&key=" + kKey1}) {
    EXPECT_EQ(Text(ParseListenerAddress(text)), text);
  }
}

// The faults of the part behind the "?", which both forms share.
TEST(KevyUrlTest, RejectsFaultsOfKeys) {
  const std::string digits(63, '1');
  const std::pair<std::string, std::string> kFaults[] = {
      {"?", "only public keys"},
      {"?key", "only public keys"},
      {"?key=", "64 hex digits"},
      {"?key=" + digits, "64 hex digits"},
      {"?key=" + digits + "11", "64 hex digits"},
      {"?key=" + digits + "g", "64 hex digits"},
      {"?key=" + digits + " ", "64 hex digits"},
      {"?key=0x" + digits.substr(1), "64 hex digits"},
      {"?key=" + digits + std::string(1, '\0'), "64 hex digits"},
      {"?key=" + kKey1 + "#", "64 hex digits"},
      {"?key=" + kKey1 + "&", "only public keys"},
      {"?key=" + kKey1 + "," + kKeyA, "64 hex digits"},
      {"?key=" + kKey1 + "?key=" + kKeyA, "64 hex digits"},
      {"?key=" + kKey1 + "&key=" + kKey1, "stands twice"},
      {"?key=" + kKeyA + "&key=" + std::string(64, 'A'), "stands twice"},
      {"?Key=" + kKey1, "only public keys"},
      {"?server_key=" + kKey1, "encrypted client port"},
      {"?client_key_file=/k&server_key=" + kKey1, "encrypted client port"},
      {"?key_file=/etc/replica.key", "only public keys"},
      {"?private_key=" + kKey1, "only public keys"},
      {"?&key=" + kKey1, "only public keys"},
  };
  for (const auto& [query, fault] : kFaults) {
    for (const std::string& error :
         {Error("kevy://db1:6004" + query),
          ListenerError("kevys://db1:16004" + query)}) {
      EXPECT_THAT(error, HasSubstr(fault)) << query;
      EXPECT_THAT(error, HasSubstr("://db1:")) << query;
      // Somebody may have put a secret there.
      EXPECT_THAT(error, Not(HasSubstr("1111"))) << query;
      EXPECT_THAT(error, Not(HasSubstr("aaaa"))) << query;
    }
  }
}

TEST(KevyUrlTest, RejectsFaultsOfSecureListener) {
  const std::string query = "?key=" + kKey1;
  EXPECT_THAT(ListenerError("kevys://a:1"), HasSubstr("needs the node's"));
  EXPECT_THAT(ListenerError("kevys://" + query), HasSubstr("port is missing"));
  EXPECT_THAT(ListenerError("kevys://a" + query), HasSubstr("port is missing"));
  EXPECT_THAT(ListenerError("kevys://a:0" + query), HasSubstr("port 0"));
  EXPECT_THAT(ListenerError("kevys://a:1,b:1" + query), HasSubstr("IPv6"));
  EXPECT_THAT(ListenerError("kevys://a:1/" + query), HasSubstr("a path"));
  EXPECT_THAT(ListenerError("kevys://unix:/s" + query), HasSubstr("a path"));
  EXPECT_THAT(ListenerError("kevys://unix:s" + query), HasSubstr("a host"));
  EXPECT_THAT(ListenerError("kevys://u:secret@a:1" + query),
              Not(HasSubstr("secret")));
  EXPECT_THAT(ListenerError("kevy://a:1" + query), HasSubstr("client ports"));
  EXPECT_THAT(ListenerError("KEVYS://a:1" + query), Not(HasSubstr("1111")));
  EXPECT_THAT(ListenerError("a:1" + query),
              AllOf(HasSubstr("kevys://"), Not(HasSubstr("1111"))));
  EXPECT_THAT(ListenerError("a:1?private_key=" + kKey1),
              Not(HasSubstr("1111")));
  EXPECT_THAT(Error("kevys://a:1" + query), HasSubstr("begins with kevy://"));
}

TEST(KevyUrlTest, LimitsKeys) {
  std::string url = "kevy://a:1?key=" + kKeyA;
  for (size_t i = 2; i <= kMaxKevyKeys; ++i) {
    absl::StrAppend(&url, "&key=", absl::Dec(i, absl::kZeroPad16),
                    std::string(48, '0'));
  }
  EXPECT_THAT(ParseKevyUrl(url)->keys, SizeIs(kMaxKevyKeys));
  EXPECT_THAT(Error(url + "&key=" + kKey1), HasSubstr("more than 64 keys"));
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
