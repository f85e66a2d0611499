// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The filter by a real server's description of its commands.

#include "kevy_replica/tools/mirror/command_filter.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

class CommandFilterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    server_.Start();
    commands_ = server_.Ask({"COMMAND"});
  }

  CommandFilter Filter(bool scripts = false) {
    return CommandFilter({"kevy_mirror", scripts, false},
                         CommandTable(commands_));
  }

  // "pass", "data" or "unable".
  static std::string Judge(CommandFilter* filter,
                           const std::vector<absl::string_view>& argv) {
    std::string wire;
    EXPECT_EQ(AppendFrame(0, argv, &wire), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    const CommandVerdict verdict = filter->Judge(frame.argv());
    return std::string(
        verdict.refusal.empty() ? "pass" : ReplyClassName(verdict.reply_class));
  }
  static std::string Judge(CommandFilter* filter, const char* line) {
    return Judge(filter,
                 std::vector<absl::string_view>(absl::StrSplit(line, ' ')));
  }

  RedisServer server_;
  TargetReply commands_;
};

TEST_F(CommandFilterTest, WritesOfKeysPass) {
  CommandFilter filter = Filter();
  for (const char* line : {"SET a 1",
                           "set a 1",
                           "SeT a 1 EX 5",
                           "DEL a b c",
                           "HSET h f v",
                           "XADD s 1-1 f v",
                           "XGROUP CREATE s g 0",
                           "xgroup SetId s g 0",
                           "XCLAIM s g c 0 1-1 FORCE JUSTID",
                           "ZUNIONSTORE d 2 a b",
                           "COPY a b",
                           "COPY a b REPLACE",
                           "RENAME a b",
                           "MSET a 1 b 2",
                           "BITOP AND d a b",
                           "LMPOP 1 l LEFT",
                           "XREADGROUP GROUP g c STREAMS s >",
                           "XREADGROUP GROUP block c STREAMS block >",
                           "GEORADIUS g 0 0 1 m STORE d",
                           "PFMERGE d a",
                           "SET kevy_mirror2 x",
                           "SET a kevy_mirror",
                           "MSET a kevy_mirror b kevy_mirror",
                           "HSET a kevy_mirror x"}) {
    EXPECT_EQ(Judge(&filter, line), "pass") << line;
  }
}

TEST_F(CommandFilterTest, CommandsThatReachFurtherAreUnable) {
  CommandFilter filter = Filter();
  for (const char* line : {"FLUSHALL",
                           "FLUSHDB",
                           "SWAPDB 0 1",
                           "SELECT 3",
                           "MOVE a 3",
                           "COPY a b DB 3",
                           "COPY a b REPLACE db 3",
                           "MULTI",
                           "EXEC",
                           "DISCARD",
                           "WATCH a",
                           "CONFIG SET dir /",
                           "DEBUG SLEEP 9",
                           "SHUTDOWN",
                           "REPLICAOF h 1",
                           "ACL SETUSER x",
                           "CLIENT KILL TYPE normal",
                           "SUBSCRIBE c",
                           "PUBLISH c m",
                           "SPUBLISH c m",
                           "EVAL x 0",
                           "EVALSHA x 0",
                           "EVAL_RO x 0",
                           "FCALL f 0",
                           "FUNCTION FLUSH",
                           "SCRIPT FLUSH",
                           "BLPOP a 0",
                           "BLMOVE a b LEFT LEFT 0",
                           "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
                           "RESTORE a 0 x",
                           "MIGRATE h 1 k 0 1",
                           "SORT a STORE b",
                           "PFDEBUG X a",
                           "MODULE LOAD x",
                           "FAILOVER",
                           "GET a",
                           "KEYS *",
                           "NOSUCH a",
                           "AUTH p",
                           "HELLO 3",
                           "QUIT",
                           "RESET",
                           "MONITOR",
                           "SYNC",
                           "PSYNC a 1",
                           "XGROUP HELP",
                           "XGROUP NOSUCH s",
                           "XINFO STREAM s",
                           "OBJECT FREQ a"}) {
    EXPECT_EQ(Judge(&filter, line), "unable") << line;
  }
  EXPECT_EQ(Judge(&filter, {"", "x"}), "unable");
  EXPECT_EQ(Judge(&filter, ""), "unable");
  EXPECT_EQ(Judge(&filter, std::string(100000, 'x').c_str()), "unable");
  EXPECT_EQ(Judge(&filter, {absl::string_view("set\0", 4), "a", "b"}),
            "unable");
}

TEST_F(CommandFilterTest, WrongNumberOfArgumentsIsData) {
  CommandFilter filter = Filter();
  for (const char* line : {"SET a", "SET", "SADD", "INCR a b", "DEL",
                           "XGROUP CREATE s", "LMPOP"}) {
    EXPECT_EQ(Judge(&filter, line), "data") << line;
  }
}

