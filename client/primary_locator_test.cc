// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/primary_locator.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/testing/locator_network.h"
#include "kevy_replica/codec/testing/client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

using client_testing::LocatorNetwork;
using codec_testing::ClientPortExchange;
using codec_testing::ClientPortExchanges;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using State = LocatorNetwork::State;

// Turns an event into a line of text.
struct Texter {
  std::string operator()(const PrimaryFound& found) const {
    return absl::StrCat("found ", found.primary.node,
                        found.primary.warning.empty() ? "" : " warning");
  }
  std::string operator()(const PrimaryDemoted& demoted) const {
    EXPECT_EQ(ReplicaErrorKindOf(demoted.status),
              ReplicaErrorKind::kNotPrimary);
    return absl::StrCat("demoted ", demoted.status.message());
  }
  std::string operator()(const PrimaryMissing& missing) const {
    EXPECT_TRUE(absl::IsUnavailable(missing.status));
    return absl::StrCat("missing ", missing.status.message());
  }
  std::string operator()(const LocatorFailed& failed) const {
    EXPECT_TRUE(absl::IsFailedPrecondition(failed.status));
    return absl::StrCat("failed ", failed.status.message());
  }
};

PrimaryLocatorOptions Options(size_t shards = 1) {
  PrimaryLocatorOptions options;
  options.shards = shards;
  options.retry.random = [] { return 0.5; };
  return options;
}

// A locator of three nodes a:1, b:1 and c:1, whose network and clock the test
// controls. a:1 is the primary, the others are replicas of it.
class Locate {
 public:
  explicit Locate(PrimaryLocatorOptions options = Options(),
                  absl::string_view url = "kevy://a:1,b:1,c:1")
      : locator(ParseKevyUrl(url)->nodes, std::move(options), now),
        network(&locator) {
    for (size_t i = 1; i < locator.size(); ++i) Demote(i);
  }

  void Demote(size_t i) {
    node(i).scripted.role = ScriptedNode::Role::kReplica;
    node(i).scripted.master_host = "10.0.0.1";
    node(i).scripted.master_port = 16'004;
  }
  void Promote(size_t i) {
    node(i).scripted.role = ScriptedNode::Role::kPrimary;
  }
  void SetOffset(size_t i, uint64_t offset) {
    node(i).scripted.shards = {{7, offset}};
  }
  LocatorNetwork::Node& node(size_t i) { return network.node(i); }

