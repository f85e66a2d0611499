// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Two real servers: one answers as a primary, the other one is the target. The
// test plays the mirror.

#include "kevy_replica/tools/verify/verify.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/hooked_link.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/tools/testing/replies.h"
#include "kevy_replica/tools/verify/verify_report.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using Argv = std::vector<std::string>;

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) GTEST_SKIP() << "no redis-server";
    primary_.Start();
    target_.Start();
    options_.connect_primary = [this] {
      return Connect(primary_, &all_of_primary_);
    };
    options_.connect_target = [this] { return Connect(target_, &on_target_); };
    options_.progress.interrupter = std::make_shared<Interrupter>();
    options_.progress.timeout = absl::Seconds(20);
    options_.log = [](absl::string_view) {};
    all_of_primary_ = [this](const Argv& argv) -> std::optional<TargetReply> {
      const std::optional<TargetReply> reply = on_primary_(argv);
      if (reply.has_value()) return reply;
      if (argv[0] == "REPL.TOKEN") return Token();
      // As kevy has it.
      if (argv[0] == "PEXPIRETIME") {
        return ErrorReply("ERR unknown command 'PEXPIRETIME'");
      }
      return std::nullopt;
    };
    MoveMirror();
  }

  absl::StatusOr<std::unique_ptr<TargetLink>> Connect(const RedisServer& server,
                                                      const Hook* hook) {
    const absl::StatusOr<TargetAddress> address =
        ParseTargetAddress(server.target());
    if (!address.ok()) return address.status();
    absl::StatusOr<std::unique_ptr<RedisLink>> link =
        RedisLink::Connect(*address, options_.progress.interrupter,
                           absl::Seconds(10), reply_limits_);
    if (!link.ok()) return link.status();
    return std::make_unique<HookedLink>(*std::move(link), hook);
  }

  TargetReply Token() const {
    std::vector<TargetReply> numbers;
    for (const FeedPosition& end : ends_) {
      numbers.push_back(IntegerReply(static_cast<int64_t>(end.generation)));
      numbers.push_back(IntegerReply(static_cast<int64_t>(end.next_offset)));
    }
    return ArrayReply(numbers);
  }

  // The mirror reaches the primary's ends.
  void MoveMirror() {
    Argv argv = {"HSET", "kevy_mirror", "kevy_mirror",
                 "1",    "shards",      absl::StrCat(ends_.size())};
    for (size_t i = 0; i < ends_.size(); ++i) {
      argv.push_back(absl::StrCat("shard-", i));
      argv.push_back(ToString(ends_[i]));
    }
    EXPECT_FALSE(target_.Ask(argv).is_error());
  }

  static void Run(RedisServer* server, const std::string& line) {
    const TargetReply reply = server->Ask(Argv(absl::StrSplit(line, ' ')));
    EXPECT_FALSE(reply.is_error()) << line << ": " << reply.text;
  }
  void OnBoth(const std::string& line) {
    Run(&primary_, line);
    Run(&target_, line);
  }
  // Collections with more elements than a piece has.
  void FillBoth(const std::string& command, int count) {
    for (int i = 0; i < count; ++i) {
      OnBoth(absl::StrCat(command, " ", i,
                          command.substr(0, 4) == "HSET" ? " v"
                          : command.substr(0, 4) == "ZADD"
                              ? absl::StrCat(" m", i)
                              : std::string()));
    }
  }

  VerifyReport VerifyOk() {
    VerifyReport report;
    const absl::Status status = Verify(options_, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }
  absl::Status VerifyFails() {
    VerifyReport report;
    const absl::Status status = Verify(options_, &report);
    EXPECT_EQ(report.result(), "incomplete");
    return status;
  }

  RedisServer primary_;
  RedisServer target_;
  std::vector<FeedPosition> ends_ = {{77, 5}};
  Hook on_primary_ = [](const Argv&) { return std::nullopt; };
  Hook on_target_ = [](const Argv&) { return std::nullopt; };
  Hook all_of_primary_;
  TargetReplyLimits reply_limits_;
  VerifyOptions options_;
};

// Values of all types, small and large.
void FillAllTypes(const std::function<void(const std::string&)>& on_both) {
  on_both("SET s value");
  on_both("SET expires value PX 100000000");
  on_both("HSET h a 1 b 2");
  on_both("RPUSH l a b c");
  on_both("SADD set a b c");
  on_both("ZADD z 1.5 a inf b");
  on_both("XADD x 5-1 f v");
  on_both("XADD x 6-0 f v g w");
  on_both("XGROUP CREATE x g 5-1");
}

