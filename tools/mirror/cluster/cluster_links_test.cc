// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/cluster_links.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/replies.h"

namespace kevy_replica {
namespace {

const NodeAddress kA = {"a", 1};
const NodeAddress kB = {"b", 2};
const NodeAddress kC = {"c", 3};

TargetReply Range(int first, int last, const NodeAddress& master) {
  return ArrayReply(
      {IntegerReply(first), IntegerReply(last),
       ArrayReply({TextReply(master.host), IntegerReply(master.port)})});
}

// The answer of a node. A status breaks the link.
using Answer = absl::StatusOr<TargetReply>;

// Nodes in memory, which answer as the test says. Others refuse connections.
class FakeNodes {
 public:
  using Handler = std::function<Answer(const std::string& command)>;

  void Set(const NodeAddress& node, Handler handler) {
    handlers_[node] = std::move(handler);
  }
  // Answers CLUSTER SLOTS with `map`, and other commands with `answer`.
  void Set(const NodeAddress& node, const TargetReply& map, Answer answer) {
    Set(node, [map, answer](const std::string& command) -> Answer {
      return command == "CLUSTER SLOTS" ? Answer(map) : answer;
    });
  }
  void Kill(const NodeAddress& node) { handlers_.erase(node); }

  NodeConnector connector() {
    return [this](const NodeAddress& node)
               -> absl::StatusOr<std::unique_ptr<TargetLink>> {
      log_.push_back(absl::StrCat(node.ToString(), " connect"));
      if (handlers_.count(node) == 0) {
        return absl::UnavailableError(
            absl::StrCat(node.ToString(), ": refused"));
      }
      ++open_;
      return std::make_unique<Link>(this, node);
    };
  }

  // The calls since the last Log(), as "a:1 connect, a:1 GET k".
  std::string Log() {
    std::string text = absl::StrJoin(log_, ", ");
    log_.clear();
    return text;
  }
  size_t calls() const { return log_.size(); }
  int open() const { return open_; }

 private:
  class Link : public TargetLink {
   public:
    Link(FakeNodes* nodes, NodeAddress node)
        : nodes_(nodes), node_(std::move(node)) {}
    ~Link() override { --nodes_->open_; }
    void AddRaw(absl::string_view) override { ADD_FAILURE(); }
    void Add(absl::Span<const absl::string_view> argv) override {
      commands_.push_back(absl::StrJoin(argv, " "));
    }
    absl::Status Send() override {
      for (const std::string& command : commands_) {
        nodes_->log_.push_back(absl::StrCat(node_.ToString(), " ", command));
        const auto handler = nodes_->handlers_.find(node_);
        if (handler == nodes_->handlers_.end()) {
          return absl::UnavailableError("cut");
        }
        answers_.push_back(handler->second(command));
      }
      commands_.clear();
      return absl::OkStatus();
    }
    size_t outstanding() const override { return answers_.size(); }
    absl::StatusOr<TargetReply> Receive(ReplyDetail) override {
      Answer answer = std::move(answers_.front());
      answers_.pop_front();
      return answer;
    }

   private:
    FakeNodes* const nodes_;
    const NodeAddress node_;
    std::vector<std::string> commands_;
    std::deque<Answer> answers_;
  };

  std::map<NodeAddress, Handler> handlers_;
  std::vector<std::string> log_;
  int open_ = 0;
};

// Two masters with half of the slots each.
TargetReply TwoMasters() {
  return ArrayReply({Range(0, 8191, kA), Range(8192, kSlots - 1, kB)});
}
constexpr uint16_t kSlotOfA = 5;
constexpr uint16_t kSlotOfB = 9000;

class ClusterLinksTest : public testing::Test {
 protected:
  ClusterLinksTest() {
    nodes_.Set(kA, TwoMasters(), TextReply("from a"));
    nodes_.Set(kB, TwoMasters(), TextReply("from b"));
  }