  // Lets time pass. Returns the events.
  std::vector<std::string> Run(absl::Duration duration) {
    std::vector<std::string> lines;
    const absl::Time end = now + duration;
    for (int turns = 0;; ++turns) {
      EXPECT_LT(turns, 10'000) << "it spins";
      if (turns == 10'000) break;
      locator.HandleTimeout(now);
      network.Step(now);
      while (std::optional<LocatorEvent> event = locator.PollEvent()) {
        if (auto* found = std::get_if<PrimaryFound>(&*event)) {
          primary = found->primary;
        }
        lines.push_back(std::visit(Texter(), *event));
      }
      const absl::Time next = locator.PollTimeout();
      if (next > end) break;
      now = std::max(now, next);
    }
    now = end;
    return lines;
  }
  std::vector<std::string> LinkEnds(absl::Duration then) {
    locator.HandleLinkEnded(now);
    return Run(then);
  }

  absl::Time now = absl::UnixEpoch();
  PrimaryLocator locator;
  LocatorNetwork network;
  Primary primary;  // The last one found.
};

// Replies as the recorded node does.
ScriptedNode Recorded(absl::string_view name, absl::string_view node) {
  ScriptedNode result;
  for (const ClientPortExchange& exchange : ClientPortExchanges(name)) {
    if (exchange.node == node)
      result.replies[exchange.command] = exchange.reply;
  }
  return result;
}

std::string Bulk(absl::string_view text) {
  return absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
}

// The answers of a check over a standing connection, and those over a new one.
const char kRoleAndToken[] =
    "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n*2\r\n:1\r\n:5\r\n";
std::string AllAnswers() {
  return absl::StrCat(kRoleAndToken,
                      Bulk("role:master\r\nrepl_port_base:17000\r\n"),
                      Bulk("kevy_version:5.4.0\r\n"), ":1\r\n:0\r\n");
}

void Feed(PrimaryLocator* locator, absl::string_view bytes, absl::Time now) {
  while (!bytes.empty()) {
    const absl::Span<char> room = locator->PrepareRead(0);
    const size_t n = std::min(room.size(), bytes.size());
    ASSERT_GT(n, 0u);
    std::memcpy(room.data(), bytes.data(), n);
    locator->HandleRead(0, n, now);
    bytes.remove_prefix(n);
  }
}

// One node, without a network.
class OneNodeTest : public ::testing::Test {
 protected:
  void Check(absl::string_view answers) {
    EXPECT_NE(locator_.PollConnection(0, now_), 0u);
    locator_.HandleConnected(0, now_);
    std::string out;
    EXPECT_TRUE(locator_.PollTransmit(0, &out));
    Feed(&locator_, answers, now_);
  }
  bool Finds() {
    const std::optional<LocatorEvent> event = locator_.PollEvent();
    return event.has_value() && std::holds_alternative<PrimaryFound>(*event);
  }

  absl::Time now_ = absl::UnixEpoch();
  PrimaryLocator locator_{
      {*ParseAddress("127.0.0.1:6004")}, PrimaryLocatorOptions(), now_};
};

TEST_F(OneNodeTest, LostConnectionChangesNothing) {
  Check(AllAnswers());
  EXPECT_TRUE(Finds());
  now_ += absl::Seconds(2);
  Check(kRoleAndToken);
  locator_.HandleEof(0, now_);
  now_ += absl::Milliseconds(100);
  EXPECT_EQ(locator_.PollConnection(0, now_), 2u);
  locator_.HandleTimeout(now_);  // The new connection has told nothing yet.
  EXPECT_EQ(locator_.PollEvent(), std::nullopt);
  Check(AllAnswers());
  EXPECT_EQ(locator_.PollEvent(), std::nullopt);
}

// As if the loop had been in a handler meanwhile.
// Before the connection, while it is made, and after its end.
TEST_F(OneNodeTest, BytesAreReadOverConnectionAlone) {
  EXPECT_THAT(locator_.PrepareRead(0), IsEmpty());
  EXPECT_NE(locator_.PollConnection(0, now_), 0u);
  EXPECT_THAT(locator_.PrepareRead(0), IsEmpty());
  locator_.HandleConnected(0, now_);
  EXPECT_THAT(locator_.PrepareRead(0), Not(IsEmpty()));
  locator_.HandleEof(0, now_);
  EXPECT_THAT(locator_.PrepareRead(0), IsEmpty());
}

TEST_F(OneNodeTest, AnswersHaveTimeAfterSlowConnecting) {
  EXPECT_EQ(locator_.PollConnection(0, now_), 1u);
  now_ += absl::Seconds(3);
  locator_.HandleConnected(0, now_);
  locator_.HandleTimeout(now_);
  EXPECT_EQ(locator_.PollConnection(0, now_), 1u);
  Feed(&locator_, AllAnswers(), now_);
  EXPECT_TRUE(Finds());
}

TEST_F(OneNodeTest, PortThatClosesAfterEachCheckIsAskedAtInterval) {
  Check(AllAnswers());
  EXPECT_TRUE(Finds());
  locator_.HandleEof(0, now_);
  EXPECT_GE(locator_.PollTimeout(), now_ + absl::Seconds(2));
}

TEST(PrimaryLocatorTest, ReadsRecordedReplies) {
  for (const absl::string_view name :
       {"kevy-2.0.20", "kevy-3.18.0", "kevy-4.1.1", "kevy-5.4.0"}) {
    for (const absl::string_view role : {"primary", "primary with a replica"}) {
      for (const size_t piece : {0, 1}) {
        Locate locate(Options(2), "kevy://a:6004,[::1]:7004");
        // The recording of a primary with a replica lacks INFO server.
        locate.node(1).scripted = Recorded(name, "primary");
        for (auto& [command, reply] : Recorded(name, role).replies) {
          locate.node(1).scripted.replies[command] = reply;
        }
        locate.node(0).scripted = Recorded(name, "replica");
        locate.node(0).piece = locate.node(1).piece = piece;
        const bool is_old = name < "kevy-4";
        EXPECT_THAT(locate.Run(absl::Seconds(10)),
                    ElementsAre(absl::StrCat("found [::1]:7004",
                                             is_old ? " warning" : "")))
            << name;
        EXPECT_EQ(absl::StrCat("kevy-", locate.primary.version), name);
        EXPECT_THAT(locate.primary.shards,
                    ElementsAre("[::1]:17004", "[::1]:17005"));
        EXPECT_EQ(absl::StrContains(locate.primary.warning, "protocol 1"),
                  is_old);
      }
    }
  }
}

TEST(PrimaryLocatorTest, NamesRecordedReplica) {
  for (const absl::string_view name :
       {"kevy-2.0.20", "kevy-3.18.0", "kevy-4.1.1", "kevy-5.4.0"}) {
    Locate locate(Options(2), "kevy://a:6004");
    locate.node(0).scripted = Recorded(name, "replica");
    EXPECT_THAT(
        locate.Run(absl::Seconds(10)),
        ElementsAre("missing no node is the primary: a:6004 is a replica of "
                    "\"127.0.0.1\""))
        << name;
  }
}

TEST(PrimaryLocatorTest, CountsShards) {
  Locate locate(Options(0));
  locate.node(0).scripted.shards = {{7, 1}, {8, 2}, {9, 3}};
  EXPECT_THAT(locate.Run(absl::Seconds(1)), ElementsAre("found a:1"));
  EXPECT_THAT(locate.primary.shards,
              ElementsAre("a:10001", "a:10002", "a:10003"));
  EXPECT_EQ(locate.primary.version, "5.4.0");
}

TEST(PrimaryLocatorTest, OtherNumberOfShardsFails) {
  Locate locate(Options(4));
  locate.node(0).scripted.shards = {{7, 1}, {8, 2}};
  EXPECT_THAT(locate.Run(absl::Seconds(60)),
              ElementsAre(AllOf(StartsWith("failed a:1 (kevy 5.4.0)"),
                                HasSubstr("has 2 shards, but 4 are followed"),
                                HasSubstr("--shards=2"))));
  EXPECT_EQ(locate.locator.PollTimeout(), absl::InfiniteFuture());
  EXPECT_EQ(locate.locator.PollConnection(0, locate.now), 0);
}

TEST(PrimaryLocatorTest, OldPrimaryNeedsNumberOfShards) {
  Locate locate(Options(0));
  locate.node(0).scripted = Recorded("kevy-2.0.20", "primary");
  EXPECT_THAT(
      locate.Run(absl::Seconds(60)),
      ElementsAre(AllOf(StartsWith("failed a:1 (kevy 2.0.20)"),
                        HasSubstr("FEED.SHARDS"), HasSubstr("--shards"))));
}

TEST(PrimaryLocatorTest, EmptyOldPrimaryNeedsNoWarning) {
  Locate locate;
  locate.node(0).scripted.version = "3.18.0";
  locate.node(0).scripted.replies[{"DBSIZE"}] = ":0\r\n";
  EXPECT_THAT(locate.Run(absl::Seconds(1)), ElementsAre("found a:1"));
}

TEST(PrimaryLocatorTest, UsesToldPortBase) {
  Locate locate(Options(2));
  locate.node(0).scripted.version = "7.0.0";
  locate.node(0).scripted.shards = {{7, 1}, {8, 2}};
  locate.node(0).scripted.repl_port_base = 65'534;
  EXPECT_THAT(locate.Run(absl::Seconds(1)), ElementsAre("found a:1"));
  EXPECT_THAT(locate.primary.shards, ElementsAre("a:65534", "a:65535"));
}

TEST(PrimaryLocatorTest, PortsEndAt65535) {
  Locate locate(Options(), "kevy://a:55536");
  EXPECT_THAT(locate.Run(absl::Seconds(1)),
              ElementsAre(HasSubstr("no replication ports from 65536 on")));
  Locate told(Options(2), "kevy://a:1");
  told.node(0).scripted.shards = {{7, 1}, {8, 2}};
  told.node(0).scripted.repl_port_base = 65'535;
  EXPECT_THAT(told.Run(absl::Seconds(1)),
              ElementsAre(HasSubstr("no replication ports from 65535 on")));
}

// The others were asked just before, and would be asked in a minute.
TEST(PrimaryLocatorTest, SilenceOfThePrimaryChecksOthersAtOnce) {
  PrimaryLocatorOptions options = Options();
  options.role_check_interval = absl::Minutes(1);
  options.check_timeout = absl::Seconds(2);
  Locate locate(std::move(options));
  EXPECT_THAT(locate.Run(absl::Seconds(59)), ElementsAre("found a:1"));
  locate.node(0).state = State::kAbsent;
  EXPECT_THAT(locate.Run(absl::Seconds(2)), IsEmpty());
  locate.Promote(1);
  EXPECT_THAT(
      locate.Run(absl::Seconds(3)),
      ElementsAre(StartsWith("missing"),
                  StartsWith("demoted b:1 is the primary now"), "found b:1"));
}

TEST(PrimaryLocatorTest, DeadNodesDoNotDelay) {
  Locate locate;
  locate.Promote(2);
  locate.node(0).state = State::kDown;
  locate.node(1).state = State::kAbsent;
  EXPECT_THAT(locate.Run(absl::Milliseconds(199)), IsEmpty());
  EXPECT_THAT(locate.Run(absl::Milliseconds(1)), ElementsAre("found c:1"));
  // All have answered: no time to settle.
  locate.node(1).state = State::kDown;
  EXPECT_THAT(locate.Run(absl::Seconds(3)), IsEmpty());
  EXPECT_THAT(locate.LinkEnds(absl::Milliseconds(50)),
              ElementsAre("found c:1"));
}

TEST(PrimaryLocatorTest, TellsEachNodesAnswer) {
  Locate locate;
  locate.node(0).state = State::kDown;
  locate.node(1).state = State::kAbsent;
  EXPECT_THAT(
      locate.Run(absl::Seconds(60)),
      ElementsAre("missing no node is the primary: a:1 connection refused; b:1 "
                  "no answer within 2s; c:1 is a replica of \"10.0.0.1\""));
  locate.node(1).state = State::kDown;
  EXPECT_THAT(locate.Run(absl::Seconds(60)),
              ElementsAre(HasSubstr("b:1 connection refused")));
}

TEST(PrimaryLocatorTest, BacksOffWithoutPrimary) {
  Locate locate;
  locate.Demote(0);
  locate.Run(absl::Seconds(10));
  // 50 ms, 100 ms, 200 ms ... up to half of 5 s.
  const size_t early = locate.node(0).commands.size();
  locate.Run(absl::Seconds(100));
  EXPECT_THAT(locate.node(0).commands.size() - early,
              AllOf(Ge(2u * 39), Le(2u * 42)));
  EXPECT_EQ(locate.node(0).connections, 1);
}

TEST(PrimaryLocatorTest, ChecksRoleAtInterval) {
  Locate locate;
  locate.Run(absl::Milliseconds(100));
  locate.node(0).commands.clear();
  EXPECT_THAT(locate.Run(absl::Milliseconds(6100)), IsEmpty());
  EXPECT_THAT(locate.node(0).commands,
              ElementsAre("ROLE", "REPL.TOKEN", "ROLE", "REPL.TOKEN", "ROLE",
                          "REPL.TOKEN"));
  EXPECT_EQ(locate.node(0).connections, 1);
}

TEST(PrimaryLocatorTest, DemotedPrimaryIsReplaced) {
  Locate locate;
  EXPECT_THAT(locate.Run(absl::Seconds(1)), ElementsAre("found a:1"));
  locate.Demote(0);
  locate.Promote(1);
  EXPECT_THAT(
      locate.Run(absl::Seconds(3)),
      ElementsAre("demoted a:1 is a replica of \"10.0.0.1\"", "found b:1"));
}

TEST(PrimaryLocatorTest, DeadPrimaryIsReplaced) {
  Locate locate;
  locate.Run(absl::Seconds(1));
  locate.node(0).state = State::kDown;
  EXPECT_THAT(locate.Run(absl::Seconds(3)),
              ElementsAre(HasSubstr("a:1 connection refused")));
  EXPECT_TRUE(locate.locator.primary().has_value());
  locate.Promote(1);
  EXPECT_THAT(locate.Run(absl::Seconds(5)),
              ElementsAre("demoted b:1 is the primary now, and a:1 does not "
                          "answer",
                          "found b:1"));
}

TEST(PrimaryLocatorTest, SilenceAloneEndsNoLink) {
  Locate locate;
  locate.Run(absl::Seconds(1));
  locate.node(0).state = State::kAbsent;
  EXPECT_THAT(locate.Run(absl::Seconds(60)),
              ElementsAre(StartsWith("missing")));
  locate.node(0).state = State::kUp;
  EXPECT_THAT(locate.LinkEnds(absl::Seconds(6)), ElementsAre("found a:1"));
}

TEST(PrimaryLocatorTest, LinkNeedsFreshAnswer) {
  Locate locate;
  locate.Run(absl::Seconds(1));
  locate.node(0).state = State::kAbsent;
  // The last answer, "master", is older than the link's end.
  EXPECT_THAT(locate.LinkEnds(absl::Milliseconds(1900)), IsEmpty());
  locate.node(0).state = State::kUp;
  EXPECT_THAT(locate.Run(absl::Seconds(6)), ElementsAre("found a:1"));
}

TEST(PrimaryLocatorTest, ManyLinkEndsAreOneCheck) {
  Locate locate;
  locate.Run(absl::Seconds(1));
  locate.node(0).commands.clear();
  for (int i = 0; i < 1000; ++i) {
    locate.LinkEnds(absl::Milliseconds(1));
  }
  EXPECT_THAT(locate.node(0).commands, SizeIs(Le(2u * 21)));
}

TEST(PrimaryLocatorTest, SplitKeepsFollowedPrimary) {
  Locate locate;
  locate.SetOffset(0, 5);
  locate.SetOffset(1, 100);
  locate.Run(absl::Seconds(1));
  locate.Promote(1);
  EXPECT_THAT(locate.Run(absl::Seconds(30)), ElementsAre("found a:1 warning"));
  EXPECT_THAT(locate.primary.warning,
              HasSubstr("b:1 claims to be the primary, too"));
  // The other node agrees.
  locate.Demote(1);
  EXPECT_THAT(locate.Run(absl::Seconds(30)), ElementsAre("found a:1"));
}

TEST(PrimaryLocatorTest, SplitTakesHigherOnceOtherIsSilent) {
  Locate locate;
  locate.SetOffset(0, 5);
  locate.SetOffset(1, 100);
  locate.Run(absl::Seconds(1));
  locate.Promote(1);
  locate.Run(absl::Seconds(3));
  locate.node(0).state = State::kDown;
  EXPECT_THAT(
      locate.Run(absl::Seconds(3)),
      ElementsAre(StartsWith("demoted b:1 is the primary now"), "found b:1"));
}

TEST(PrimaryLocatorTest, SplitTakesLowerOnlyAfterPatience) {
  Locate locate;
  locate.SetOffset(0, 100);
  locate.SetOffset(1, 5);
  locate.Run(absl::Seconds(1));
  locate.Promote(1);
  locate.Run(absl::Seconds(3));
  locate.node(0).state = State::kDown;
  EXPECT_THAT(locate.Run(absl::Milliseconds(4900)),
              ElementsAre(HasSubstr("b:1 claims to be it, but has fewer "
                                    "writes")));
  EXPECT_THAT(locate.Run(absl::Seconds(3)),
              ElementsAre(StartsWith("demoted"), "found b:1"));
}

// No check is due when the patience ends.
TEST(PrimaryLocatorTest, PatienceEndsBetweenChecks) {
  PrimaryLocatorOptions options = Options();
  options.role_check_interval = options.retry.initial_backoff =
      options.retry.max_backoff = absl::Minutes(1);
  Locate locate(std::move(options));
  locate.SetOffset(0, 100);
  locate.SetOffset(1, 5);
  locate.Run(absl::Seconds(1));
  locate.Promote(1);
  locate.Run(absl::Seconds(60));
  locate.node(0).state = State::kDown;
  EXPECT_THAT(locate.Run(absl::Milliseconds(4900)),
              ElementsAre(HasSubstr("b:1 claims to be it, but has fewer "
                                    "writes")));
  EXPECT_THAT(locate.Run(absl::Milliseconds(200)),
              ElementsAre(StartsWith("demoted"), "found b:1"));
}

// b:1 has claimed to be the primary over an earlier connection. Whether it can
// be followed is not known over the new one yet.
TEST(PrimaryLocatorTest, OtherPrimaryIsTakenOnceNewConnectionAnswers) {
  Locate locate;
  locate.SetOffset(0, 5);
  locate.SetOffset(1, 100);
  locate.Run(absl::Seconds(1));
  locate.Promote(1);
  locate.Run(absl::Seconds(3));
  locate.node(0).state = State::kAbsent;
  EXPECT_THAT(locate.Run(absl::Seconds(3)), IsEmpty());
  locate.node(1).state = State::kAbsent;
  locate.locator.HandleEof(1, locate.now);
  EXPECT_THAT(locate.Run(absl::Milliseconds(1500)), IsEmpty());
  EXPECT_THAT(locate.Run(absl::Seconds(1)), ElementsAre(StartsWith("missing")));
  locate.node(1).state = State::kUp;
  EXPECT_THAT(
      locate.Run(absl::Seconds(30)),
      ElementsAre(StartsWith("demoted b:1 is the primary now"), "found b:1"));
}

TEST(PrimaryLocatorTest, SplitComparesOffsetsOfAllShardsAlone) {
  Locate locate(Options(2));
  locate.node(0).scripted.shards = {{1000, 5}, {2000, 6}};
  locate.node(1).scripted.shards = {{7, 4}, {8, 8}};
  locate.Run(absl::Seconds(1));
  locate.Promote(1);
  locate.Run(absl::Seconds(3));
  locate.node(0).state = State::kDown;
  EXPECT_THAT(
      locate.Run(absl::Seconds(3)),
      ElementsAre(StartsWith("demoted b:1 is the primary now"), "found b:1"));
}

TEST(PrimaryLocatorTest, SplitAtStartWaitsForAgreement) {
  Locate locate;
  locate.Promote(1);
  locate.SetOffset(0, 5);
  locate.SetOffset(1, 100);
  EXPECT_THAT(locate.Run(absl::Seconds(30)),
              ElementsAre("missing a:1, b:1 all claim to be the primary: "
                          "waiting until one is left"));
  locate.Demote(0);
  EXPECT_THAT(locate.Run(absl::Seconds(6)), ElementsAre("found b:1"));
}

TEST(PrimaryLocatorTest, LowerOfSplitIsTakenOnceHigherAgrees) {
  Locate locate;
  locate.Promote(1);
  locate.SetOffset(0, 5);
  locate.SetOffset(1, 100);
  locate.Run(absl::Seconds(30));
  locate.Demote(1);
  EXPECT_THAT(locate.Run(absl::Seconds(6)), ElementsAre("found a:1"));
}

TEST(PrimaryLocatorTest, FlappingRolesAreFollowedAtInterval) {
  Locate locate;
  size_t found = 0;
  for (int i = 0; i < 100; ++i) {
    locate.Demote(i % 2);
    locate.Promote(1 - i % 2);
    for (const std::string& line : locate.LinkEnds(absl::Milliseconds(200))) {
      found += absl::StartsWith(line, "found") ? 1 : 0;
    }
  }
  EXPECT_THAT(found, AllOf(Ge(1u), Le(11u)));
}

TEST(PrimaryLocatorTest, TailsComeWithPrimary) {
  Locate locate(Options(2));
  locate.node(0).scripted.shards = {{77, 5}, {78, 1}};
  locate.locator.HandleTailsWanted({0, 1});
  EXPECT_THAT(locate.Run(absl::Seconds(1)), ElementsAre("found a:1"));
  EXPECT_EQ(locate.locator.tail(0), (FeedPosition{77, 5}));
  EXPECT_EQ(locate.locator.tail(1), (FeedPosition{78, 1}));
  EXPECT_EQ(locate.locator.tail(2), std::nullopt);

  // Only shard 1 has not begun. Its tail is a new one.
  locate.node(0).scripted.shards = {{77, 9}, {78, 4}};
  locate.locator.HandleTailsWanted({1});
  EXPECT_THAT(locate.LinkEnds(absl::Seconds(1)), ElementsAre("found a:1"));
  EXPECT_EQ(locate.locator.tail(0), std::nullopt);
  EXPECT_EQ(locate.locator.tail(1), (FeedPosition{78, 4}));
}

TEST(PrimaryLocatorTest, LateWishForTailsIsMet) {
  Locate locate;
  locate.SetOffset(0, 5);
  locate.Run(absl::Seconds(1));
  locate.locator.HandleLinkEnded(locate.now);
  locate.node(0).state = State::kAbsent;
  locate.network.Step(locate.now);
  locate.locator.HandleTailsWanted({0});
  locate.node(0).state = State::kUp;
  EXPECT_THAT(locate.Run(absl::Milliseconds(200)), Contains("found a:1"));
  EXPECT_EQ(locate.locator.tail(0), (FeedPosition{7, 5}));
}

TEST(PrimaryLocatorTest, PrimaryWithoutFeedHasNoTail) {
  Locate locate(Options(1), "kevy://a:1");
  locate.node(0).scripted = Recorded("kevy-2.0.20", "primary");
  locate.locator.HandleTailsWanted({0});
  EXPECT_THAT(locate.Run(absl::Seconds(1)),
              ElementsAre(AllOf(StartsWith("failed a:1 (kevy 2.0.20)"),
                                HasSubstr("unknown command 'FEED.TAIL'"),
                                HasSubstr("kevy 2.3 and later"))));
}

TEST(PrimaryLocatorTest, HostileRepliesCountAsSilence) {
  struct Case {
    std::vector<std::string> command;
    std::string reply;
    std::string expected;
  };
  for (const Case& hostile : std::vector<Case>{
           {{"ROLE"},
            "-ERR no\x1b[2J\r\n",
            "ROLE with the error \"ERR no\\x1b"},
           {{"ROLE"}, "*0\r\n", "malformed reply of type array"},
           {{"ROLE"}, "*-1\r\n", "malformed reply of type null_array"},
           {{"ROLE"}, "+master\r\n", "malformed reply of type simple_string"},
           {{"ROLE"}, "*1\r\n$6\r\nMASTER\r\n", "malformed reply"},
           {{"ROLE"}, "$-7\r\n", "malformed: bad_reply"},
           {{"ROLE"}, "HTTP/1.1 400 Bad Request\r\n", "malformed: bad_reply"},
           {{"ROLE"}, "*99999999\r\n", "malformed: too_many_elements"},
           {{"ROLE"}, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "malformed: too_deep"},
           {{"ROLE"}, "-LOADING wait\r\n", "said \"LOADING wait\""},
           {{"INFO", "server"}, "$99999999\r\n", "malformed: bulk_too_long"},
           {{"INFO", "server"},
            "$22\r\nkevy_version:1\x1b[2J  \r\n\r\n",
            "kevy_version is \"1\\x1b"},
           {{"INFO", "replication"},
            "$17\r\nrepl_port_base:0\n\r\n",
            "repl_port_base is \"0\""},
           {{"INFO", "replication"},
            "$21\r\nrepl_port_base:65536\n\r\n",
            "repl_port_base is \"65536\""},
           {{"ROLE"}, "-MOVED 0 10.0.0.9:6004\r\n", "MOVED 0 10.0.0.9:6004"},
           {{"FEED.SHARDS"}, ":0\r\n", "has 0 shards"},
           {{"FEED.SHARDS"}, ":4097\r\n", "has 4097 shards"},
           {{"FEED.SHARDS"},
            ":9223372036854775807\r\n",
            "9223372036854775807 shards"},
           {{"REPL.TOKEN"},
            "*2\r\n:1\r\n:-1\r\n",
            "REPL.TOKEN with a malformed"},
           {{"DBSIZE"}, ":0\r\n:0\r\n", "more replies than"},
       }) {
    Locate locate(Options(0), "kevy://a:1");
    locate.node(0).scripted.replies[hostile.command] = hostile.reply;
    const std::vector<std::string> lines = locate.Run(absl::Seconds(20));
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("missing"),
                                      HasSubstr(hostile.expected),
                                      Not(HasSubstr("\x1b")))))
        << hostile.reply;
    EXPECT_THAT(lines, Not(Contains(StartsWith("failed"))));
  }
}

