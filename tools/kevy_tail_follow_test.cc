// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_tail as a program that follows a primary.

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/long_primary.h"
#include "kevy_replica/transport/listener.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class KevyTailFollowTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const {
    return temp_folder_.File(name);
  }
  // "--output=<folder>/output".
  std::string Flag(absl::string_view name) const {
    return absl::StrCat("--", name, "=", Path(name));
  }

  const TempFolder temp_folder_;
  const std::string folder_ = temp_folder_.path();
};

ChildResult RunTail(const std::vector<std::string>& flags,
                    const ChildProcess::Options& options = {}) {
  return RunChild(kKevyTail, flags, options);
}

// The flags of all tails. The scripted primaries stand still for a while, so
// the heartbeat timeout is off.
std::vector<std::string> Flags(const std::string& address,
                               const std::vector<std::string>& more = {}) {
  std::vector<std::string> flags = {absl::StrCat("--primary=", address),
                                    "--heartbeat_timeout=inf"};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// Each connection of the primary gets the next frames of one history.
void Play(ScriptedPrimary* primary) {
  primary->Enqueue(PrimaryScript()
                       .Generation(7)
                       .Frame(0, {"SET", "a", "0"})
                       .Frame(1, {"SET", "a", "1"}));
  primary->Enqueue(PrimaryScript()
                       .Generation(7)
                       .Frame(2, {"SET", "a", "2"})
                       .Send("*2\r\n:3\r\n*3\r"));
  primary->Enqueue(PrimaryScript()
                       .Generation(7)
                       .Frame(3, {"SET", "a", "3"})
                       .Heartbeat(7, 4)
                       .Send("+SNAPSHOT\r\n"));
  primary->SetDefault(
      PrimaryScript().Generation(7).Frame(4, {"SET", "a", "4"}).Stall());
  ASSERT_TRUE(primary->Listen("127.0.0.1:0").ok());
}

TEST_F(KevyTailFollowTest, FollowsThroughLinkEnds) {
  ScriptedPrimary primary;
  Play(&primary);
  ChildProcess child(kKevyTail, Flags(primary.address()));
  for (const char* line : {
           "# connected protocol=2 generation=7 offset=0\n",
           "# reset\n",
           "0 \"SET\" \"a\" \"0\"\n",
           "1 \"SET\" \"a\" \"1\"\n",
           "# link_down end=closed attempt=1 retry_in=[0-9]+ms\n",
           "# connected protocol=2 generation=7 offset=2\n",
           "2 \"SET\" \"a\" \"2\"\n",
           "# link_down end=truncated attempt=1 retry_in=[0-9]+ms\n",
           "# connected protocol=2 generation=7 offset=3\n",
           "3 \"SET\" \"a\" \"3\"\n",
           "# heartbeat generation=7 next_offset=4\n",
           "# snapshot_begin\n",
           "# snapshot_void\n",
           "# link_down end=truncated attempt=1 retry_in=[0-9]+ms\n",
           "# connected protocol=2 generation=7 offset=4\n",
           "4 \"SET\" \"a\" \"4\"\n",
       }) {
    EXPECT_THAT(child.ReadLine(), MatchesRegex(line));
  }
  child.Signal(SIGTERM);
  EXPECT_EQ(child.ReadOutput(), "# end generation=7 next_offset=5\n");
  EXPECT_THAT(child.ReadErrors(),
              MatchesRegex("kevy_tail: not checked: [^\n]*\n"
                           "kevy_tail: truncated: [^\n]* "
                           "[(]action: reconnect[)]\n"
                           "kevy_tail: truncated: [^\n]* "
                           "[(]action: reconnect[)]\n"));
  EXPECT_EQ(child.Wait(), 0);
  for (size_t i = 0; i < primary.connections(); ++i) {
    EXPECT_THAT(primary.connection(i).acks,
                IsEmpty());  // --acknowledge was not given.
  }
}

TEST_F(KevyTailFollowTest, FollowsInJson) {
  ScriptedPrimary primary;
  Play(&primary);
  const ChildResult result =
      RunTail(Flags(primary.address(), {"--format=json", "--max_frames=4"}));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(
      result.out,
      MatchesRegex(
          R"([{]"event":"connected","protocol":2,"generation":7,"offset":0[}]
[{]"event":"reset"[}]
[{]"event":"frame","offset":0,"argv":\["SET","a","0"\][}]
[{]"event":"frame","offset":1,"argv":\["SET","a","1"\][}]
[{]"event":"link_down","end":"closed","attempt":1,"retry_in_ms":[0-9]+[}]
[{]"event":"connected","protocol":2,"generation":7,"offset":2[}]
[{]"event":"frame","offset":2,"argv":\["SET","a","2"\][}]
[{]"event":"link_down","end":"truncated","attempt":1,"retry_in_ms":[0-9]+[}]
[{]"event":"connected","protocol":2,"generation":7,"offset":3[}]
[{]"event":"frame","offset":3,"argv":\["SET","a","3"\][}]
[{]"event":"end","generation":7,"next_offset":4[}]
)"));
}

TEST_F(KevyTailFollowTest, FollowsInResp) {
  ScriptedPrimary primary;
  Play(&primary);
  const ChildResult result =
      RunTail(Flags(primary.address(), {"--format=resp", "--max_frames=3"}));
  EXPECT_EQ(result.status, 0);
  std::string expected;
  for (const char* value : {"0", "1", "2"}) {
    absl::StrAppend(&expected, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n", value,
                    "\r\n");
  }
  EXPECT_EQ(result.out, expected);
}

TEST_F(KevyTailFollowTest, AcknowledgesPrintedFrames) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript()
                         .Frame(0, {"PING"})
                         .Heartbeat(1, 1)
                         .WaitForAck(1)
                         .Frame(1, {"PING"})
                         .Frame(2, {"PING"})
                         .WaitForAck(2)
                         .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const ChildResult result =
      RunTail(Flags(primary.address(), {"--acknowledge", "--max_frames=2"}));
  EXPECT_EQ(result.status, 0) << result.err;
  primary.WaitFinished(0);
  // Only printed frames are acknowledged, although a third one came.
  EXPECT_EQ(primary.connection(0).acks.back(), 2u);
}

TEST_F(KevyTailFollowTest, SilentPrimaryIsConnectedAgain) {
  for (const char* flag : {"--idle_timeout=10ms", "--heartbeat_timeout=10ms"}) {
    ScriptedPrimary primary;
    primary.SetDefault(PrimaryScript().Stall());
    ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
    ChildProcess child(kKevyTail, Flags(primary.address(), {flag}));
    EXPECT_THAT(child.ReadLine(), StartsWith("# connected "));
    EXPECT_THAT(child.ReadLine(), StartsWith("# link_down end=timeout "));
    EXPECT_THAT(child.ReadLine(), StartsWith("# connected "));
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_THAT(child.ReadErrors(),
                HasSubstr("\nkevy_tail: deadline_exceeded: "));
  }
}

TEST_F(KevyTailFollowTest, CtrlCStoresPositionForNextRun) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Frame(0, {"PING"})
                      .Frame(1, {"PING"})
                      .Stall());
  primary.Enqueue(PrimaryScript().Generation(7).Frame(2, {"PING"}).Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const std::vector<std::string> flags =
      Flags(primary.address(), {Flag("positions")});
  {
    ChildProcess child(kKevyTail, flags);
    for (const char* line : {"# connected", "# reset", "0 ", "1 "}) {
      EXPECT_THAT(child.ReadLine(), StartsWith(line));
    }
    child.Signal(SIGINT);
    EXPECT_EQ(child.ReadOutput(), "# end generation=7 next_offset=2\n");
    EXPECT_EQ(child.Wait(), 0);
  }
  EXPECT_THAT(FileContents(Path("positions")), HasSubstr("\nshard-0 7:2\n"));
  ChildProcess child(kKevyTail, flags);
  EXPECT_EQ(child.ReadLine(), "# connected protocol=2 generation=7 offset=2\n");
  EXPECT_EQ(child.ReadLine(), "2 \"PING\"\n");
  child.Signal(SIGINT);
  EXPECT_EQ(child.ReadOutput(), "# end generation=7 next_offset=3\n");
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(primary.connection(1).request->offset, 2u);
}