  std::string Get(uint16_t slot) {
    const Answer answer = links_.Ask(slot, {"GET", "k"});
    return answer.ok() ? answer->text : answer.status().ToString();
  }

  FakeNodes nodes_;
  ClusterLinks links_{{kA, kB}, nodes_.connector()};
};

TEST_F(ClusterLinksTest, RefreshAsksFirstSeed) {
  EXPECT_EQ(links_.slots().covered(), 0);
  ASSERT_TRUE(links_.Refresh().ok());
  EXPECT_EQ(nodes_.Log(), "a:1 connect, a:1 CLUSTER SLOTS");
  EXPECT_EQ(links_.slots().covered(), kSlots);
}

TEST_F(ClusterLinksTest, RefreshPassesOverDeadSeed) {
  nodes_.Kill(kA);
  ASSERT_TRUE(links_.Refresh().ok());
  EXPECT_EQ(nodes_.Log(), "a:1 connect, b:2 connect, b:2 CLUSTER SLOTS");
}

TEST_F(ClusterLinksTest, RefreshPassesOverUselessNodes) {
  for (const Answer& answer : std::vector<Answer>{
           ArrayReply({}), TextReply("OK"), ErrorReply("ERR unknown command"),
           ErrorReply("NOPERM no"), ErrorReply("LOADING soon"),
           absl::UnavailableError("cut"), absl::DeadlineExceededError("slow"),
           absl::ResourceExhaustedError("long"),
           ArrayReply({Range(0, 5, kA), Range(5, 9, kB)})}) {
    nodes_.Set(kA, [answer](const std::string&) { return answer; });
    ClusterLinks links({kA, kB}, nodes_.connector());
    ASSERT_TRUE(links.Refresh().ok());
    EXPECT_EQ(nodes_.Log(),
              "a:1 connect, a:1 CLUSTER SLOTS, b:2 connect, "
              "b:2 CLUSTER SLOTS");
  }
}

TEST_F(ClusterLinksTest, RefreshNamesFaultOfEachNode) {
  nodes_.Kill(kA);
  nodes_.Set(kB, TextReply("PONG"), TextReply(""));
  const absl::Status status = links_.Refresh();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "a:1: refused")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "b:2: the reply to CLUSTER"))
      << status;
}

TEST_F(ClusterLinksTest, RefreshTellsThatAllNodesRefuse) {
  nodes_.Set(kA, ErrorReply("ERR This instance has cluster support disabled"),
             TextReply(""));
  nodes_.Set(kB, ErrorReply("NOPERM no"), TextReply(""));
  const absl::Status status = links_.Refresh();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "support disabled"));
  EXPECT_TRUE(absl::StrContains(status.message(), "NOPERM"));
}

// No other node would do better.
TEST_F(ClusterLinksTest, RefreshEndsWithErrorOfThisSide) {
  for (const absl::Status& error : {absl::CancelledError("interrupted"),
                                    absl::InvalidArgumentError("no file")}) {
    nodes_.Set(kA, [error](const std::string&) -> Answer { return error; });
    ClusterLinks links({kA, kB}, nodes_.connector());
    EXPECT_EQ(links.Refresh(), error);
    EXPECT_EQ(nodes_.Log(), "a:1 connect, a:1 CLUSTER SLOTS");
  }
}

TEST_F(ClusterLinksTest, RefreshShortensMessageOfManyFaults) {
  std::vector<NodeAddress> seeds;
  for (int i = 0; i < 100; ++i) seeds.push_back({absl::StrCat("dead", i), 1});
  ClusterLinks links(seeds, nodes_.connector());
  const absl::Status status = links.Refresh();
  EXPECT_EQ(nodes_.calls(), 100u);
  EXPECT_TRUE(absl::StrContains(status.message(), "and 96 more")) << status;
}