TEST_F(VerifyTest, EqualDatabasesAreEqual) {
  FillAllTypes([this](const std::string& line) { OnBoth(line); });
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "equal");
  EXPECT_THAT(report.differences, IsEmpty());
  EXPECT_EQ(report.primary_keys, 7u);
  EXPECT_EQ(report.target_keys, 8u);  // The record, too.
  EXPECT_EQ(report.types.size(), 6u);
  EXPECT_EQ(report.types.at("string").equal, 2u);
  EXPECT_EQ(report.types.at("stream").equal, 1u);
}

struct Planted {
  const char* name;
  std::vector<std::string> both;
  std::vector<std::string> primary;
  std::vector<std::string> target;
  const char* type;
  const char* text;  // The beginning.
};

void PrintTo(const Planted& planted, std::ostream* out) {
  *out << planted.name;
}

class PlantedTest : public VerifyTest,
                    public ::testing::WithParamInterface<Planted> {
 protected:
  void Plant() {
    for (const std::string& line : GetParam().both) OnBoth(line);
    for (const std::string& line : GetParam().primary) Run(&primary_, line);
    for (const std::string& line : GetParam().target) Run(&target_, line);
    OnBoth("SET equal 1");
  }
};

TEST_P(PlantedTest, IsFoundAndRepaired) {
  Plant();
  VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "different");
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_EQ(report.differences[0].key, "k");
  EXPECT_EQ(report.differences[0].type, GetParam().type);
  EXPECT_THAT(report.differences[0].text,
              ::testing::StartsWith(GetParam().text));
  EXPECT_EQ(report.types.at(GetParam().type).different, 1u);
  EXPECT_FALSE(report.differences[0].repaired);

  options_.repair = true;
  report = VerifyOk();
  EXPECT_EQ(report.result(), "repaired");
  EXPECT_EQ(report.repaired, 1u);
  EXPECT_EQ(report.not_repaired, 0u);
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_TRUE(report.differences[0].repaired);
  report = VerifyOk();
  EXPECT_EQ(report.result(), "equal")
      << (report.differences.empty() ? "" : report.differences[0].text);
}