TEST_F(KevyTailFollowTest, MaxFramesStoresPosition) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript()
                         .Generation(7)
                         .Frame(8, {"PING"})
                         .Frame(9, {"PING"})
                         .Frame(10, {"PING"})
                         .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const ChildResult result =
      RunTail(Flags(primary.address(), {Flag("positions"), Flag("output"),
                                        "--from=7:8", "--max_frames=2"}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(FileContents(Path("output")),
            "# connected protocol=2 generation=7 offset=8\n"
            "8 \"PING\"\n"
            "9 \"PING\"\n"
            "# end generation=7 next_offset=10\n");
  EXPECT_THAT(FileContents(Path("positions")), HasSubstr("\nshard-0 7:10\n"));
}

TEST_F(KevyTailFollowTest, DamagedFilesAreErrors) {
  ScriptedPrimary primary;
  primary.SetDefault(
      PrimaryScript().Generation(7).Frame(0, {"PING"}).Heartbeat(7, 1));
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const std::vector<std::string> flags = Flags(
      primary.address(), {Flag("positions"), Flag("output"), "--max_frames=1"});
  EXPECT_EQ(RunTail(flags).status, 0);
  const size_t connections = primary.connections();
  const std::string output = FileContents(Path("output"));

  ASSERT_EQ(rename(Path("output").c_str(), Path("other").c_str()), 0);
  ChildResult result = RunTail(flags);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, AllOf(StartsWith("kevy_tail: --output: "),
                                HasSubstr("is missing")));

  // Cut short.
  ASSERT_EQ(rename(Path("other").c_str(), Path("output").c_str()), 0);
  ASSERT_EQ(truncate(Path("output").c_str(), 10), 0);
  result = RunTail(flags);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("does not begin with the "));
  EXPECT_EQ(FileContents(Path("output")), output.substr(0, 10));

  // Torn.
  ASSERT_EQ(truncate(Path("positions").c_str(), 30), 0);
  result = RunTail(flags);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, AllOf(StartsWith("kevy_tail: --positions: "),
                                HasSubstr("/positions is damaged: ")));
  EXPECT_EQ(primary.connections(), connections);
}

