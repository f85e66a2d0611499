// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/command_semantics.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// A command as a frame of the stream.
class Command {
 public:
  explicit Command(const std::vector<absl::string_view>& argv) {
    EXPECT_EQ(AppendFrame(0, argv, &wire_), WireError::kNone);
    EXPECT_EQ(decoder_.Decode(wire_, &frame_).outcome, Outcome::kDone);
  }

  ArgvView argv() const { return frame_.argv(); }

 private:
  std::string wire_;
  FrameDecoder decoder_;
  FrameView frame_;
};

std::string Text(const Classification& classification) {
  std::ostringstream out;
  out << classification;
  return out.str();
}

std::string TextOf(const std::vector<absl::string_view>& argv,
                   const KevyVersion& version) {
  return Text(Classify(Command(argv).argv(), version));
}

constexpr KevyVersion kVersions[] = {{2, 0, 20}, {3, 18, 0}, {4, 1, 1},
                                     {5, 4, 0},  {6, 4, 0},  {7, 0, 0}};

// One command, and its classification from each of kVersions on. An empty text
// stands for the one before.
struct Case {
  std::vector<absl::string_view> argv;
  absl::string_view text[std::size(kVersions)];
};

constexpr absl::string_view kRelative = "apply relative-deadline";

std::vector<Case> SetCases() {
  constexpr absl::string_view kRefused = "ignore refused-set-option";
  constexpr absl::string_view kUnknown = "cannot_know unknown-set-option";
  return {
      {{"SET", "k", "v", "KEEPTTL"}, {kRefused, "", "", "", kUnknown}},
      {{"SET", "k", "v", "GET"}, {kRefused, "", "", "", kUnknown}},
      {{"SET", "k", "v", "EXAT", "9"}, {kRefused, "", "", "", kUnknown}},
      {{"SET", "k", "v", "pxat", "9"}, {kRefused, "", "", "", kUnknown}},
      {{"SET", "k", "v", "IFEQ", "w"}, {kRefused, "", "", "", kUnknown}},
      {{"SET", "k", "v", "NX", "EX", "9", "GET"},
       {kRefused, "", "", "", kUnknown}},
      {{"SET", "k", "v", "EX", "9"}, {kRelative}},
      {{"set", "k", "v", "nx", "px", "9"}, {kRelative}},
      {{"SET", "k", "v"}, {"apply"}},
      {{"SET", "k", "v", "XX"}, {"apply"}},
      {{"SET", "k"}, {"apply"}},
      {{"SET", "k", "v", "EX"}, {"apply"}},
  };
}

std::vector<Case> ExpireCases() {
  constexpr absl::string_view kRefused = "ignore refused-expire-condition";
  constexpr absl::string_view kUnknown = "cannot_know unknown-expire-condition";
  constexpr absl::string_view kField = "apply field-deadline";
  return {
      {{"EXPIRE", "k", "9", "NX"}, {kRefused, "", "", "", kUnknown}},
      {{"pexpire", "k", "9", "xx"}, {kRefused, "", "", "", kUnknown}},
      {{"EXPIREAT", "k", "9", "GT"}, {kRefused, "", "", "", kUnknown}},
      {{"PEXPIREAT", "k", "9", "XX", "LT"}, {kRefused, "", "", "", kUnknown}},
      {{"SETEX", "k", "9", "v"}, {kRelative}},
      {{"PSETEX", "k", "9", "v"}, {kRelative}},
      {{"GETEX", "k", "EX", "9"}, {kRelative}},
      {{"EXPIRE", "k", "9"}, {kRelative}},
      {{"PEXPIRE", "k", "9"}, {kRelative}},
      {{"HEXPIRE", "h", "9", "FIELDS", "1", "f"}, {"apply", kField}},
      {{"HPEXPIREAT", "h", "9", "FIELDS", "1", "f"}, {"apply", kField}},
      {{"HPERSIST", "h", "FIELDS", "1", "f"}, {"apply", kField}},
      {{"EXPIREAT", "k", "9"}, {"apply"}},
      {{"EXPIRE", "k"}, {"apply"}},
      {{"GETEX", "k"}, {"apply"}},
      {{"GETEX", "k", "PERSIST"}, {"apply"}},
  };
}