INSTANTIATE_TEST_SUITE_P(
    All, PlantedTest,
    ::testing::Values(
        Planted{"StringValue",
                {},
                {"SET k abc"},
                {"SET k abd"},
                "string",
                "byte 2: \"c\", target \"d\""},
        Planted{"LongerString",
                {},
                {"SET k abc"},
                {"SET k abcd"},
                "string",
                "byte 3: \"\", target \"d\""},
        Planted{"Missing",
                {},
                {"SET k abc PX 100000000"},
                {},
                "string",
                "missing on the target"},
        Planted{"Extra", {}, {}, {"RPUSH k a"}, "list", "on the target only"},
        Planted{"Type",
                {},
                {"SADD k a"},
                {"SET k a"},
                "set",
                "type: \"set\", target \"string\""},
        Planted{"FieldValue",
                {"HSET k a 1 b 2"},
                {},
                {"HSET k b 3"},
                "hash",
                "field \"b\": \"2\", target \"3\""},
        Planted{"MissingField",
                {"HSET k a 1"},
                {"HSET k b 2"},
                {},
                "hash",
                "field \"b\": \"2\", target missing"},
        Planted{"ExtraField",
                {"HSET k a 1"},
                {},
                {"HSET k b 2"},
                "hash",
                "field \"b\": missing, target \"2\""},
        Planted{"ListOrder",
                {},
                {"RPUSH k a b c"},
                {"RPUSH k a c b"},
                "list",
                "item 1: \"b\", target \"c\""},
        Planted{"ExtraItem",
                {"RPUSH k a"},
                {},
                {"RPUSH k b"},
                "list",
                "item 1: missing, target \"b\""},
        Planted{"SetMember",
                {"SADD k a"},
                {"SADD k b"},
                {"SADD k c"},
                "set",
                "member \"b\": present, target missing"},
        Planted{"ExtraMember",
                {"SADD k a"},
                {},
                {"SADD k c"},
                "set",
                "member \"c\": missing, target present"},
        Planted{"Score",
                {},
                {"ZADD k 1 a"},
                {"ZADD k 1.25 a"},
                "zset",
                "member \"a\": \"1\", target \"1.25\""},
        Planted{"ExtraScored",
                {"ZADD k 1 a"},
                {},
                {"ZADD k -inf b"},
                "zset",
                "member \"b\": missing, target \"-inf\""}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Streams, PlantedTest,
    ::testing::Values(
        Planted{"Fields",
                {},
                {"XADD k 1-1 f v"},
                {"XADD k 1-1 f w"},
                "stream",
                "entry \"1-1\": fields, target other fields"},
        Planted{"MissingEntry",
                {"XADD k 1-1 f v"},
                {"XADD k 2-0 f v"},
                {"XSETID k 2-0"},
                "stream",
                "entry: \"2-0\", target missing"},
        Planted{"ExtraEntry",
                {"XADD k 1-1 f v"},
                {"XSETID k 3-0"},
                {"XADD k 2-0 f v", "XSETID k 3-0"},
                "stream",
                "entry: missing, target \"2-0\""},
        Planted{"LastId",
                {"XADD k 1-1 f v"},
                {"XSETID k 3-0"},
                {},
                "stream",
                "last id: \"3-0\", target \"1-1\""},
        Planted{
            "MissingGroup",
            {"XADD k 1-1 f v"},
            {"XGROUP CREATE k g 0"},
            {},
            "stream",
            "group \"g\": delivered \"0-0\", pending \"0\", target missing"},
        Planted{"Pending",
                {"XADD k 1-1 f v", "XADD k 2-1 f v", "XGROUP CREATE k g 2-1"},
                {"XCLAIM k g c 0 1-1 FORCE JUSTID"},
                {},
                "stream",
                "group \"g\": delivered \"2-1\", pending \"1\", target "
                "delivered \"2-1\", pending \"0\""},
        Planted{"WithoutEntries",
                {},
                {"XGROUP CREATE k g 0 MKSTREAM"},
                {},
                "stream",
                "missing on the target"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Deadlines, PlantedTest,
    ::testing::Values(Planted{"Missing",
                              {"HSET k a 1"},
                              {"PEXPIRE k 100000000"},
                              {},
                              "hash",
                              "deadline: "},
                      Planted{"Extra",
                              {"HSET k a 1"},
                              {},
                              {"PEXPIREAT k 4000000000000"},
                              "hash",
                              "deadline: none, target 4000000000000"},
                      Planted{"Other",
                              {"SET k a"},
                              {"PEXPIRE k 100000000"},
                              {"PEXPIRE k 100060000"},
                              "string",
                              "deadline: "}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(VerifyTest, DeadlinesWithinToleranceAreEqual) {
  OnBoth("SET k a");
  Run(&primary_, "PEXPIRE k 100000000");
  Run(&target_, "PEXPIRE k 100030000");
  options_.deadline_tolerance = absl::Seconds(60);
  EXPECT_EQ(VerifyOk().result(), "equal");
}

TEST_F(VerifyTest, KeyThatHasExpiredOnOneSideIsEqual) {
  Run(&target_, "SET k a PX 50000");
  options_.deadline_tolerance = absl::Seconds(60);
  EXPECT_EQ(VerifyOk().result(), "equal");
}

TEST_F(VerifyTest, LargeValuesAreComparedInPieces) {
  FillBoth("HSET h", 700);
  FillBoth("RPUSH l", 1100);
  FillBoth("SADD set", 700);
  FillBoth("ZADD z", 1100);
  for (int i = 1; i <= 1100; ++i) OnBoth(absl::StrCat("XADD x ", i, "-0 f v"));
  OnBoth("SETRANGE s 600000 end");
  EXPECT_EQ(VerifyOk().result(), "equal");

  Run(&target_, "HSET h 650 w");
  Run(&target_, "LSET l 1050 w");
  Run(&target_, "SREM set 650");
  Run(&target_, "ZINCRBY z 1 m1050");
  Run(&target_, "XDEL x 1050-0");
  Run(&target_, "SETRANGE s 500000 x");
  options_.repair = true;
  const VerifyReport report = VerifyOk();
  std::map<std::string, std::string> texts;
  for (const KeyDifference& difference : report.differences) {
    texts[difference.key] = difference.text;
    EXPECT_EQ(difference.not_repaired, "");
  }
  EXPECT_THAT(
      texts,
      ElementsAre(Pair("h", "field \"650\": \"v\", target \"w\""),
                  Pair("l", "item 1050: \"1050\", target \"w\""),
                  Pair("s", HasSubstr("byte 500000: \"\\x00")),
                  Pair("set", "member \"650\": present, target missing"),
                  Pair("x", "entry: \"1050-0\", target \"1051-0\""),
                  Pair("z", "member \"m1050\": \"1050\", target \"1051\"")));
  EXPECT_EQ(VerifyOk().result(), "equal");
}

TEST_F(VerifyTest, ValueOverOneMebibyteIsRepaired) {
  Run(&primary_, "SETRANGE s 3000000 end");
  Run(&target_, "SETRANGE s 3000000 END");
  for (int i = 0; i < 20; ++i) {
    Run(&primary_, absl::StrCat("RPUSH l ", std::string(100'000, 'x')));
  }
  options_.repair = true;
  EXPECT_EQ(VerifyOk().repaired, 2u);
  EXPECT_EQ(VerifyOk().result(), "equal");
}

TEST_F(VerifyTest, CountsBeyondMaxDifferences) {
  for (int i = 0; i < 600; ++i) Run(&primary_, absl::StrCat("SET ", i, " v"));
  options_.max_differences = 2;
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.differences.size(), 2u);
  EXPECT_EQ(report.types.at("string").different, 600u);
}

TEST_F(VerifyTest, FieldDeadlinesAreComparedWhereBothTellThem) {
  OnBoth("HSET k a 1 b 2");
  int64_t deadline = 1000;
  const auto hook = [&deadline](int64_t number) {
    return [&deadline, number](const Argv& argv) -> std::optional<TargetReply> {
      if (argv[0] == "HPEXPIRETIME") {
        return ErrorReply("ERR unknown command 'HPEXPIRETIME'");
      }
      if (argv[0] != "HPTTL") return std::nullopt;
      std::vector<TargetReply> replies;
      for (size_t i = 4; i < argv.size(); ++i) {
        replies.push_back(
            IntegerReply(argv[i] == "b" ? number + deadline : -1));
      }
      return ArrayReply(replies);
    };
  };
  on_primary_ = hook(0);
  on_target_ = hook(0);
  EXPECT_EQ(VerifyOk().result(), "equal");
  on_target_ = hook(1'000'000);
  const VerifyReport report = VerifyOk();
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_THAT(report.differences[0].text,
              ::testing::StartsWith("deadline of field \"b\": "));
}

TEST_F(VerifyTest, FieldDeadlinesThatOneSideLacksAreCounted) {
  OnBoth("HSET k a 1");
  on_primary_ = [](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "HPTTL") return ArrayReply({IntegerReply(-1)});
    if (argv[0] != "HPEXPIRETIME") return std::nullopt;
    return ErrorReply("ERR unknown command 'HPEXPIRETIME'");
  };
  on_target_ = [](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "HPEXPIRETIME" && argv[0] != "HPTTL") return std::nullopt;
    return ErrorReply("NOPERM this user has no permissions");
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.not_compared.count(
                "deadlines of hash fields: the target does not know "
                "HPEXPIRETIME or HPTTL"),
            1u);
  EXPECT_EQ(report.result(), "equal");
}

TEST_F(VerifyTest, RefusedCommandIsCountedAsNotCompared) {
  OnBoth("HSET k a 1");
  Run(&target_, "HSET k a 2");
  OnBoth("SET s 1");
  on_primary_ = [](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "HSCAN") return std::nullopt;
    return ErrorReply("ERR unknown command 'HSCAN'");
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.types.at("hash").not_compared, 1u);
  EXPECT_EQ(report.types.at("hash").equal, 0u);
  EXPECT_EQ(report.not_compared.count(
                "the primary: HSCAN: ERR unknown command 'HSCAN'"),
            1u);
  EXPECT_EQ(report.types.at("string").equal, 1u);
}

TEST_F(VerifyTest, ElementOverReplyLimitIsNotCompared) {
  OnBoth("RPUSH l small");
  OnBoth(absl::StrCat("RPUSH l ", std::string(100'000, 'x')));
  OnBoth("SET s 1");
  reply_limits_.whole_bytes = 50'000;
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.types.at("list").not_compared, 1u);
  EXPECT_EQ(report.types.at("string").equal, 1u);
  EXPECT_EQ(report.result(), "partial");
}

TEST_F(VerifyTest, PieceOverReplyLimitIsReadInSmallerOnes) {
  for (int i = 0; i < 200; ++i) {
    OnBoth(absl::StrCat("RPUSH l ", std::string(1000, 'x')));
  }
  reply_limits_.whole_bytes = 50'000;
  EXPECT_EQ(VerifyOk().types.at("list").equal, 1u);
}

// While both are written to.

TEST_F(VerifyTest, ChangeThatTheMirrorBringsSettles) {
  OnBoth("SET k old");
  Run(&primary_, "SET k new");
  ends_[0].next_offset = 6;
  int reads = 0;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "HGETALL" && ++reads == 4) {
      Run(&target_, "SET k new");
      MoveMirror();
    }
    return std::nullopt;
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "equal");
  EXPECT_GE(reads, 4);
  EXPECT_EQ(report.types.at("string").equal, 1u);
}

TEST_F(VerifyTest, EveryShardsTokenCounts) {
  ends_ = {{77, 5}, {78, 9}, {79, 0}};
  EXPECT_FALSE(target_.Ask({"DEL", "kevy_mirror"}).is_error());
  MoveMirror();
  Run(&target_, "HSET kevy_mirror shard-2 empty");
  Run(&primary_, "SET k new");
  EXPECT_EQ(VerifyOk().result(), "different");
  ends_[1].next_offset = 10;
  options_.progress.timeout = absl::Milliseconds(30);
  const absl::Status status = VerifyFails();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(status.message(),
            "the mirror has not moved for 30ms: shard-1 is at \"78:9\", the "
            "primary at 78:10 (is it running?)");
}

TEST_F(VerifyTest, LoadingMirrorIsWaitedFor) {
  Run(&primary_, "SET k new");
  Run(&target_, "HSET kevy_mirror shard-0 loading");
  int reads = 0;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "HGETALL" && ++reads == 3) {
      Run(&target_, "SET k new");
      MoveMirror();
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().result(), "equal");
}

// The mirror empties the target between its position and the read.
TEST_F(VerifyTest, ReloadDuringReadIsNotDifferent) {
  Run(&primary_, "SET k v");
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "REPL.TOKEN") {
      Run(&target_, "SET k v");
      MoveMirror();
    }
    return std::nullopt;
  };
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "TYPE") {
      Run(&target_, "HSET kevy_mirror shard-0 loading");
      Run(&target_, "DEL k");
    }
    return std::nullopt;
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "equal");
  EXPECT_EQ(report.types.at("string").changing, 1u);
}

