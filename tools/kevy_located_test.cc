// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_tail and kevy_mirror as programs that find the primary by its
// client port.

#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

uint16_t PortOf(absl::string_view address) {
  uint32_t port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  return static_cast<uint16_t>(port);
}

// A node with a client port and a listener a shard.
class Node {
 public:
  Node(ScriptedNode::Role role, uint64_t generation, size_t shards = 1) {
    for (int tries = 0; tries < 100 && !ListenInARow(shards); ++tries) {
    }
    EXPECT_EQ(shards_.size(), shards) << "no consecutive free ports";
    node_.role = role;
    node_.repl_port_base = PortOf(shards_[0].address());
    node_.shards.assign(shards, {generation, 0});
    port_.SetNode(node_);
    EXPECT_TRUE(port_.Listen("127.0.0.1:0").ok());
  }

  std::string address() const { return port_.address(); }
  std::string flag() const {
    return absl::StrCat("--primary=kevy://", address());
  }
  ScriptedPrimary& shard(size_t i) { return shards_[i]; }
  bool asked() const { return !port_.commands().empty(); }
  // The end of shard 0's history.
  void SetEnd(uint64_t generation, uint64_t next_offset) {
    node_.shards[0] = {generation, next_offset};
    port_.SetNode(node_);
  }
  void SetVersion(const std::string& version) {
    node_.version = version;
    port_.SetNode(node_);
  }
  void SetRole(ScriptedNode::Role role) {
    node_.role = role;
    port_.SetNode(node_);
  }

 private:
  bool ListenInARow(size_t shards) {
    shards_.clear();
    for (size_t i = 0; i < shards; ++i) {
      const size_t port = i == 0 ? 0 : PortOf(shards_[0].address()) + i;
      shards_.emplace_back();
      if (!shards_[i].Listen(absl::StrCat("127.0.0.1:", port)).ok()) {
        return false;
      }
    }
    return true;
  }

  ScriptedNode node_;
  std::deque<ScriptedPrimary> shards_;
  ScriptedClientPort port_;
};

PrimaryScript Frames(uint64_t generation, const std::string& value) {
  return PrimaryScript()
      .Generation(generation)
      .Frame(0, {"SET", "a", value})
      .Stall();
}

TEST(KevyTailLocatedTest, FollowsPrimaryToAnotherNode) {
  Node one(ScriptedNode::Role::kPrimary, 7);
  Node two(ScriptedNode::Role::kReplica, 7);
  one.shard(0).SetDefault(Frames(7, "one"));
  two.shard(0).SetDefault(Frames(8, "two"));
  ChildProcess child(kKevyTail, {absl::StrCat(one.flag(), ",", two.address()),
                                 "--heartbeat_timeout=inf"});
  const auto read_to = [&child](absl::string_view text) {
    std::string line;
    do {
      line = child.ReadLine();
      ASSERT_NE(line, "") << text;
    } while (line != text);
  };
  read_to("0 \"SET\" \"a\" \"one\"\n");
  one.SetRole(ScriptedNode::Role::kReplica);
  two.SetRole(ScriptedNode::Role::kPrimary);
  read_to("0 \"SET\" \"a\" \"two\"\n");
  child.Signal(SIGINT);
  EXPECT_EQ(child.ReadOutput(), "# end generation=8 next_offset=1\n");
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_THAT(
      child.ReadErrors(),
      AllOf(HasSubstr(absl::StrCat("kevy_tail: the primary is ", one.address(),
                                   ", kevy 5.4.0, with 1 shard\n")),
            HasSubstr(absl::StrCat("kevy_tail: the primary is ", two.address(),
                                   ", ")),
            HasSubstr("kevy_tail: not_primary: ")));
}

TEST(KevyTailLocatedTest, FindsNumberOfShards) {
  Node node(ScriptedNode::Role::kPrimary, 7, /*shards=*/2);
  for (size_t i = 0; i < 2; ++i) {
    node.shard(i).SetDefault(Frames(7, absl::StrCat(i)));
  }
  const ChildResult result =
      RunChild(kKevyTail, {node.flag(), "--max_frames=2"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("[0] 0 \"SET\" \"a\" \"0\"\n"),
                                HasSubstr("[1] 0 \"SET\" \"a\" \"1\"\n")));
}

TEST(KevyTailLocatedTest, OtherNumberOfShardsIsError) {
  Node node(ScriptedNode::Role::kPrimary, 7, /*shards=*/2);
  const ChildResult result = RunChild(kKevyTail, {node.flag(), "--shards=3"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("2"), HasSubstr("3"), HasSubstr(" shards")));
}

TEST(KevyTailLocatedTest, WaitsForPrimary) {
  Node node(ScriptedNode::Role::kReplica, 7);
  node.shard(0).SetDefault(Frames(7, "1"));
  ChildProcess child(kKevyTail, {node.flag(), "--shards=1", "--max_frames=1"});
  node.SetRole(ScriptedNode::Role::kPrimary);
  EXPECT_THAT(child.ReadOutput(), HasSubstr("0 \"SET\" \"a\" \"1\"\n"));
  EXPECT_EQ(child.Wait(), 0);
}