TEST(PrimaryLocatorTest, MostShardsAreFound) {
  Locate locate(Options(0), "kevy://a:1");
  locate.node(0).scripted.replies[{"FEED.SHARDS"}] =
      absl::StrCat(":", kMaxToldShards, "\r\n");
  EXPECT_THAT(locate.Run(absl::Seconds(20)), ElementsAre("found a:1"));
  EXPECT_EQ(locate.primary.shards.size(), kMaxToldShards);
}

// Each node says that another one is the primary.
TEST(PrimaryLocatorTest, NodesThatNameEachOtherAreAskedAtBackoff) {
  Locate locate;
  const char* const kNamed[] = {"b", "c", "a"};
  for (size_t i = 0; i < 3; ++i) {
    locate.Demote(i);
    locate.node(i).scripted.master_host = kNamed[i];
    locate.node(i).scripted.master_port = 1;
  }
  EXPECT_THAT(locate.Run(absl::Minutes(10)),
              ElementsAre(HasSubstr("a:1 is a replica of \"b\"")));
  for (size_t i = 0; i < 3; ++i) {
    // 2.5 s each once the waits have grown to 5 s. The connection stays.
    EXPECT_LE(locate.node(i).commands.size(), 2u * 260);
    EXPECT_GE(locate.node(i).commands.size(), 2u * 200);
    EXPECT_EQ(locate.node(i).connections, 1);
  }
}