TEST_F(VerifyTest, NewHistoryIsFollowed) {
  Run(&primary_, "SET k new");
  ends_ = {{80, 3}};
  MoveMirror();
  ends_ = {{81, 2}};  // The first token. FLUSHALL comes behind it.
  int tokens = 0;
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "REPL.TOKEN" && ++tokens == 3) ends_ = {{80, 3}};
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().result(), "different");
}

TEST_F(VerifyTest, KeyThatIsAlwaysWrittenIsChanging) {
  OnBoth("SET k 1");
  int tokens = 0;
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "REPL.TOKEN") {
      Run(&primary_, absl::StrCat("SET k other", ++tokens));
    }
    return std::nullopt;
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "equal");
  EXPECT_EQ(report.types.at("string").changing, 1u);
  EXPECT_EQ(report.types.at("string").different, 0u);
}

TEST_F(VerifyTest, TargetThatIsNewerThanTheReadIsNotDifferent) {
  // A key that comes and goes: each time that the primary is read it is not
  // there, and comes before the target is read.
  int reads = 0;
  Run(&primary_, "SET k 1");
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "TYPE") Run(&primary_, "DEL k");
    return std::nullopt;
  };
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    // The first read is that of the batch, which is sent to both at once.
    if (argv[0] == "TYPE" && ++reads > 1) {
      OnBoth(absl::StrCat("SET k ", reads));
      ++ends_[0].next_offset;
      MoveMirror();
    }
    return std::nullopt;
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "equal");
  EXPECT_EQ(reads, 5);
  EXPECT_EQ(report.types.at("string").changing, 1u);
}