TEST(KevyTailLocatedTest, SignalEndsSearch) {
  Node node(ScriptedNode::Role::kReplica, 7);
  ChildProcess child(kKevyTail, {node.flag()});
  // Signals before the search kill the program, or stop it before.
  child.Await("it asks", [&node] { return node.asked(); });
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
}

TEST(KevyTailLocatedTest, StartsNowWithoutSnapshot) {
  Node node(ScriptedNode::Role::kPrimary, 7);
  node.SetEnd(7, 5);
  node.shard(0).SetDefault(
      PrimaryScript().Generation(7).Frame(5, {"SET", "a", "5"}).Stall());
  const ChildResult result =
      RunChild(kKevyTail, {node.flag(), "--from=now", "--max_frames=1"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("5 \"SET\" \"a\" \"5\"\n"),
                    EndsWith("# end generation=7 next_offset=6\n")));
  EXPECT_EQ(node.shard(0).connection(0).request->offset, 5u);
  EXPECT_EQ(node.shard(0).connection(0).request->generation, 7u);
}

TEST(KevyTailLocatedTest, RejectsBadUsage) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{
           {"--primary=kevy://"},
           {"--primary=kevy://localhost"},
           {"--primary=kevy://localhost:6004", "--once"},
           {"--primary=kevy://localhost:6004", "--from=7:8"},
           {"--primary=localhost:16004", "--from=now"},
           {"--from=now"}}) {
    const ChildResult result = RunChild(kKevyTail, flags);
    EXPECT_EQ(result.status, 2) << flags[0];
    EXPECT_THAT(result.err, StartsWith("kevy_tail: --"));
  }
}

TEST(KevyMirrorLocatedTest, FindsNumberOfShards) {
  Node node(ScriptedNode::Role::kPrimary, 7, /*shards=*/2);
  for (size_t i = 0; i < 2; ++i) {
    node.shard(i).SetDefault(Frames(7, absl::StrCat(i)));
  }
  ChildProcess child(kKevyMirror, {node.flag(), "--heartbeat_timeout=inf"});
  std::string out;
  for (const char* shard : {"\"shard-0\" \"7:1\"", "\"shard-1\" \"7:1\""}) {
    while (out.find(shard) == std::string::npos) {
      const std::string line = child.ReadLine();
      ASSERT_NE(line, "");
      out += line;
    }
  }
  EXPECT_THAT(out, HasSubstr("\"shards\" \"2\""));
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
}

// kevy 5.4.0 refuses KEEPTTL, and later versions may run it.
TEST(KevyMirrorLocatedTest, PrimaryVersionDecidesRewriting) {
  struct Case {
    const char* version;
    std::vector<std::string> flags;
    bool passed;
  };
  const std::vector<Case> cases = {
      {"5.4.0", {}, false},
      {"7.0.0", {}, true},
      {"7.0.0", {"--primary_version=5.4.0"}, false},
      {"5.4.0", {"--primary_version=7.0.0"}, true}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.version);
    Node node(ScriptedNode::Role::kPrimary, 7);
    node.SetVersion(one.version);
    node.shard(0).SetDefault(PrimaryScript()
                                 .Generation(7)
                                 .Frame(0, {"SET", "a", "1", "KEEPTTL"})
                                 .Frame(1, {"SET", "after", "1"})
                                 .Stall());
    std::vector<std::string> flags = {node.flag(), "--heartbeat_timeout=inf"};
    flags.insert(flags.end(), one.flags.begin(), one.flags.end());
    ChildProcess child(kKevyMirror, flags);
    std::string out;
    while (out.find("\"after\"") == std::string::npos) {
      const std::string line = child.ReadLine();
      ASSERT_NE(line, "");
      out += line;
    }
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_EQ(out.find("KEEPTTL") != std::string::npos, one.passed) << out;
  }
}

TEST(KevyMirrorLocatedTest, UncheckedAddressNamesAssumedVersion) {
  Node node(ScriptedNode::Role::kPrimary, 7);
  node.shard(0).SetDefault(Frames(7, "1"));
  for (const bool given : {false, true}) {
    std::vector<std::string> flags = {
        absl::StrCat("--primary=", node.shard(0).address()),
        "--heartbeat_timeout=inf"};
    if (given) flags.push_back("--primary_version=7.0.0");
    ChildProcess child(kKevyMirror, flags);
    ASSERT_NE(child.ReadLine(), "");
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_THAT(child.ReadErrors(),
                HasSubstr(given ? "and that it has 1 shard (kevy"
                                : "and that it has 1 shard and version 5.4.0 "
                                  "(kevy"));
  }
}

}  // namespace
}  // namespace kevy_replica