// A node that is cut off from the others tells its old map each time.
TEST_F(ClusterLinksTest, RefreshAsksAnotherNodeEachTime) {
  ASSERT_TRUE(links_.Refresh().ok());
  EXPECT_EQ(Get(kSlotOfB), "from b");
  nodes_.Log();
  ASSERT_TRUE(links_.Refresh().ok());
  ASSERT_TRUE(links_.Refresh().ok());
  EXPECT_TRUE(nodes_.Log() == "b:2 CLUSTER SLOTS, a:1 CLUSTER SLOTS");
}

TEST_F(ClusterLinksTest, RefreshFindsNodesBeyondDeadSeeds) {
  ClusterLinks links({kA}, nodes_.connector());
  ASSERT_TRUE(links.Refresh().ok());
  nodes_.Kill(kA);
  nodes_.Set(kB, ArrayReply({Range(0, kSlots - 1, kB)}), TextReply("from b"));
  ASSERT_TRUE(links.Refresh().ok());
  EXPECT_EQ(*links.slots().MasterOf(kSlotOfA), kB);
}

TEST_F(ClusterLinksTest, RefreshAsksReplicasToo) {
  TargetReply map = ArrayReply({Range(0, kSlots - 1, kA)});
  map.elements[0].elements.push_back(
      ArrayReply({TextReply(kC.host), IntegerReply(kC.port)}));
  nodes_.Set(kA, map, TextReply(""));
  ClusterLinks links({kA}, nodes_.connector());
  ASSERT_TRUE(links.Refresh().ok());
  nodes_.Kill(kA);
  nodes_.Set(kC, ArrayReply({Range(0, kSlots - 1, kC)}), TextReply("from c"));
  ASSERT_TRUE(links.Refresh().ok());
  EXPECT_EQ(*links.slots().MasterOf(0), kC);
}

// Each dead node may take the time of a whole connect.
TEST_F(ClusterLinksTest, RefreshAsksFewNodesOfHostileMap) {
  std::vector<TargetReply> ranges;
  for (int i = 0; i < 900; ++i) {
    ranges.push_back(Range(i, i, {absl::StrCat("dead", i), 1}));
  }
  nodes_.Set(kA, ArrayReply(ranges), TextReply(""));
  ClusterLinks links({kA}, nodes_.connector());
  ASSERT_TRUE(links.Refresh().ok());
  nodes_.Kill(kA);
  nodes_.Log();
  EXPECT_TRUE(absl::IsUnavailable(links.Refresh()));
  // The link to the seed breaks, then 16 others refuse.
  EXPECT_EQ(nodes_.calls(), 17u) << nodes_.Log();
  EXPECT_EQ(links.slots().covered(), 900) << "the old map stands";
}

TEST_F(ClusterLinksTest, RefreshDropsLinksToForgottenNodes) {
  ClusterLinks links({kA}, nodes_.connector());
  ASSERT_TRUE(links.Refresh().ok());
  ASSERT_TRUE(links.LinkTo(kB).ok());
  EXPECT_EQ(nodes_.open(), 2);
  nodes_.Set(kA, ArrayReply({Range(0, kSlots - 1, kA)}), TextReply(""));
  nodes_.Set(kB, ArrayReply({Range(0, kSlots - 1, kA)}), TextReply(""));
  ASSERT_TRUE(links.Refresh().ok());
  EXPECT_EQ(nodes_.open(), 1);
}

TEST_F(ClusterLinksTest, LinkToConnectsOnce) {
  const absl::StatusOr<CheckedLink*> first = links_.LinkTo(kA);
  ASSERT_TRUE(first.ok());
  const absl::StatusOr<CheckedLink*> again = links_.LinkTo(kA);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*first, *again);
  EXPECT_EQ(nodes_.Log(), "a:1 connect");
}

TEST_F(ClusterLinksTest, LinkToReplacesBrokenLinkInPlace) {
  CheckedLink* const link = *links_.LinkTo(kA);
  (void)link->Fail(absl::UnavailableError("cut"));
  const absl::StatusOr<CheckedLink*> again = links_.LinkTo(kA);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, link);
  EXPECT_TRUE(link->status().ok());
  EXPECT_EQ(nodes_.Log(), "a:1 connect, a:1 connect");
  EXPECT_EQ(nodes_.open(), 1);

  (void)link->Fail(absl::UnavailableError("cut"));
  nodes_.Kill(kA);
  EXPECT_TRUE(absl::IsUnavailable(links_.LinkTo(kA).status()));
  EXPECT_TRUE(absl::IsUnavailable(link->status()));
}