TEST_F(VerifyTest, ConstantDifferenceCountsWithoutWatch) {
  Run(&primary_, "SET k 1");
  int reads = 0;
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "TYPE") ++reads;
    if (argv[0] != "WATCH") return std::nullopt;
    return ErrorReply("ERR unknown command 'WATCH'");
  };
  EXPECT_EQ(VerifyOk().result(), "different");
  EXPECT_EQ(reads, 5);  // In a batch, alone, and three re-reads.
}

TEST_F(VerifyTest, StoppedMirrorIsAnError) {
  Run(&target_, "HSET kevy_mirror rejected \x1b[2J");
  const absl::Status status = VerifyFails();
  EXPECT_EQ(status.message(), "the mirror has stopped: \"\\x1b[2J\"");
}

TEST_F(VerifyTest, TargetWithoutRecordIsAnError) {
  Run(&target_, "DEL kevy_mirror");
  EXPECT_THAT(std::string(VerifyFails().message()),
              HasSubstr("no mirror's record at the key \"kevy_mirror\""));
}

TEST_F(VerifyTest, OtherNumberOfShardsIsAnError) {
  options_.shards = 2;
  EXPECT_EQ(VerifyFails().message(),
            "the primary has 1 shards, and --shards is 2");
}

TEST_F(VerifyTest, ReplicaIsRefused) {
  on_primary_ = [](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "ROLE") return std::nullopt;
    return ArrayReply({TextReply("slave")});
  };
  EXPECT_THAT(std::string(VerifyFails().message()), HasSubstr("is a replica"));
}