TEST_F(CommandFilterTest, OwnKeyIsUnableAtEveryKey) {
  CommandFilter filter = Filter();
  for (const char* line :
       {"SET kevy_mirror x", "DEL a kevy_mirror", "RENAME a kevy_mirror",
        "RENAME kevy_mirror a", "COPY a kevy_mirror", "MSET a 1 kevy_mirror 2",
        "BITOP AND kevy_mirror a", "BITOP AND a b kevy_mirror",
        "ZUNIONSTORE d 2 a kevy_mirror", "ZUNIONSTORE kevy_mirror 1 a",
        "LMPOP 1 kevy_mirror LEFT",
        "XREADGROUP GROUP g c STREAMS s kevy_mirror > >",
        "GEORADIUS g 0 0 1 m STORE kevy_mirror",
        "XGROUP CREATE kevy_mirror g 0 MKSTREAM", "SMOVE a kevy_mirror m",
        "SUNIONSTORE kevy_mirror a", "PFMERGE a b kevy_mirror",
        "HDEL kevy_mirror shard-0", "EXPIRE kevy_mirror 1"}) {
    EXPECT_EQ(Judge(&filter, line), "unable") << line;
  }
  CommandFilter scripts = Filter(/*scripts=*/true);
  EXPECT_EQ(Judge(&scripts, "EVAL x 1 a"), "pass");
  EXPECT_EQ(Judge(&scripts, "EVAL x 1 kevy_mirror"), "unable");
  EXPECT_EQ(Judge(&scripts, "EVALSHA x 1 a"), "unable");
  EXPECT_EQ(Judge(&scripts, "FUNCTION FLUSH"), "unable");
}

// The facts that a target tells of a command.
struct OddFacts {
  int64_t arity, first_key, last_key, key_step;
};

// Whether `name a b LAST` passes, by a target that tells the facts of `name`.
bool PassesByOddTarget(const OddFacts& facts, absl::string_view name,
                       absl::string_view last) {
  const auto integer = [](int64_t number) {
    TargetReply reply;
    reply.type = TargetReply::Type::kInteger;
    reply.integer = number;
    return reply;
  };
  TargetReply text;
  text.text = std::string(name);
  TargetReply flags;
  flags.elements.emplace_back().text = "write";
  TargetReply commands;
  commands.elements.emplace_back().elements = {text,
                                               integer(facts.arity),
                                               flags,
                                               integer(facts.first_key),
                                               integer(facts.last_key),
                                               integer(facts.key_step)};
  CommandFilter filter({"kevy_mirror", /*scripts=*/true, false},
                       CommandTable(commands));
  std::string wire;
  EXPECT_EQ(AppendFrame(0, {name, "a", "b", last}, &wire), WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  EXPECT_TRUE(decoder.Decode(wire, &frame).done());
  return filter.Judge(frame.argv()).refusal.empty();
}

TEST(CommandFilterOfOddTargetTest, OddPlacesOfKeysAreHarmless) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  for (const OddFacts& unknown :
       {OddFacts{-1, -5, 3, 1}, OddFacts{-1, 1, 3, 0}, OddFacts{-1, 1, 3, -1},
        OddFacts{-1, 0, 0, 1}, OddFacts{-1, kLeast, kLeast, 1}}) {
    EXPECT_FALSE(PassesByOddTarget(unknown, "set", "c"));
    EXPECT_TRUE(PassesByOddTarget(unknown, "eval", "c"));
    EXPECT_FALSE(PassesByOddTarget(unknown, "eval", "kevy_mirror"));
  }
  for (const OddFacts& beyond :
       {OddFacts{-1, 4, 4, 1}, OddFacts{-1, 1, kLeast, 1},
        OddFacts{-1, 1, -1, kMost}, OddFacts{-1, kMost, kMost, kMost},
        OddFacts{-1, 2, kMost, 1}}) {
    EXPECT_TRUE(PassesByOddTarget(beyond, "set", "c"));
    EXPECT_FALSE(PassesByOddTarget(beyond, "eval", "kevy_mirror"));
  }
  EXPECT_FALSE(PassesByOddTarget({-1, 1, kMost, 1}, "set", "kevy_mirror"));
  EXPECT_FALSE(PassesByOddTarget({kLeast, 1, 1, 1}, "set", "c"));
  EXPECT_FALSE(PassesByOddTarget({kMost, 1, 1, 1}, "set", "c"));
}

// The keys' places are the fourth to sixth element. Later servers tell more.
TEST(CommandTableTest, ShortDescriptionsAreLeftOut) {
  for (size_t size = 0; size <= 11; ++size) {
    TargetReply commands;
    std::vector<TargetReply>& facts = commands.elements.emplace_back().elements;
    facts.resize(size);
    if (size > 0) facts[0].text = "set";
    const CommandTable table(commands);
    EXPECT_EQ(table.Find(absl::string_view("set")) != nullptr, size >= 6)
        << size;
  }
}

// Every command of the server that passes takes its keys from known places.
TEST_F(CommandFilterTest, EveryPassedCommandFindsOwnKeyAtItsFirstPlace) {
  const CommandTable table(commands_);
  int passed = 0;
  for (const TargetReply& reply : commands_.elements) {
    const std::string name = absl::AsciiStrToLower(reply.elements[0].text);
    const TargetCommand* const command = table.Find(name);
    ASSERT_NE(command, nullptr);
    CommandFilter filter = Filter();
    const size_t key = command->first_key > 0
                           ? static_cast<size_t>(command->first_key)
                           : size_t{2};
    // A module tells arity -1 for each command, so its key may lie beyond.
    const size_t size = command->arity == -1
                            ? key + 1
                            : static_cast<size_t>(std::abs(command->arity));
    std::vector<absl::string_view> argv(size, "1");
    argv[0] = name;
    if (Judge(&filter, argv) != "pass") continue;
    ++passed;
    EXPECT_TRUE(command->writes) << name;
    EXPECT_EQ(command->reaches_beyond, name == "xreadgroup") << name;
    ASSERT_LT(key, argv.size()) << name;
    argv[key] = "kevy_mirror";
    EXPECT_EQ(Judge(&filter, argv), "unable") << name;
  }
  EXPECT_GT(passed, 70);
}

}  // namespace
}  // namespace kevy_replica