// Unasked replies behind a check end the connection, not the check's result.
TEST_F(OneNodeTest, UnaskedReplyEndsConnectionUntilNextCheck) {
  for (const absl::string_view unasked : {":1\r\n", "?", "-ERR\r\n"}) {
    Check(AllAnswers());
    Feed(&locator_, unasked, now_);
    EXPECT_EQ(locator_.PollConnection(0, now_), 0u) << unasked;
    now_ += absl::Milliseconds(1999);
    EXPECT_EQ(locator_.PollConnection(0, now_), 0u) << unasked;
    EXPECT_TRUE(locator_.primary().has_value());
    now_ += absl::Milliseconds(1);
  }
}

// It sends replies that it was not asked for, on every connection.
TEST(PrimaryLocatorTest, FloodOfRepliesIsAskedAtBackoff) {
  Locate locate(Options(), "kevy://a:1");
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += AllAnswers();
  locate.node(0).raw = flood;
  locate.Run(absl::Minutes(10));
  EXPECT_FALSE(locate.locator.primary().has_value());
  EXPECT_LE(locate.node(0).connections, 700);
}

TEST(PrimaryLocatorTest, MalformedTailIsFaultOfNode) {
  Locate locate(Options(), "kevy://a:1");
  for (const absl::string_view reply : {"*1\r\n:1\r\n", "*2\r\n:0\r\n:1\r\n",
                                        "*2\r\n:1\r\n:-1\r\n", ":1\r\n"}) {
    locate.node(0).scripted.replies[{"FEED.TAIL", "0"}] = std::string(reply);
    locate.locator.HandleTailsWanted({0});
    locate.Run(absl::Seconds(10));
    EXPECT_FALSE(locate.locator.primary().has_value()) << reply;
  }
}