// Repair.

TEST_F(VerifyTest, NewerPositionFencesRepair) {
  Run(&primary_, "SET k new");
  Run(&target_, "SET k old");
  options_.repair = true;
  // The mirror applies something between the proof and EXEC, each time.
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "EXEC") {
      ++ends_[0].next_offset;
      MoveMirror();
    }
    return std::nullopt;
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "different");
  EXPECT_EQ(report.not_repaired, 1u);
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_THAT(report.differences[0].not_repaired,
              HasSubstr("50 tries met newer writes"));
  EXPECT_EQ(target_.Ask({"GET", "k"}).text, "old");
}

TEST_F(VerifyTest, RepairFollowsPositionUpToItsProof) {
  Run(&primary_, "SET k new");
  Run(&target_, "SET k old");
  options_.repair = true;
  int watches = 0;  // One for the proof, one for the repair.
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "WATCH") ++watches;
    // The value is read, and other keys are written.
    if (argv[0] == "GETRANGE" && watches == 2) ends_[0].next_offset = 9;
    return std::nullopt;
  };
  uint64_t position = 5;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "EXEC" && position < 9) {
      Run(&target_, absl::StrCat("HSET kevy_mirror shard-0 77:", ++position));
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().repaired, 1u);
  EXPECT_EQ(watches, 2);
  EXPECT_EQ(position, 9u);
  EXPECT_EQ(target_.Ask({"GET", "k"}).text, "new");
}

TEST_F(VerifyTest, RepairIsTriedAgainAfterNewerFrame) {
  Run(&primary_, "SET k new");
  Run(&target_, "SET k old");
  options_.repair = true;
  bool moved = false;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "EXEC" && !std::exchange(moved, true)) {
      // A write of the key itself, which the mirror has applied.
      Run(&primary_, "SET k newest");
      Run(&target_, "SET k newest");
      ++ends_[0].next_offset;
      MoveMirror();
    }
    return std::nullopt;
  };
  const VerifyReport report = VerifyOk();
  EXPECT_TRUE(moved);
  EXPECT_EQ(report.repaired, 1u);
  EXPECT_EQ(target_.Ask({"GET", "k"}).text, "newest");
}

TEST_F(VerifyTest, WriteOnPrimaryFencesRepair) {
  Run(&primary_, "RPUSH k a b");
  Run(&target_, "RPUSH k a");
  options_.repair = true;
  int proofs = 0;
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "MULTI") return std::nullopt;
    ++proofs;  // The first one proves the difference.
    // The value is read; the mirror has not applied this write.
    if (proofs == 2 || proofs == 3) Run(&primary_, "RPUSH k c");
    return std::nullopt;
  };
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    // The target runs EXEC only in the try without a write.
    if (argv[0] == "EXEC") {
      EXPECT_EQ(proofs, 4);
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().repaired, 1u);
  EXPECT_EQ(target_.Ask({"LLEN", "k"}).integer, 4);
}