TEST_F(KevyTailFollowTest, EmptyOutputStartsOver) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Generation(7).Frame(0, {"PING"}).Stall());
  primary.Enqueue(PrimaryScript().Generation(7).Frame(1, {"PING"}).Stall());
  primary.Enqueue(PrimaryScript().Generation(7).Frame(2, {"PING"}).Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const std::vector<std::string> flags = Flags(
      primary.address(), {Flag("positions"), Flag("output"), "--max_frames=1"});
  EXPECT_EQ(RunTail(flags).status, 0);
  ASSERT_EQ(truncate(Path("output").c_str(), 0), 0);
  const ChildResult result = RunTail(flags);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("is empty: starting over in it"));
  EXPECT_EQ(FileContents(Path("output")),
            "# connected protocol=2 generation=7 offset=1\n"
            "1 \"PING\"\n"
            "# end generation=7 next_offset=2\n");

  // Frames that were printed elsewhere are missing in the file: an error.
  EXPECT_EQ(
      RunTail(Flags(primary.address(), {Flag("positions"), "--max_frames=1"}))
          .status,
      0);
  const ChildResult refused = RunTail(flags);
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err,
              HasSubstr("the stored position covers none of them"));
}

// The samples in a metrics file, by name and labels. Checks that every other
// line is a comment.
std::map<std::string, std::string> Samples(const std::string& text) {
  std::map<std::string, std::string> samples;
  EXPECT_THAT(text, EndsWith("\n"));
  for (const absl::string_view line :
       absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    if (absl::StartsWith(line, "# ")) continue;
    EXPECT_THAT(std::string(line),
                MatchesRegex("[a-z_]+[{][a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*"
                             "\")*[}] [0-9.e+-]+"));
    const size_t space = line.rfind(' ');
    samples[std::string(line.substr(0, space))] =
        std::string(line.substr(space + 1));
  }
  return samples;
}