TEST_F(ClusterLinksTest, LinkToHoldsAtMostMaxNodes) {
  for (size_t i = 0; i < kMaxNodes; ++i) {
    const NodeAddress node = {absl::StrCat("n", i), 1};
    nodes_.Set(node, TextReply(""), TextReply(""));
    ASSERT_TRUE(links_.LinkTo(node).ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(links_.LinkTo(kA).status()));
  EXPECT_TRUE(links_.LinkTo({"n0", 1}).ok());
  EXPECT_EQ(nodes_.open(), static_cast<int>(kMaxNodes));
}

TEST_F(ClusterLinksTest, LinkOfNeedsCoveredSlot) {
  EXPECT_TRUE(absl::IsUnavailable(links_.LinkOf(kSlotOfA).status()));
  ASSERT_TRUE(links_.Refresh().ok());
  EXPECT_EQ(*links_.LinkOf(kSlotOfA), *links_.LinkTo(kA));
  EXPECT_EQ(*links_.LinkOf(kSlotOfB), *links_.LinkTo(kB));
}

TEST_F(ClusterLinksTest, AskGoesToMasterOfSlot) {
  EXPECT_EQ(Get(kSlotOfB), "from b");
  EXPECT_EQ(nodes_.Log(),
            "a:1 connect, a:1 CLUSTER SLOTS, b:2 connect, b:2 GET k");
  EXPECT_EQ(Get(kSlotOfA), "from a");
  EXPECT_EQ(nodes_.Log(), "a:1 GET k");
}

TEST_F(ClusterLinksTest, AskReturnsOtherErrorReplies) {
  nodes_.Set(kA, TwoMasters(), ErrorReply("WRONGTYPE no"));
  const Answer answer = links_.Ask(kSlotOfA, {"GET", "k"});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->is_error());
  EXPECT_EQ(answer->text, "WRONGTYPE no");
}

TEST_F(ClusterLinksTest, AskFollowsMovedAndRemembersIt) {
  nodes_.Set(kA, TwoMasters(), ErrorReply("MOVED 5 b:2"));
  EXPECT_EQ(Get(kSlotOfA), "from b");
  nodes_.Log();
  EXPECT_EQ(Get(kSlotOfA), "from b");
  EXPECT_EQ(nodes_.Log(), "b:2 GET k");
}

TEST_F(ClusterLinksTest, AskFollowsAskOnce) {
  nodes_.Set(kA, TwoMasters(), ErrorReply("ASK 5 c:3"));
  nodes_.Set(kC, [asking = false](const std::string& command) mutable {
    if (command == "ASKING") {
      asking = true;
      return Answer(TextReply("OK"));
    }
    const Answer answer =
        asking ? TextReply("from c") : ErrorReply("MOVED 5 a:1");
    asking = false;
    return answer;
  });
  EXPECT_EQ(Get(kSlotOfA), "from c");
  nodes_.Log();
  EXPECT_EQ(Get(kSlotOfA), "from c");
  EXPECT_EQ(nodes_.Log(), "a:1 GET k, c:3 ASKING, c:3 GET k");
}

// The migration ends between the two answers.
TEST_F(ClusterLinksTest, AskFollowsMovedBehindAsk) {
  nodes_.Set(kA, TwoMasters(), ErrorReply("ASK 5 c:3"));
  nodes_.Set(kC, TwoMasters(), ErrorReply("MOVED 5 b:2"));
  EXPECT_EQ(Get(kSlotOfA), "from b");
}

