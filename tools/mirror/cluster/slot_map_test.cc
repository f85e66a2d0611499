// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/slot_map.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

const NodeAddress kAsked = {"seed", 6379};

// Reads RESP, with "|" as the end of a line.
TargetReply Reply(const std::string& lines) {
  std::string resp;
  for (const char c : lines) {
    if (c == '|') {
      resp += "\r\n";
    } else {
      resp += c;
    }
  }
  ReplyReader reader;
  absl::string_view bytes = resp;
  TargetReply reply;
  const absl::StatusOr<bool> whole =
      reader.Take(ReplyDetail::kWhole, &bytes, &reply);
  EXPECT_TRUE(whole.ok() && *whole && bytes.empty()) << lines;
  return reply;
}

std::string Node(absl::string_view host, int port) {
  return absl::StrCat("*3|$", host.size(), "|", host, "|:", port, "|$2|id|");
}

std::string Range(int first, int last, const std::vector<std::string>& nodes) {
  std::string text =
      absl::StrCat("*", 2 + nodes.size(), "|:", first, "|:", last, "|");
  for (const std::string& node : nodes) text += node;
  return text;
}

TargetReply Ranges(const std::vector<std::string>& ranges) {
  std::string text = absl::StrCat("*", ranges.size(), "|");
  for (const std::string& range : ranges) text += range;
  return Reply(text);
}

std::string FaultIn(const TargetReply& reply) {
  const absl::StatusOr<SlotMap> map = SlotMap::Parse(reply, kAsked);
  EXPECT_TRUE(absl::IsUnavailable(map.status())) << map.status();
  return std::string(map.status().message());
}

TEST(SlotMapTest, NewMapCoversNothing) {
  const SlotMap map;
  EXPECT_EQ(map.covered(), 0);
  EXPECT_EQ(map.MasterOf(0), nullptr);
  EXPECT_TRUE(map.masters().empty());
}

TEST(SlotMapTest, ParseReadsMastersAndReplicas) {
  const absl::StatusOr<SlotMap> map = SlotMap::Parse(
      Ranges({Range(0, 5460, {Node("a", 1), Node("d", 4)}),
              Range(5461, 10922, {Node("b", 2), Node("e", 5)}),
              Range(10923, 16382, {Node("c", 3)}),
              Range(16383, 16383, {Node("a", 1), Node("d", 4)})}),
      kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->covered(), kSlots);
  EXPECT_EQ(*map->MasterOf(0), (NodeAddress{"a", 1}));
  EXPECT_EQ(*map->MasterOf(5460), (NodeAddress{"a", 1}));
  EXPECT_EQ(*map->MasterOf(5461), (NodeAddress{"b", 2}));
  EXPECT_EQ(*map->MasterOf(16382), (NodeAddress{"c", 3}));
  EXPECT_EQ(*map->MasterOf(16383), (NodeAddress{"a", 1}));
  EXPECT_EQ(map->masters(),
            (std::vector<NodeAddress>{{"a", 1}, {"b", 2}, {"c", 3}}));
  EXPECT_EQ(map->replicas(), (std::vector<NodeAddress>{{"d", 4}, {"e", 5}}));
}

TEST(SlotMapTest, ParseReadsPartOfSlots) {
  const absl::StatusOr<SlotMap> map =
      SlotMap::Parse(Ranges({Range(7, 8, {Node("a", 1)})}), kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->covered(), 2);
  EXPECT_EQ(map->MasterOf(6), nullptr);
  EXPECT_NE(map->MasterOf(7), nullptr);
  EXPECT_EQ(map->MasterOf(9), nullptr);
  const absl::StatusOr<SlotMap> none = SlotMap::Parse(Ranges({}), kAsked);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(none->covered(), 0);
}

TEST(SlotMapTest, MissingHostIsTheAskedNodes) {
  for (const absl::string_view host : {"$0||", "$-1|"}) {
    const absl::StatusOr<SlotMap> map = SlotMap::Parse(
        Reply(absl::StrCat("*1|*3|:0|:9|*2|", host, ":7000|")), kAsked);
    ASSERT_TRUE(map.ok()) << map.status();
    EXPECT_EQ(*map->MasterOf(0), (NodeAddress{"seed", 7000}));
  }
}

TEST(SlotMapTest, UnknownMasterCoversNothing) {
  const absl::StatusOr<SlotMap> map =
      SlotMap::Parse(Ranges({Range(0, 9, {Node("?", 1), Node("d", 4)}),
                             Range(10, 19, {Node("b", 2), Node("?", 5)})}),
                     kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->MasterOf(0), nullptr);
  EXPECT_EQ(*map->MasterOf(10), (NodeAddress{"b", 2}));
  EXPECT_EQ(map->masters(), (std::vector<NodeAddress>{{"b", 2}}));
  EXPECT_EQ(map->replicas(), (std::vector<NodeAddress>{{"d", 4}}));
}

TEST(SlotMapTest, ErrorReplyIsNoCluster) {
  const absl::StatusOr<SlotMap> map = SlotMap::Parse(
      Reply("-ERR This instance has cluster support disabled|"), kAsked);
  EXPECT_EQ(map.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(map.status().message(), "support disabled"));
}