TEST_F(VerifyTest, UnknownWatchLeavesTargetAlone) {
  Run(&primary_, "SET k new");
  options_.repair = true;
  on_primary_ = [](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "WATCH") return std::nullopt;
    return ErrorReply("ERR unknown command 'WATCH'");
  };
  const VerifyReport report = VerifyOk();
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_EQ(report.differences[0].not_repaired,
            "the primary: WATCH: ERR unknown command 'WATCH'");
  EXPECT_EQ(target_.Ask({"EXISTS", "k"}).integer, 0);
}

TEST_F(VerifyTest, RepairWithLostWatchIsTriedAgain) {
  // A reply over the limit costs the link to the primary, and its WATCH.
  for (int i = 0; i < 200; ++i) {
    Run(&primary_, absl::StrCat("RPUSH k ", std::string(1000, 'x')));
  }
  reply_limits_.whole_bytes = 50'000;
  options_.repair = true;
  int watches = 0;  // One proves the difference.
  on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "WATCH") ++watches;
    return std::nullopt;
  };
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "EXEC") {
      EXPECT_EQ(watches, 3);
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().repaired, 1u);
  EXPECT_EQ(watches, 3);
  EXPECT_EQ(target_.Ask({"LLEN", "k"}).integer, 200);
}

TEST_F(VerifyTest, RecordsKeyOnPrimaryIsNeverWritten) {
  Run(&primary_, "SET kevy_mirror x");
  options_.repair = true;
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.not_compared.count("the key of the mirror's record"), 1u);
  EXPECT_EQ(target_.Ask({"TYPE", "kevy_mirror"}).text, "hash");
}

// Load, and hostile peers.

TEST_F(VerifyTest, RateLimitsKeys) {
  for (int i = 0; i < 1000; ++i) OnBoth(absl::StrCat("SET ", i, " v"));
  options_.rate = 10'000;
  const absl::Time begin = absl::Now();
  EXPECT_EQ(VerifyOk().result(), "equal");
  // The last of four batches waits for three before it.
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(100));
}

TEST_F(VerifyTest, InterruptEndsComparison) {
  OnBoth("SET k 1");
  on_primary_ = [this](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "SCAN") options_.progress.interrupter->Interrupt();
    return std::nullopt;
  };
  EXPECT_TRUE(absl::IsCancelled(VerifyFails()));
}

TEST_F(VerifyTest, HostileRepliesEndComparison) {
  OnBoth("SET k 1");
  const TargetReply same_cursor = ArrayReply({TextReply("7"), ArrayReply({})});
  const std::map<std::string, std::vector<TargetReply>> replies = {
      {"SCAN",
       {same_cursor, IntegerReply(1), ArrayReply({}),
        ErrorReply("ERR no\\x1b")}},
      {"REPL.TOKEN",
       {ArrayReply({IntegerReply(1)}), IntegerReply(3),
        ArrayReply({IntegerReply(-1), IntegerReply(2)}),
        ErrorReply("ERR unknown command 'REPL.TOKEN'")}},
      {"TYPE", {ErrorReply("LOADING the dataset")}},
  };
  for (const auto& [name, hostile] : replies) {
    const std::string& command = name;  // A lambda cannot capture `name`.
    for (const TargetReply& reply : hostile) {
      on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
        if (argv[0] != command) return std::nullopt;
        return reply;
      };
      const absl::Status status = VerifyFails();
      EXPECT_THAT(std::string(status.message()), HasSubstr("the primary"))
          << command;
    }
  }
}