TEST_F(ClusterLinksTest, AskEndsCircleOfRedirections) {
  nodes_.Set(kA, TwoMasters(), ErrorReply("MOVED 5 b:2"));
  nodes_.Set(kB, TwoMasters(), ErrorReply("MOVED 5 a:1"));
  EXPECT_TRUE(absl::StrContains(Get(kSlotOfA), "in a circle"));
  EXPECT_LE(nodes_.calls(), 20u);
}

// A hostile node names a new host each time.
TEST_F(ClusterLinksTest, AskEndsStormOfRedirections) {
  for (const std::string kind : {"MOVED", "ASK"}) {
    for (int i = 0; i < 100; ++i) {
      nodes_.Set({absl::StrCat("h", i), 1}, TwoMasters(),
                 ErrorReply(absl::StrCat(kind, " 5 h", i + 1, ":1")));
    }
    nodes_.Set(kA, TwoMasters(), ErrorReply(kind + " 5 h0:1"));
    ClusterLinks links({kA}, nodes_.connector());
    const Answer answer = links.Ask(kSlotOfA, {"GET", "k"});
    EXPECT_TRUE(absl::IsUnavailable(answer.status()));
    EXPECT_LE(nodes_.open(), 20);
  }
}

TEST_F(ClusterLinksTest, AskRefusesMovedOfAnotherSlot) {
  nodes_.Set(kA, TwoMasters(), ErrorReply("MOVED 6 b:2"));
  EXPECT_TRUE(absl::StrContains(Get(kSlotOfA), "a:1 redirects slot 5 with"));
  EXPECT_EQ(*links_.slots().MasterOf(6), kA);
}

TEST_F(ClusterLinksTest, AskTakesNewMapAfterBrokenLink) {
  ASSERT_TRUE(links_.Refresh().ok());
  EXPECT_EQ(Get(kSlotOfA), "from a");
  nodes_.Kill(kA);
  nodes_.Set(kB, ArrayReply({Range(0, kSlots - 1, kB)}), TextReply("from b"));
  EXPECT_EQ(Get(kSlotOfA), "from b");
}

// Before the failover all nodes tell the old master.
TEST_F(ClusterLinksTest, AskGivesUpDeadMaster) {
  ASSERT_TRUE(links_.Refresh().ok());
  nodes_.Kill(kA);
  nodes_.Log();
  EXPECT_TRUE(absl::StrContains(Get(kSlotOfA), "a:1: refused"));
  EXPECT_LE(nodes_.calls(), 12u);
}

TEST_F(ClusterLinksTest, AskGivesUpServerInTrouble) {
  for (const std::string text :
       {"CLUSTERDOWN the cluster is down", "TRYAGAIN later", "LOADING soon"}) {
    nodes_.Set(kA, TwoMasters(), ErrorReply(text));
    EXPECT_TRUE(absl::StrContains(Get(kSlotOfA), text));
  }
  nodes_.Set(kA, TwoMasters(), TextReply("from a"));
  EXPECT_EQ(Get(kSlotOfA), "from a");
}

TEST_F(ClusterLinksTest, AskGivesUpUncoveredSlot) {
  const TargetReply half = ArrayReply({Range(0, 8191, kA)});
  nodes_.Set(kA, half, TextReply("from a"));
  nodes_.Set(kB, half, TextReply("from b"));
  EXPECT_EQ(Get(kSlotOfA), "from a");
  EXPECT_TRUE(absl::StrContains(Get(kSlotOfB),
                                "no node of the cluster covers "
                                "slot 9000"));
}

TEST_F(ClusterLinksTest, AskEndsWithInterrupt) {
  ASSERT_TRUE(links_.Refresh().ok());
  nodes_.Set(kA, [](const std::string&) -> Answer {
    return absl::CancelledError("interrupted");
  });
  EXPECT_TRUE(absl::StrContains(Get(kSlotOfA), "interrupted"));
  EXPECT_EQ(nodes_.Log(), "a:1 connect, a:1 CLUSTER SLOTS, a:1 GET k");
}

}  // namespace
}  // namespace kevy_replica