std::vector<Case> TrimCases() {
  constexpr absl::string_view kOption = "ignore refused-xadd-option";
  return {
      {{"XTRIM", "s", "MAXLEN", "~", "1"},
       {R"(rewrite approximate-trim "XTRIM" "s" "MAXLEN" "=" "1")", "", "", "",
        "", "apply"}},
      {{"XTRIM", "s", "minid", "~", "1-1", "LIMIT", "9"},
       {R"(rewrite approximate-trim "XTRIM" "s" "minid" "=" "1-1")", "", "", "",
        "", "apply"}},
      {{"XTRIM", "s", "MAXLEN", "1", "LIMIT", "9"},
       {R"(rewrite approximate-trim "XTRIM" "s" "MAXLEN" "1")", "", "", "", "",
        "apply"}},
      {{"XADD", "s", "MAXLEN", "~", "1", "4-1", "f", "v"},
       {R"(rewrite approximate-trim )"
        R"("XADD" "s" "MAXLEN" "=" "1" "4-1" "f" "v")",
        "", "", "", "", "apply"}},
      {{"XADD", "s", "NOMKSTREAM", "MINID", "~", "1-1", "4", "~", "*"},
       {R"(rewrite approximate-trim )"
        R"("XADD" "s" "NOMKSTREAM" "MINID" "=" "1-1" "4" "~" "*")",
        "", "", "", "", "apply"}},
      {{"XADD", "s", "MAXLEN", "~", "1", "LIMIT", "9", "4-1", "f", "v"},
       {kOption, "", "", "", "", "apply"}},
      {{"XADD", "s", "KEEPREF", "4-1", "f", "v"},
       {kOption, "", "", "", "", "apply"}},
      {{"XADD", "s", "KEEPREF", "*", "f"}, {kOption, "", "", "", "", "apply"}},
      {{"XADD", "s", "MAXLEN", "=", "1", "4-1", "f", "v"}, {"apply"}},
      {{"XADD", "s", "MAXLEN", "~"}, {"apply"}},
      {{"XTRIM", "s", "MAXLEN", "~"}, {"apply"}},
      {{"XTRIM", "s", "MAXLEN", "=", "1"}, {"apply"}},
      {{"XTRIM", "s", "MAXLEN", "1"}, {"apply"}},
  };
}

std::vector<Case> StreamCases() {
  constexpr absl::string_view kId = "cannot_know generated-id";
  constexpr absl::string_view kClaim = "cannot_know claim-by-idle-time";
  constexpr absl::string_view kRead = "apply group-read";
  return {
      {{"XADD", "s", "*", "f", "v"}, {kId, "", "", "", "", "apply"}},
      {{"XADD", "s", "7-*", "f", "v"}, {kId, "", "", "", "", "apply"}},
      {{"XADD", "s", "MAXLEN", "~", "1", "*", "f", "v"},
       {R"(cannot_know generated-id "XADD" "s" "MAXLEN" "=" "1" "*" "f" "v")",
        "", "", "", "", "apply"}},
      {{"XCLAIM", "s", "g", "c", "9", "1-1"},
       {kClaim, "", "", "", "", "apply"}},
      {{"XAUTOCLAIM", "s", "g", "c", "9", "0"},
       {kClaim, "", "", "", "", "apply"}},
      {{"XAUTOCLAIM", "s", "g", "c", "0", "0"},
       {kRead, "", "", "", "", "apply"}},
      {{"XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"},
       {kRead, "", "", "", "", "apply"}},
      {{"XADD", "s", "4-1", "f", "v"}, {"apply"}},
      {{"XADD", "s", "*", "f", "v", "x"}, {"apply"}},
      {{"xadd", "s", "nomkstream", "4-1", "f", "v"}, {"apply"}},
      {{"XADD", "s", "*"}, {"apply"}},
  };
}

std::vector<Case> OtherCases() {
  return {
      {{"SPOP", "s"}, {"cannot_know random-pop"}},
      {{"ZPOPMIN.BELOW", "z", "3"}, {"apply", "cannot_know conditional-pop"}},
      {{"EVAL", "return 1", "0"}, {"cannot_know script"}},
      {{"EVALSHA", "e0e1f9", "0"}, {"cannot_know script-hash"}},
      {{"XINTERNAL.CATALOG", "1", "1", "", "", ""}, {"ignore internal"}},
      {{"xinternal.pending", "s"}, {"ignore internal"}},
      {{"INCRBYFLOAT", "k", "0.1"}, {"apply float-spelling"}},
      {{"BRPOPLPUSH", "l", "m", "1"}, {"apply blocking"}},
      {{"BZPOPMIN", "z", "1"}, {"apply blocking"}},
      {{"LPOP", "l"}, {"apply"}},
      {{"SREM", "s", "a"}, {"apply"}},
      {{"HSET", "h", "f", "v"}, {"apply"}},
      {{"ZPOPMIN", "z"}, {"apply"}},
      {{"XINTERNAL", "x"}, {"apply"}},
      {{""}, {"apply"}},
  };
}