TEST(PrimaryLocatorTest, EndlessReplyIsCut) {
  Locate locate(Options(), "kevy://a:1");
  std::string endless = "*16000\r\n";
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&endless, "$1000\r\n", std::string(1000, 'x'), "\r\n");
  }
  locate.node(0).raw = endless;
  EXPECT_THAT(locate.Run(absl::Seconds(1)),
              ElementsAre(HasSubstr("malformed: reply_too_long")));
}

// Changes, removes or adds some bytes.
void Damage(std::mt19937* random, std::string* reply) {
  static constexpr absl::string_view kBytes =
      absl::string_view("0123456789+-:$*\r\n\0\xff\x1b", 20);
  for (int i = 0; i < 3; ++i) {
    const size_t at = (*random)() % (reply->size() + 1);
    const char byte = kBytes[(*random)() % kBytes.size()];
    switch ((*random)() % 3) {
      case 0:
        if (at < reply->size()) (*reply)[at] = byte;
        break;
      case 1:
        reply->erase(at, (*random)() % 8);
        break;
      default:
        reply->insert(at, (*random)() % 4, byte);
        break;
    }
  }
}

TEST(PrimaryLocatorTest, DamagedRepliesDoNoHarm) {
  std::mt19937 random(1);
  const std::vector<std::string> names = codec_testing::ClientPortRecordings();
  for (int i = 0; i < 400; ++i) {
    Locate locate(Options(2), "kevy://a:6004");
    const ScriptedNode sound =
        Recorded(names[random() % names.size()], "primary");
    locate.node(0).scripted = sound;
    for (auto& [command, reply] : locate.node(0).scripted.replies) {
      if (random() % 2 == 0) Damage(&random, &reply);
    }
    locate.node(0).piece = random() % 10;
    bool failed = false;
    for (const std::string& line : locate.Run(absl::Seconds(20))) {
      failed |= absl::StartsWith(line, "failed");
      EXPECT_TRUE(std::all_of(line.begin(), line.end(), absl::ascii_isprint))
          << line;
    }
    if (failed) continue;
    locate.node(0).scripted = sound;
    locate.Run(absl::Seconds(20));
    EXPECT_TRUE(locate.locator.primary().has_value()) << i;
  }
}

TEST(PrimaryLocatorTest, SlowReplyEndsInTime) {
  Locate locate(Options(), "kevy://a:1");
  locate.node(0).raw = "";
  EXPECT_THAT(locate.Run(absl::Seconds(60)),
              ElementsAre(HasSubstr("no answer within 2s")));
  locate.node(0).raw.reset();
  EXPECT_THAT(locate.Run(absl::Seconds(6)), ElementsAre("found a:1"));
}

TEST(PrimaryLocatorTest, RepliesInAnyPieces) {
  for (const size_t piece : {1, 2, 3, 7, 100}) {
    Locate locate;
    for (size_t i = 0; i < 3; ++i) locate.node(i).piece = piece;
    EXPECT_THAT(locate.Run(absl::Seconds(30)), ElementsAre("found a:1"));
  }
}

}  // namespace
}  // namespace kevy_replica