TEST_F(KevyTailFollowTest, MetricsFileHasSamples) {
  ScriptedPrimary primary;
  Play(&primary);
  ChildProcess child(kKevyTail, Flags(primary.address(),
                                      {Flag("prometheus"), Flag("positions")}));
  std::string line;
  do {
    line = child.ReadLine();
  } while (!line.empty() && !absl::StartsWith(line, "4 "));
  // The file is rewritten every second.
  ASSERT_TRUE(child.Await("its five frames are in the metrics", [&] {
    return absl::StrContains(
        FileContents(Path("prometheus")),
        "kevy_replica_frames_total{shard=\"shard-0\"} 5\n");
  }));
  EXPECT_EQ(Samples(FileContents(
                Path("prometheus")))["kevy_replica_link_up{shard=\"shard-0\"}"],
            "1");
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  std::map<std::string, std::string> samples =
      Samples(FileContents(Path("prometheus")));
  const auto sample = [&](absl::string_view name, absl::string_view more = "") {
    return samples[absl::StrCat("kevy_replica_", name, "{shard=\"shard-0\"",
                                more, "}")];
  };
  EXPECT_EQ(sample("frames_total"), "5");
  EXPECT_EQ(sample("links_total"), "4");
  EXPECT_EQ(sample("heartbeats_total"), "1");
  EXPECT_EQ(sample("link_ends_total", ",cause=\"closed\""), "1");
  EXPECT_EQ(sample("link_ends_total", ",cause=\"truncated\""), "2");
  EXPECT_EQ(sample("link_ends_total", ",cause=\"stopped\""), "1");
  EXPECT_EQ(sample("link_up"), "0");
  EXPECT_EQ(sample("applied_offset"), "5");
}

TEST_F(KevyTailFollowTest, ShowsStatusLineOnTerminal) {
  if (!ChildProcess::HasTerminals())
    GTEST_SKIP() << "terminals are not available";
  ScriptedPrimary primary;
  Play(&primary);
  ChildProcess::Options options;
  options.err_is_terminal = true;
  const ChildResult result =
      RunTail(Flags(primary.address(), {"--max_frames=3"}), options);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("\r\x1b[K0 frames, 0 bytes, "));
  EXPECT_THAT(result.err,
              MatchesRegex("(.|\r|\n)*\r\x1b\\[K3 frames, [1-9][0-9]* bytes, "
                           "[0-9]+ frames/s\r\n"));
}

TEST_F(KevyTailFollowTest, RejectsOneFileForTwoFlags) {
  const std::vector<std::vector<std::string>> bad = {
      {Flag("positions"), "--output=" + Path("positions")},
      {Flag("positions"), "--output=" + folder_ + "/./positions"},
      {Flag("positions"), "--output=" + Path("positions.tmp")},
      {Flag("positions"), "--prometheus=" + Path("positions")},
      {Flag("output"), "--prometheus=" + Path("output")},
      {Flag("positions"), "--output=" + Path("positions.lock")},
      {"--once", Flag("output"), "--record=" + Path("output")},
  };
  for (const std::vector<std::string>& flags : bad) {
    SCOPED_TRACE(flags[0] + " " + flags[1]);
    std::vector<std::string> all = {"--primary=localhost:16004"};
    all.insert(all.end(), flags.begin(), flags.end());
    const ChildResult result = RunTail(all);
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err,
                MatchesRegex("kevy_tail: --[a-z]+ (and --[a-z]+ name the same "
                             "file|names a file that --[a-z]+ needs, "
                             "[^\n]+) [(]see --help[)]\n"));
    // The program has not created a file.
    EXPECT_THAT(temp_folder_.Names(), IsEmpty());
  }
  const ChildResult replayed =
      RunTail({"--replay=" + Path("output"), "--output=" + Path("output")});
  EXPECT_EQ(replayed.status, 2);
  EXPECT_THAT(replayed.err,
              HasSubstr("--output and --replay name the same file"));
}