TEST(SlotMapTest, ParseRejectsSlotToldTwice) {
  EXPECT_TRUE(absl::StrContains(FaultIn(Ranges({Range(0, 9, {Node("a", 1)}),
                                                Range(9, 12, {Node("b", 2)})})),
                                "slot 9 is told twice"));
}

TEST(SlotMapTest, ParseRejectsWrongRanges) {
  const std::string node = Node("a", 1);
  for (const TargetReply& reply :
       {Ranges({Range(0, kSlots, {node})}), Ranges({Range(-1, 4, {node})}),
        Ranges({Range(5, 4, {node})}), Ranges({Range(0, 4, {})}),
        Reply("*1|*3|$1|0|:4|" + node), Reply("*1|:7|"), Reply("*1|*0|")}) {
    EXPECT_TRUE(absl::StrContains(FaultIn(reply), "a range is not"));
  }
  EXPECT_TRUE(absl::StrContains(FaultIn(Reply("+OK|")), "not an array"));
  EXPECT_TRUE(absl::StrContains(FaultIn(Reply("$-1|")), "not an array"));
}

TEST(SlotMapTest, ParseRejectsWrongNodes) {
  for (const auto& [node, fault] :
       std::vector<std::pair<std::string, std::string>>{
           {Node("a", 0), "port 0"},
           {Node("a", 65536), "port 65536"},
           {Node("a", -1), "port -1"},
           {Node("unix:/tmp/s", 1), "the host \"unix:/tmp/s\""},
           {Node("a\nb", 1), "the host \"a\\nb\""},
           {"*1|$1|a|", "host and port"},
           {"*2|:1|:2|", "host and port"},
           {"*2|$1|a|$1|7|", "host and port"},
           {":7|", "host and port"}}) {
    const std::string message = FaultIn(Ranges({Range(0, 9, {node})}));
    EXPECT_TRUE(absl::StrContains(message, fault)) << message;
    // A replica as well.
    FaultIn(Ranges({Range(0, 9, {Node("a", 1), node})}));
  }
  const std::string message =
      FaultIn(Ranges({Range(0, 9, {Node(std::string(100000, 'a'), 1)})}));
  EXPECT_LT(message.size(), 200u);
}

// A hostile node may tell any number of ranges and nodes.
TEST(SlotMapTest, ParseBoundsRangesAndNodes) {
  std::vector<std::string> most;
  for (int i = 0; i < static_cast<int>(kMaxNodes); ++i) {
    most.push_back(Range(i, i, {Node("a", i + 1)}));
  }
  EXPECT_TRUE(SlotMap::Parse(Ranges(most), kAsked).ok());
  most.push_back(Range(kSlots - 1, kSlots - 1, {Node("b", 1)}));
  EXPECT_TRUE(absl::StrContains(FaultIn(Ranges(most)), "more than 1000 nodes"));
  most.back() = Range(kSlots - 1, kSlots - 1, {Node("a", 1), Node("r", 1)});
  EXPECT_TRUE(absl::StrContains(FaultIn(Ranges(most)), "more than 1000 nodes"));

  // Unknown nodes count for nothing. Their slots are told all the same.
  std::vector<std::string> unknown(kSlots + 1, Range(0, 0, {Node("?", 1)}));
  EXPECT_TRUE(absl::StrContains(FaultIn(Ranges(unknown)), "twice"));
}

TEST(SlotMapTest, MoveChangesOneSlot) {
  absl::StatusOr<SlotMap> map = SlotMap::Parse(
      Ranges({Range(0, 9, {Node("a", 1)}), Range(10, 19, {Node("b", 2)})}),
      kAsked);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_TRUE(map->Move(3, {"b", 2}));
  EXPECT_TRUE(map->Move(4, {"c", 3}));
  EXPECT_TRUE(map->Move(77, {"c", 3}));
  EXPECT_EQ(*map->MasterOf(2), (NodeAddress{"a", 1}));
  EXPECT_EQ(*map->MasterOf(3), (NodeAddress{"b", 2}));
  EXPECT_EQ(*map->MasterOf(4), (NodeAddress{"c", 3}));
  EXPECT_EQ(*map->MasterOf(77), (NodeAddress{"c", 3}));
  EXPECT_EQ(map->masters(),
            (std::vector<NodeAddress>{{"a", 1}, {"b", 2}, {"c", 3}}));
}

TEST(SlotMapTest, MoveKeepsAtMostMaxNodes) {
  SlotMap map;
  for (size_t i = 0; i < kMaxNodes; ++i) {
    ASSERT_TRUE(map.Move(0, {absl::StrCat("n", i), 1}));
  }
  EXPECT_FALSE(map.Move(0, {"more", 1}));
  EXPECT_EQ(*map.MasterOf(0), (NodeAddress{"n999", 1}));
  EXPECT_TRUE(map.Move(0, {"n5", 1}));
  EXPECT_EQ(*map.MasterOf(0), (NodeAddress{"n5", 1}));
}

}  // namespace
}  // namespace kevy_replica