TEST_F(VerifyTest, EndlessScanEndsComparison) {
  OnBoth("SET k 1");
  options_.scan_slack = 50;
  int64_t cursor = 0;
  const auto page = [&cursor](const std::vector<std::string>& keys) {
    std::vector<TargetReply> texts;
    for (const std::string& key : keys) {
      texts.push_back(TextReply(key));
    }
    return ArrayReply(
        {TextReply(absl::StrCat(++cursor)), ArrayReply(std::move(texts))});
  };
  const std::map<std::string, std::function<TargetReply()>> endless = {
      {"51 replies without a key", [&] { return page({}); }},
      {"brought 53 keys of a database of 1", [&] { return page({"k"}); }},
      {"brought 55 keys of a database of 2",
       [&] { return page({absl::StrCat("new-", cursor)}); }}};
  for (const auto& [text, reply] : endless) {
    const std::function<TargetReply()>& make = reply;
    const Hook hook = [&make](const Argv& argv) -> std::optional<TargetReply> {
      if (argv[0] != "SCAN") return std::nullopt;
      return make();
    };
    const bool is_primary = absl::StrContains(text, "of 1");
    (is_primary ? on_primary_ : on_target_) = hook;
    const absl::Status status = VerifyFails();
    (is_primary ? on_primary_ : on_target_) = [](const Argv&) {
      return std::nullopt;
    };
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat(
                    "SCAN does not end: ",
                    is_primary || text[0] == 'b' ? "it has " : "", text)));
  }
}

TEST_F(VerifyTest, DatabaseSizeMayBeRefused) {
  OnBoth("SET k 1");
  on_primary_ = [](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "DBSIZE") return std::nullopt;
    return ErrorReply("NOPERM this user has no permissions");
  };
  options_.scan_slack = 0;
  EXPECT_EQ(VerifyOk().result(), "equal");
}

// Values whose pages never end.
TEST_F(VerifyTest, ValueThatGoesBackIsNotCompared) {
  FillBoth("HSET h", 600);
  for (int i = 1; i <= 600; ++i) {
    OnBoth(absl::StrCat("XADD x ", i, "-1 f v"));
  }
  const TargetReply entry = ArrayReply({TextReply("1-1"), ArrayReply({})});
  on_primary_ = [&entry](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "HSCAN") {
      return ArrayReply({TextReply("7"), ArrayReply({})});
    }
    if (argv[0] != "XRANGE") return std::nullopt;
    return ArrayReply(std::vector<TargetReply>(512, entry));
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.types.at("hash").equal, 0u);
  EXPECT_EQ(report.types.at("stream").equal, 0u);
}

TEST_F(VerifyTest, EndlessPendingEntriesAreNotRepaired) {
  for (const char* const line : {"XADD k 1-1 f v", "XGROUP CREATE k g 0",
                                 "XCLAIM k g c 0 1-1 FORCE JUSTID"}) {
    Run(&primary_, line);
  }
  const TargetReply pending = ArrayReply(
      {TextReply("1-1"), TextReply("c"), IntegerReply(0), IntegerReply(1)});
  on_primary_ = [&pending](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "XPENDING" || argv.size() < 6) return std::nullopt;
    return ArrayReply({pending});
  };
  options_.repair = true;
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.not_repaired, 1u);
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_THAT(report.differences[0].not_repaired, HasSubstr("XPENDING"));
}

TEST_F(VerifyTest, HostileValuesAreNotCompared) {
  OnBoth("SET s 1");
  OnBoth("HSET h a 1");
  OnBoth("RPUSH l a");
  OnBoth("SADD set a");
  OnBoth("ZADD z 1 a");
  OnBoth("XADD x 1-1 f v");
  const TargetReply nested = ArrayReply({ArrayReply({ArrayReply({})})});
  for (const TargetReply& reply :
       {nested, IntegerReply(7), TargetReply(),
        ArrayReply({IntegerReply(1), ArrayReply({IntegerReply(1)})})}) {
    on_primary_ = [&](const Argv& argv) -> std::optional<TargetReply> {
      for (const char* const kept : {"SCAN", "ROLE", "REPL.TOKEN", "TYPE",
                                     "PTTL", "PEXPIRETIME", "EXISTS"}) {
        if (argv[0] == kept) return std::nullopt;
      }
      return reply;
    };
    const VerifyReport report = VerifyOk();
    for (const auto& [type, counts] : report.types) {
      EXPECT_EQ(counts.equal, 0u) << type;
    }
    // The target's are unusual, too.
    std::swap(on_primary_, on_target_);
    const Hook hook = on_target_;
    on_target_ = [&hook](const Argv& argv) {
      return argv[0] == "HGETALL" && argv[1] == "kevy_mirror" ? std::nullopt
                                                              : hook(argv);
    };
    for (const auto& [type, counts] : VerifyOk().types) {
      EXPECT_EQ(counts.equal, 0u) << type;
    }
    on_target_ = [](const Argv&) { return std::nullopt; };
  }
}

}  // namespace
}  // namespace kevy_replica