// ---- Killed at any moment.

// The offsets of the frames in the text that kevy_tail printed, by shard.
// Checks that each line is whole.
std::map<int, std::vector<uint64_t>> Offsets(const std::string& text) {
  std::map<int, std::vector<uint64_t>> offsets;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int shard = 0;
    if (absl::ConsumePrefix(&line, "[")) {
      EXPECT_TRUE(absl::SimpleAtoi(line.substr(0, line.find(']')), &shard));
      line.remove_prefix(line.find(' ') + 1);
    }
    if (line.empty() || line[0] == '#') continue;
    uint64_t offset = 0;
    EXPECT_TRUE(absl::SimpleAtoi(line.substr(0, line.find(' ')), &offset));
    EXPECT_EQ(line, absl::StrCat(offset, " \"SET\" \"key\" \"", offset, "\""));
    offsets[shard].push_back(offset);
  }
  return offsets;
}

// Whether the offsets are 0, 1, 2 and so on.
bool AreAll(const std::vector<uint64_t>& offsets) {
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] != i) {
      ADD_FAILURE() << "at " << i << " of " << offsets.size() << " there is "
                    << offsets[i];
      return false;
    }
  }
  return true;
}

void AwaitReached(ChildProcess* child, const LongPrimary& primary) {
  child->Await("the primary has sent the expected frames",
               [&] { return primary.reached(); });
}

// The primaries of some shards, and the moments to kill their tail at.
class Killer {
 public:
  explicit Killer(int shards) {
    for (std::unique_ptr<Listener>& listener : ListenInARow(shards)) {
      const auto seed = static_cast<uint32_t>(1000 * primaries_.size());
      primaries_.push_back(
          std::make_unique<LongPrimary>(std::move(listener), seed));
    }
  }

  std::vector<std::string> flags() const {
    return Flags(
        primaries_[0]->address(),
        {absl::StrCat("--shards=", primaries_.size()), "--acknowledge"});
  }

  void Begin() {
    for (const auto& primary : primaries_) primary->Expect(random_() % 400);
  }
  // Waits until one of the shards has sent the frames that Begin() chose.
  void Kill(ChildProcess* child) {
    AwaitReached(child, *primaries_[random_() % primaries_.size()]);
    // A random delay, so that the kills hit different steps.
    absl::SleepFor(absl::Microseconds(random_() % 3000));
    child->Signal(SIGKILL);
    EXPECT_EQ(child->Wait(), -SIGKILL);
  }

  // Waits until a last tail has printed all frames, and ends it with Ctrl-C.
  void Finish(ChildProcess* child) {
    for (const auto& primary : primaries_) AwaitReached(child, *primary);
    child->Signal(SIGINT);
    EXPECT_EQ(child->Wait(), 0);
  }
  void BeginLast() {
    for (const auto& primary : primaries_) primary->Expect(100, /*end=*/true);
  }

  const std::vector<std::unique_ptr<LongPrimary>>& primaries() const {
    return primaries_;
  }

 private:
  std::mt19937 random_{20261124};
  std::vector<std::unique_ptr<LongPrimary>> primaries_;
};

class KilledTest : public KevyTailFollowTest {
 protected:
  // With --output the file has every frame exactly once.
  void KillWithOutput(int shards, int kills) {
    Killer killer(shards);
    std::vector<std::string> flags = killer.flags();
    flags.push_back(Flag("positions"));
    flags.push_back(Flag("output"));
    for (int i = 0; i < kills; ++i) {
      killer.Begin();
      ChildProcess child(kKevyTail, flags);
      killer.Kill(&child);
    }
    killer.BeginLast();
    ChildProcess child(kKevyTail, flags);
    killer.Finish(&child);

    const std::map<int, std::vector<uint64_t>> offsets =
        Offsets(FileContents(Path("output")));
    ASSERT_EQ(offsets.size(), static_cast<size_t>(shards));
    for (const auto& [shard, printed] : offsets) {
      SCOPED_TRACE(shard);
      EXPECT_TRUE(AreAll(printed));
      const std::vector<uint64_t> asked = killer.primaries()[shard]->asked();
      EXPECT_EQ(printed.size(), asked.back() + 100);
      RecordProperty(absl::StrCat("frames_", shard),
                     static_cast<int>(printed.size()));
    }
  }
};