std::vector<Case> Cases() {
  std::vector<Case> all;
  for (const std::vector<Case>& some :
       {SetCases(), ExpireCases(), TrimCases(), StreamCases(), OtherCases()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

TEST(CommandSemanticsTest, CommandsClassifyByVersion) {
  for (const Case& c : Cases()) {
    std::string expected;
    for (size_t i = 0; i < std::size(kVersions); ++i) {
      if (!c.text[i].empty()) expected = std::string(c.text[i]);
      SCOPED_TRACE(testing::PrintToString(kVersions[i]));
      SCOPED_TRACE(absl::StrJoin(c.argv, " "));
      EXPECT_EQ(TextOf(c.argv, kVersions[i]), expected);
    }
  }
}

TEST(CommandSemanticsTest, EachRowHasCase) {
  std::set<absl::string_view> used;
  for (const Case& c : Cases()) {
    for (const KevyVersion& version : kVersions) {
      const SemanticsRow* const row =
          Classify(Command(c.argv).argv(), version).row;
      if (row != nullptr) used.insert(row->name);
    }
  }
  EXPECT_THAT(used, SizeIs(SemanticsRows().size()));
}

TEST(CommandSemanticsTest, BordersOfVersionsAreExact) {
  const struct {
    std::vector<absl::string_view> argv;
    KevyVersion last;
    KevyVersion next;
  } cases[] = {
      {{"SET", "k", "v", "KEEPTTL"}, {5, 4, 0}, {5, 4, 1}},
      {{"EXPIRE", "k", "9", "NX"}, {5, 4, 0}, {5, 4, 1}},
      {{"XADD", "s", "*", "f", "v"}, {6, 4, 9}, {7, 0, 0}},
      {{"XTRIM", "s", "MAXLEN", "~", "1"}, {6, 4, 9}, {7, 0, 0}},
      {{"ZPOPMIN.BELOW", "z", "3"}, {2, 9, 9}, {3, 0, 0}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(absl::StrJoin(c.argv, " "));
    EXPECT_EQ(TextOf(c.argv, c.last), TextOf(c.argv, {c.last.major, 0, 0}));
    EXPECT_EQ(TextOf(c.argv, c.next), TextOf(c.argv, {9, 0, 0}));
    EXPECT_NE(TextOf(c.argv, c.last), TextOf(c.argv, c.next));
  }
}

// Keys and values that look like options are none.
TEST(CommandSemanticsTest, KeysAndValuesAreNoOptions) {
  constexpr KevyVersion kVersion = {5, 4, 0};
  EXPECT_EQ(TextOf({"SET", "KEEPTTL", "GET"}, kVersion), "apply");
  EXPECT_EQ(TextOf({"SET", "EX", "PX", "NX"}, kVersion), "apply");
  EXPECT_EQ(TextOf({"SET", "k", "v", "EX", "KEEPTTL"}, kVersion),
            "apply relative-deadline");
  EXPECT_EQ(TextOf({"EXPIRE", "NX", "XX"}, kVersion),
            "apply relative-deadline");
  EXPECT_EQ(TextOf({"XADD", "MAXLEN", "1-1", "~", "LIMIT"}, kVersion), "apply");
  EXPECT_EQ(TextOf({"XADD", "~", "1-1", "MAXLEN", "~"}, kVersion), "apply");
  EXPECT_EQ(TextOf({"XADD", "s", "1-1", "*", "MAXLEN"}, kVersion), "apply");
  EXPECT_EQ(TextOf({"XTRIM", "~", "MAXLEN", "=", "1"}, kVersion), "apply");
  EXPECT_EQ(TextOf({"HSET", "XINTERNAL.CATALOG", "f", "v"}, kVersion), "apply");
}

TEST(CommandSemanticsTest, NamesMatchWholeInEitherCase) {
  constexpr KevyVersion kVersion = {5, 4, 0};
  const struct {
    std::string name;
    std::string text;
  } names[] = {{"SPOP", "cannot_know random-pop"},
               {"ZPOPMIN.BELOW", "cannot_know conditional-pop"},
               {"HPERSIST", "apply field-deadline"}};
  for (const auto& c : names) {
    std::string mixed = absl::AsciiStrToLower(c.name);
    mixed[1] = c.name[1];
    EXPECT_EQ(TextOf({c.name}, kVersion), c.text);
    EXPECT_EQ(TextOf({absl::AsciiStrToLower(c.name)}, kVersion), c.text);
    EXPECT_EQ(TextOf({mixed}, kVersion), c.text);
    for (const std::string& other :
         {c.name + "X", c.name + std::string(1, '\0'), " " + c.name,
          c.name.substr(1), c.name.substr(0, c.name.size() - 1),
          std::string(c.name.size(), '\xff')}) {
      EXPECT_EQ(TextOf({other}, kVersion), "apply") << other;
    }
  }
  // Letters and other characters that differ in the same bit.
  EXPECT_EQ(TextOf({"ZPOPMIN\x0e"
                    "BELOW"},
                   kVersion),
            "apply");
  EXPECT_EQ(TextOf({std::string(1000, 'X')}, kVersion), "apply");
  EXPECT_EQ(Text(Classify(ArgvView(), kVersion)), "apply");
}

TEST(CommandSemanticsTest, ManyArgumentsAreReadOnce) {
  constexpr size_t kArguments = 300'000;
  std::vector<absl::string_view> argv = {"SET", "k", "v"};
  argv.resize(kArguments, "NX");
  EXPECT_EQ(TextOf(argv, {5, 4, 0}), "apply");
  argv.back() = "KEEPTTL";
  EXPECT_EQ(TextOf(argv, {5, 4, 0}), "ignore refused-set-option");

  argv = {"XADD", "s", "MAXLEN", "~", "1", "4-1"};
  argv.resize(kArguments, "x");
  const Command command(argv);
  const Classification c = Classify(command.argv(), {5, 4, 0});
  EXPECT_EQ(c.effect, CommandEffect::kRewrite);
  ASSERT_THAT(c.argv, SizeIs(kArguments));
  EXPECT_EQ(c.argv[3], "=");
  EXPECT_EQ(c.argv.back(), "x");
}

// Random commands of the words that the table knows.
TEST(CommandSemanticsTest, RewritesNeedNoRewrite) {
  constexpr absl::string_view kWords[] = {
      "SET", "XADD", "XTRIM", "EXPIRE",    "MAXLEN", "MINID",
      "~",   "=",    "*",     "1-1",       "7-*",    "LIMIT",
      "GET", "EX",   "NX",    "KEEPTTL",   "xadd",   "xtrim",
      "s",   "",     "9",     "NOMKSTREAM"};
  std::mt19937 random(7);
  int rewrites = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::vector<absl::string_view> argv(1 + random() % 10);
    for (absl::string_view& word : argv) {
      word = kWords[random() % std::size(kWords)];
    }
    if (random() % 2 == 0) argv[0] = "XADD";
    SCOPED_TRACE(absl::StrJoin(argv, " "));
    const Classification c = Classify(Command(argv).argv(), {5, 4, 0});
    EXPECT_TRUE(c.effect == CommandEffect::kApply || c.row != nullptr);
    if (c.effect == CommandEffect::kRewrite) {
      ASSERT_FALSE(c.argv.empty());
      ++rewrites;
      const std::vector<absl::string_view> again(c.argv.begin(), c.argv.end());
      EXPECT_EQ(TextOf(again, {5, 4, 0}), "apply");
    } else if (c.effect != CommandEffect::kCannotKnow) {
      EXPECT_TRUE(c.argv.empty());
    }
    EXPECT_TRUE(Classify(Command(argv).argv(), {7, 0, 0}).argv.empty());
  }
  EXPECT_GT(rewrites, 100);
}

TEST(CommandSemanticsTest, RewriteOutlivesFrame) {
  Classification c;
  {
    const Command command({"XTRIM", "s\r\n", "MAXLEN", "~", "1"});
    c = Classify(command.argv(), {5, 4, 0});
  }
  EXPECT_THAT(c.argv, ElementsAre("XTRIM", "s\r\n", "MAXLEN", "=", "1"));
}

TEST(CommandSemanticsTest, RowsAreComplete) {
  std::set<absl::string_view> names;
  for (const SemanticsRow& row : SemanticsRows()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_FALSE(row.commands.empty());
    EXPECT_FALSE(row.source.empty());
    EXPECT_FALSE(row.reason.empty());
    EXPECT_LT(row.first, row.end);
  }
}

// The frames of a recording that are more than a plain command.
std::map<uint64_t, std::string> Recorded(absl::string_view file,
                                         const KevyVersion& version) {
  std::map<uint64_t, std::string> notable;
  StreamDecoder decoder;
  decoder.Feed(codec_testing::ReadFile(file));
  HandshakeAnswer answer;
  EXPECT_EQ(decoder.DecodeAnswer(&answer), Outcome::kDone);
  while (decoder.Next() == Outcome::kDone) {
    const auto* const frame = std::get_if<FrameView>(&decoder.event());
    if (frame == nullptr) continue;
    const std::string text = Text(Classify(frame->argv(), version));
    if (text != "apply") notable[frame->offset()] = text;
  }
  EXPECT_EQ(decoder.error(), WireError::kNone);
  return notable;
}

using Notable = std::map<uint64_t, std::string>;

TEST(CommandSemanticsTest, RecordedRefusalsAreIgnored) {
  for (const KevyVersion& version :
       {kVersions[0], kVersions[1], kVersions[3]}) {
    std::string file = "testdata/captures/kevy-";
    AppendText(version, &file);
    SCOPED_TRACE(file);
    const Notable notable =
        Recorded(file + "-what-is-propagated.resp", version);
    EXPECT_EQ(notable.at(0), "ignore refused-set-option");
    EXPECT_EQ(notable.count(1), 0);  // SET with too few arguments.
    EXPECT_EQ(notable.at(3), "apply relative-deadline");
    EXPECT_EQ(notable.at(4), "apply relative-deadline");
    EXPECT_EQ(notable.at(5), "ignore refused-expire-condition");
    EXPECT_EQ(notable.at(6), "cannot_know generated-id");
    EXPECT_EQ(notable.count(7), 0);  // A small id: Redis refuses it, too.
    EXPECT_EQ(notable.at(9), "apply group-read");
    EXPECT_EQ(notable.at(10), "apply group-read");
  }
}

TEST(CommandSemanticsTest, RecordedStreamOf2_0_20Classifies) {
  Notable notable = Recorded(
      "testdata/captures/kevy-2.0.20-what-is-propagated.resp", {2, 0, 20});
  notable.erase(notable.begin(), notable.lower_bound(12));
  EXPECT_EQ(notable, (Notable{{12, "cannot_know random-pop"},
                              {16, "apply blocking"},
                              {19, "apply blocking"},
                              {21, "cannot_know script"},
                              {22, "cannot_know script"}}));
}

TEST(CommandSemanticsTest, RecordedStreamOf3_18_0Classifies) {
  Notable notable = Recorded(
      "testdata/captures/kevy-3.18.0-what-is-propagated.resp", {3, 18, 0});
  notable.erase(notable.begin(), notable.lower_bound(12));
  EXPECT_EQ(notable, (Notable{{12, "cannot_know random-pop"},
                              {16, "apply blocking"},
                              {19, "cannot_know conditional-pop"},
                              {20, "apply blocking"},
                              {22, "apply field-deadline"},
                              {23, "cannot_know script"},
                              {24, "cannot_know script"}}));
}

TEST(CommandSemanticsTest, RecordedStreamOf5_4_0Classifies) {
  Notable notable = Recorded(
      "testdata/captures/kevy-5.4.0-what-is-propagated.resp", {5, 4, 0});
  notable.erase(notable.begin(), notable.lower_bound(12));
  EXPECT_EQ(notable, (Notable{{16, "apply blocking"},
                              {19, "cannot_know conditional-pop"},
                              {20, "apply blocking"},
                              {24, "apply field-deadline"},
                              {28, "cannot_know script"},
                              {29, "cannot_know script"}}));
}

TEST(CommandSemanticsTest, FaultsClassify) {
  EXPECT_EQ(
      Recorded("testdata/semantics/refused-by-kevy-accepted-by-redis.resp",
               {5, 4, 0}),
      (Notable{{1, "ignore refused-set-option"},
               {2, "ignore refused-set-option"},
               {3, "ignore refused-set-option"},
               {4, "ignore refused-expire-condition"}}));
  EXPECT_EQ(
      Recorded("testdata/semantics/approximate-trim.resp", {5, 4, 0}),
      (Notable{{3,
                "rewrite approximate-trim \"XTRIM\" \"s\" \"MAXLEN\" \"=\" "
                "\"1\""},
               {4,
                "rewrite approximate-trim \"XADD\" \"s\" \"MAXLEN\" \"=\" "
                "\"1\" \"4-1\" \"f\" \"v\""}}));
  EXPECT_EQ(
      Recorded("testdata/semantics/kevy-7-internal-commands.resp", {7, 0, 0}),
      (Notable{{1, "ignore internal"}, {2, "ignore internal"}}));
  EXPECT_EQ(Recorded("testdata/semantics/kevy-specific-pop.resp", {5, 4, 0}),
            (Notable{{1, "cannot_know conditional-pop"},
                     {2, "cannot_know conditional-pop"}}));
}

}  // namespace
}  // namespace kevy_replica