TEST_F(KilledTest, HundredKillsPrintEachFrameOnce) {
  KillWithOutput(/*shards=*/1, /*kills=*/100);
}

TEST_F(KilledTest, KillsOfShardedTailPrintEachFrameOnce) {
  KillWithOutput(/*shards=*/3, /*kills=*/30);
}

TEST_F(KilledTest, PipeRepeatsFramesOnlyAfterKill) {
  Killer killer(/*shards=*/1);
  std::vector<std::string> flags = killer.flags();
  flags.push_back(Flag("positions"));
  uint64_t next = 0;
  for (int i = 0; i <= 20; ++i) {
    const bool last = i == 20;
    last ? killer.BeginLast() : killer.Begin();
    ChildProcess child(kKevyTail, flags);
    last ? killer.Finish(&child) : killer.Kill(&child);
    std::string out = child.ReadOutput();
    // The kill may have cut the last line off.
    out.resize(out.rfind('\n') + 1);
    const std::vector<uint64_t> offsets = Offsets(out)[0];
    if (offsets.empty()) continue;
    EXPECT_LE(offsets.front(), next);
    for (size_t k = 1; k < offsets.size(); ++k) {
      EXPECT_EQ(offsets[k], offsets[k - 1] + 1);
    }
    next = std::max(next, offsets.back() + 1);
  }
  EXPECT_EQ(next, killer.primaries()[0]->asked().back() + 100);
}

TEST_F(KevyTailFollowTest, LinesNameShards) {
  std::vector<std::unique_ptr<LongPrimary>> primaries;
  for (std::unique_ptr<Listener>& listener : ListenInARow(3)) {
    primaries.push_back(
        std::make_unique<LongPrimary>(std::move(listener), /*seed=*/1));
    primaries.back()->Expect(10 * primaries.size(), /*end=*/true);
  }
  const std::string address = primaries[0]->address();
  ChildProcess child(kKevyTail,
                     Flags(address, {"--shards=3", "--acknowledge"}));
  for (const auto& primary : primaries) AwaitReached(&child, *primary);
  child.Signal(SIGINT);
  const std::string text = child.ReadOutput();
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_THAT(text, HasSubstr("[2] # connected protocol=2 generation=7 "));
  EXPECT_THAT(text, EndsWith("[0] # end generation=7 next_offset=10\n"
                             "[1] # end generation=7 next_offset=20\n"
                             "[2] # end generation=7 next_offset=30\n"));
  for (const auto& [shard, offsets] : Offsets(text)) {
    EXPECT_TRUE(AreAll(offsets));
    EXPECT_EQ(offsets.size(), 10u * (shard + 1));
  }

  // Each connection starts over.
  const ChildResult json =
      RunTail(Flags(address, {"--shards=3", "--acknowledge", "--format=json",
                              "--max_frames=25"}));
  EXPECT_EQ(json.status, 0);
  int frames = 0;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripSuffix(json.out, "\n"), '\n')) {
    EXPECT_THAT(std::string(line), MatchesRegex("[{]\"shard\":[012],.*[}]"));
    frames += absl::StrContains(line, "\"event\":\"frame\"") ? 1 : 0;
  }
  EXPECT_EQ(frames, 25);

  const ChildResult resp =
      RunTail(Flags(address, {"--shards=3", "--acknowledge", "--format=resp",
                              "--max_frames=25"}));
  EXPECT_EQ(resp.status, 0);
  int commands = 0;
  for (const absl::string_view line : absl::StrSplit(resp.out, "\r\n")) {
    commands += line == "*3" ? 1 : 0;
  }
  EXPECT_EQ(commands, 25);
}

}  // namespace
}  // namespace kevy_replica
