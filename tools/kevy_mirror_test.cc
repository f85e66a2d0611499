// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_mirror as a program with a real server as its target.

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/long_primary.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// ---- The mirror.

// Runs a mirror to its own end.
ChildResult RunMirror(const std::vector<std::string>& flags) {
  return RunChild(kKevyMirror, flags);
}

class KevyMirrorTest : public ::testing::Test {
 protected:
  explicit KevyMirrorTest(
      RedisServer::Socket socket = RedisServer::Socket::kUnix,
      RedisServer::Keep keep = RedisServer::Keep::kNothing)
      : server_(socket, keep) {}
  void SetUp() override {
    if (!RedisServer::IsInstalled())
      GTEST_SKIP() << "redis-server is not installed";
    server_.Start();
  }

  std::string Metrics() const { return folder_.File("metrics"); }

  static void Listen(ScriptedPrimary* primary, PrimaryScript script) {
    primary->SetDefault(std::move(script));
    ASSERT_TRUE(primary->Listen("127.0.0.1:0").ok());
  }

  std::vector<std::string> Flags(
      const ScriptedPrimary& primary,
      const std::vector<std::string>& more = {}) const {
    std::vector<std::string> flags = {
        absl::StrCat("--primary=", primary.address()),
        absl::StrCat("--target=", server_.target()), "--heartbeat_timeout=inf"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  std::string Position(int shard = 0) {
    return server_.Ask({"HGET", "kevy_mirror", absl::StrCat("shard-", shard)})
        .text;
  }
  void AwaitPosition(ChildProcess* child, const std::string& position,
                     int shard = 0) {
    ASSERT_TRUE(
        child->Await(absl::StrCat("shard ", shard, " has position ", position),
                     [&] { return Position(shard) == position; }));
  }

  // The same for any offset from `least` on, of generation 7.
  void AwaitOffset(ChildProcess* child, uint64_t least) {
    ASSERT_TRUE(child->Await(absl::StrCat("offset ", least, " is stored"), [&] {
      const std::string position = Position();
      uint64_t next_offset = 0;
      return absl::StartsWith(position, "7:") &&
             absl::SimpleAtoi(position.substr(2), &next_offset) &&
             next_offset >= least;
    }));
  }

  // Waits until the server has read all that a killed mirror had sent.
  void AwaitDisconnected() {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (absl::StrContains(server_.Ask({"CLIENT", "LIST"}).text,
                             "name=kevy_mirror-")) {
      ASSERT_LT(absl::Now(), deadline) << "a mirror is still connected";
      absl::SleepFor(absl::Microseconds(200));
    }
  }

  // Runs a mirror up to a position and ends it with Ctrl-C. Returns its errors.
  std::string RunTo(const std::string& position, const ScriptedPrimary& primary,
                    const std::vector<std::string>& more = {}) {
    const size_t connections = primary.connections();
    ChildProcess child(kKevyMirror, Flags(primary, more));
    // A mirror before may have stored the same position.
    child.Await("it connects to the primary",
                [&] { return primary.connections() > connections; });
    AwaitPosition(&child, position);
    child.Signal(SIGINT);
    std::string errors = child.ReadErrors();
    EXPECT_EQ(child.Wait(), 0) << errors;
    return errors;
  }

  const TempFolder folder_;
  RedisServer server_;
};

class KevyMirrorOverTcpTest : public KevyMirrorTest {
 protected:
  KevyMirrorOverTcpTest() : KevyMirrorTest(RedisServer::Socket::kLoopback) {}
};

class KevyMirrorKilledTest : public KevyMirrorTest {
 protected:
  KevyMirrorKilledTest()
      : KevyMirrorTest(RedisServer::Socket::kUnix, RedisServer::Keep::kAll) {}
};

std::string Capture(const std::string& name) {
  return FileContents(absl::StrCat("testdata/captures/kevy-", name, ".resp"));
}

// Frames for a counter, a text and a hash. A write that is lost or applied
// twice shows in each.
std::vector<std::string> CountingFrame(uint64_t offset) {
  switch (offset % 3) {
    case 0:
      return {"INCR", "counter"};
    case 1:
      return {"APPEND", "text", absl::StrCat(offset, ",")};
    default:
      return {"HINCRBY", "hash", absl::StrCat("f", offset % 7), "1"};
  }
}

// ---- Writes that arrive.

TEST_F(KevyMirrorTest, LoadsRecordedSnapshotOfAllTypes) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript::Capture(Capture("5.4.0-all-types")).Stall());
  const std::string errors = RunTo("1520060993468585:13", primary);
  constexpr int64_t kFieldDeadline = 1795464156373;  // Of field f1 of key hft.
  std::string fields = "f1=v1 f2=v2";
  if (absl::ToUnixMillis(absl::Now()) >= kFieldDeadline) {
    fields = "f2=v2";
  } else if (server_.Ask({"COMMAND", "INFO", "HPEXPIREAT"}).elements[0].type ==
             TargetReply::Type::kNull) {
    // Redis before 7.4 cannot expire fields.
    EXPECT_THAT(errors, HasSubstr("key \"hft\": the target cannot expire hash "
                                  "fields"));
  }
  Content content = ContentOf(&server_);
  // The deadline of this key may have passed, and is held then.
  constexpr uint64_t kDeadline = 1795464156171;
  const std::string ttl = absl::StrCat("string v expires ", kDeadline);
  if (content["ttl"] != ttl) {
    EXPECT_GE(absl::ToUnixMillis(absl::Now()), int64_t{kDeadline});
  }
  content.erase("ttl");
  EXPECT_THAT(
      content,
      UnorderedElementsAre(
          Pair("hft", absl::StrCat("hash ", fields)),
          Pair("hash", "hash f1=v1 f2=v2"), Pair("str", "string hello"),
          Pair("set", "set x y"),
          Pair("zset", "zset hi=inf low=-inf m=1.5 z=0"),
          Pair("list", "list a b  d"), Pair("int", "string 12345"),
          Pair("stream",
               "stream last=6-0 deleted=0-0 added=2 entry 5-1 f v g w entry "
               "6-0 f v2 group grp last=5-1 consumer c1 pending 5-1 c1 "
               "1795364156172 1")));
}

// Recorded writes of every type, from two versions of kevy.
TEST_F(KevyMirrorTest, AppliesRecordedFrames) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (const char* name : {"3.18.0-frames", "2.0.20-frames"}) {
    SCOPED_TRACE(name);
    server_.Ask({"FLUSHALL"});
    ScriptedPrimary primary;
    Listen(&primary, PrimaryScript::Capture(Capture(name)).Stall());
    ChildProcess child(kKevyMirror, Flags(primary));
    child.Await("offset 16 is stored",
                [&] { return absl::EndsWith(Position(), ":16"); });
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_EQ(Position(), name[0] == '3' ? "1:16" : "0:16");
    Content content = ContentOf(&server_);
    EXPECT_THAT(content["t0"], StartsWith("string v expires "));
    content.erase("t0");
    EXPECT_THAT(
        content,
        UnorderedElementsAre(
            Pair("foo0", "string bar-more"),
            Pair("bin0", absl::StrCat("string ", bytes)),
            Pair("h0", "hash a=1 b=2"), Pair("l0", "list y z"),
            Pair("s0", "set q r"), Pair("z0", "zset low=-inf m=1.5"),
            Pair("st0", "stream last=1-1 deleted=0-0 added=1 entry 1-1 f v"),
            Pair("n", "string 1"),
            Pair("crlf0", "string a\r\nb\r\n*2\r\n:1\r\n")));
  }
}

TEST_F(KevyMirrorTest, RecordedFlushallReplacesData) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript::Capture(Capture("5.4.0-flushall")).Stall());
  RunTo("8226149225416826:2", primary);
  EXPECT_THAT(
      ContentOf(&server_),
      UnorderedElementsAre(Pair("after", "string 2"), Pair("ctr", "string 1")));
}

TEST_F(KevyMirrorTest, TargetWithoutPrimaryStaysUntouched) {
  server_.Ask({"SET", "precious", "1"});
  const std::string target = absl::StrCat("--target=", server_.target());
  const ChildResult without = RunMirror({target});
  EXPECT_EQ(without.status, 2);
  EXPECT_EQ(without.err,
            "kevy_mirror: --target needs --primary (see --help)\n");
  const ChildResult unset = RunMirror({"--primary=", target, "--replace"});
  EXPECT_EQ(unset.status, 2);
  EXPECT_EQ(unset.err,
            "kevy_mirror: --primary has an empty value: is a variable unset? "
            "(see --help)\n");
  EXPECT_EQ(server_.Ask({"GET", "precious"}).text, "1");
  EXPECT_EQ(Position(), "");
}

// Kevy 7.0 writes a trailer behind the payload.
TEST_F(KevyMirrorTest, LoadsSnapshotsWithATrailer) {
  for (const char* name : {"catalog", "unknown"}) {
    SCOPED_TRACE(name);
    server_.Ask({"FLUSHALL"});
    ScriptedPrimary primary;
    Listen(&primary,
           PrimaryScript::Capture(
               FileContents(absl::StrCat("testdata/golden/snapshot-trailer-",
                                         name, ".resp")))
               .Stall());
    RunTo("7270893326363503:1", primary);
    EXPECT_THAT(ContentOf(&server_),
                ElementsAre(Pair("b", "string 2"), Pair("k", "string v")));
  }
}

TEST_F(KevyMirrorTest, LoadsGeneratedSnapshots) {
  constexpr uint32_t kLarge = 3 * PayloadCommands::kMaxArguments + 1;
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    PayloadMaker maker(seed);
    maker.AddHash(kLarge);
    maker.AddList(kLarge);
    maker.AddSet(kLarge);
    maker.AddSortedSet(kLarge);
    maker.AddStream(kLarge, 1);
    maker.AddStream(3, kLarge);
    maker.AddStream(0, 0);
    maker.AddString(std::string(3 << 20, 'x'));
    maker.AddString("");
    for (int i = 0; i < 200; ++i) {
      switch (random() % 6) {
        case 0:
          maker.AddString(absl::StrCat("value", random()));
          break;
        case 1:
          maker.AddHash(1 + random() % 20);
          break;
        case 2:
          maker.AddList(1 + random() % 20);
          break;
        case 3:
          maker.AddSet(1 + random() % 20);
          break;
        case 4:
          maker.AddSortedSet(1 + random() % 20);
          break;
        case 5:
          maker.AddStream(random() % 20, 1 + random() % 3);
          break;
      }
    }
    ScriptedPrimary primary;
    Listen(&primary, PrimaryScript()
                         .Generation(seed)
                         .Snapshot(maker.Finish(), 100)
                         .Frame(100, {"INCR", "n"})
                         .Heartbeat(seed, 101)
                         .Stall());
    // The second and third payload replace the one before.
    RunTo(absl::StrCat(seed, ":101"), primary, {"--batch=100"});
    Content expected = maker.content();
    expected["n"] = "string 1";
    const Content content = ContentOf(&server_);
    EXPECT_EQ(content.size(), expected.size());
    for (const auto& [key, text] : expected) {
      const auto found = content.find(key);
      ASSERT_NE(found, content.end()) << key;
      // Values are long, so only their beginning is printed.
      EXPECT_TRUE(found->second == text)
          << found->second.substr(0, 300) << "\nexpected\n"
          << text.substr(0, 300);
    }
  }
}

TEST_F(KevyMirrorOverTcpTest, WritesToChosenDatabase) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .Frame(0, {"SET", "a", "1"})
                       .Frame(1, {"APPEND", "a", "2"})
                       .Stall());
  server_.Ask({"SET", "others", "1"});
  ChildProcess child(kKevyMirror,
                     {absl::StrCat("--primary=", primary.address()),
                      absl::StrCat("--target=", server_.target(), "/3"),
                      "--heartbeat_timeout=inf", "--position_key=place"});
  server_.Ask({"SELECT", "3"});
  child.Await("it stores its position in database 3", [&] {
    return server_.Ask({"HGET", "place", "shard-0"}).text == "7:2";
  });
  child.Signal(SIGTERM);
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(server_.Ask({"GET", "a"}).text, "12");
  server_.Ask({"SELECT", "0"});
  EXPECT_THAT(ContentOf(&server_), ElementsAre(Pair("others", "string 1")));
}

TEST_F(KevyMirrorOverTcpTest, PasswordComesFromUrlOrFile) {
  ScriptedPrimary primary;
  Listen(&primary,
         PrimaryScript().Generation(7).FramesTo(1, CountingFrame).Stall());
  server_.Ask({"ACL", "SETUSER", "joe", "on", ">s@cret", "~*", "+@all"});
  server_.Ask({"CONFIG", "SET", "requirepass", "defa"});
  const std::string host = absl::StrCat("127.0.0.1:", server_.port());
  const std::string file = folder_.File("password");
  std::ofstream(file) << "s@cret\nignored\n";
  const auto flags = [&](const std::string& target) {
    std::vector<std::string> all = Flags(primary);
    all[1] = absl::StrCat("--target=", target);
    return all;
  };
  for (const std::vector<std::string>& good :
       {flags(absl::StrCat("redis://joe:s%40cret@", host)),
        flags(absl::StrCat("redis://:defa@", host)), [&] {
          std::vector<std::string> all =
              flags(absl::StrCat("redis://joe@", host));
          all.push_back(absl::StrCat("--target_password_file=", file));
          return all;
        }()}) {
    server_.Ask({"FLUSHALL"});
    ChildProcess child(kKevyMirror, good);
    AwaitPosition(&child, "7:1");
    child.Signal(SIGINT);
    EXPECT_THAT(child.ReadErrors(), Not(HasSubstr("cret")));
    EXPECT_EQ(child.Wait(), 0);
  }
  for (const std::string& bad : {absl::StrCat("redis://joe:wrong@", host),
                                 absl::StrCat("redis://", host)}) {
    const ChildResult result = RunMirror(flags(bad));
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr("refuses: "), HasSubstr(host),
                                  Not(HasSubstr("wrong@"))));
  }
}

// The right to a command is missing: the message names it.
TEST_F(KevyMirrorOverTcpTest, MissingPermissionIsNamed) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .FramesTo(1, CountingFrame)
                       .Frame(1, {"SADD", "s", "a"})
                       .Stall());
  server_.Ask({"ACL", "SETUSER", "joe", "on", ">p", "~*", "+@all", "-sadd"});
  std::vector<std::string> flags = Flags(primary);
  flags[1] = absl::StrCat("--target=redis://joe:p@127.0.0.1:", server_.port());
  const ChildResult result = RunMirror(flags);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("NOPERM"), HasSubstr("sadd"),
                                HasSubstr("offset 1")));
  EXPECT_EQ(Position(), "7:1");
}

TEST_F(KevyMirrorTest, ReconnectsToPrimary) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Generation(7).Frame(0, {"APPEND", "a", "0"}));
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Frame(1, {"APPEND", "a", "1"})
                      .Send("*2\r\n:2\r\n*3\r"));
  Listen(&primary,
         PrimaryScript().Generation(7).Frame(2, {"APPEND", "a", "2"}).Stall());
  RunTo("7:3", primary);
  EXPECT_THAT(ContentOf(&server_), ElementsAre(Pair("a", "string 012")));
}

// With protocol 1 only a heartbeat tells that the history has changed. A mirror
// that is killed then must not resume from the mixed data.
TEST_F(KevyMirrorTest, MixedHistoryResetsPosition) {
  const auto script = [] { return PrimaryScript().Speak(Protocol::kV1); };
  const auto adding = [](const char* prefix) {
    return [prefix](uint64_t offset) {
      return std::vector<std::string>{"SADD", "set",
                                      absl::StrCat(prefix, offset)};
    };
  };
  ScriptedPrimary primary;
  primary.Enqueue(
      script().FramesTo(3, adding("old")).Heartbeat(7, 3).WaitForAck(3));
  primary.Enqueue(script().FramesTo(4, adding("new")).Heartbeat(9, 4).Stall());
  primary.Enqueue(script().NoAnswer().Stall());
  Listen(&primary, script().FramesTo(5, adding("new")).Heartbeat(9, 5).Stall());
  ChildProcess child(kKevyMirror, Flags(primary));
  child.Await("its fourth handshake",
              [&] { return primary.connection(3).request.has_value(); });
  EXPECT_EQ(primary.connection(2).request->offset, 3u);
  EXPECT_EQ(primary.connection(3).request->offset, 0u);
  child.Signal(SIGKILL);
  EXPECT_EQ(child.Wait(), -SIGKILL);
  EXPECT_EQ(Position(), "loading 1");
  RunTo("9:5", primary);
  EXPECT_THAT(ContentOf(&server_),
              ElementsAre(Pair("set", "set new0 new1 new2 new3 new4")));
}

TEST_F(KevyMirrorTest, MetricsCountPassedOverCommands) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .Frame(0, {"SET", "a", "0"})
                       .Frame(1, {"NOSUCH"})
                       .Stall());
  RunTo("7:2", primary,
        {absl::StrCat("--prometheus=", Metrics()), "--on_reject=skip"});
  const std::string metrics = FileContents(Metrics());
  EXPECT_THAT(metrics, HasSubstr("\nkevy_mirror_passed_over_total{"
                                 "class=\"unable\",name=\"nosuch\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("kevy_replica_frames_total{shard=\"shard-0\"}"
                                 " 2\n"));
}

// Every kind of command in the recorded probes is equal, rewritten, passed over
// or counted as uncertain.
TEST_F(KevyMirrorTest, RecordedProbesAreCountedByKind) {
  struct Probe {
    const char* version;
    const char* position;
    std::vector<const char*> more;  // Besides those of all versions.
  };
  const std::vector<Probe> probes = {
      {"2.0.20", "0:26", {"uncertain\",name=\"spop\"} 1\n"}},
      {"3.18.0", "1:28", {"uncertain\",name=\"spop\"} 1\n"}},
      {"5.4.0", "2239661222018597:33", {}}};
  const bool has_hexpire =
      server_.Ask({"COMMAND", "INFO", "HEXPIRE"}).elements[0].type !=
      TargetReply::Type::kNull;
  for (const Probe& probe : probes) {
    SCOPED_TRACE(probe.version);
    server_.Ask({"FLUSHALL"});
    ScriptedPrimary primary;
    Listen(&primary,
           PrimaryScript::Capture(
               Capture(absl::StrCat(probe.version, "-what-is-propagated")))
               .Stall());
    RunTo(probe.position, primary,
          {"--on_reject=skip", absl::StrCat("--prometheus=", Metrics()),
           absl::StrCat("--primary_version=", probe.version)});
    const std::string metrics = FileContents(Metrics());
    std::vector<const char*> lines = {
        "data\",name=\"lpush\"} 1\n",     "data\",name=\"sadd\"} 1\n",
        "data\",name=\"set\"} 1\n",       "data\",name=\"xadd\"} 1\n",
        "ignored\",name=\"expire\"} 1\n", "ignored\",name=\"set\"} 1\n",
        "unable\",name=\"eval\"} 2\n",    "uncertain\",name=\"xadd\"} 1\n"};
    lines.insert(lines.end(), probe.more.begin(), probe.more.end());
    // kevy 2.0 does not know it, Redis since 7.4.
    if (absl::string_view(probe.version) != "2.0.20" && !has_hexpire) {
      lines.push_back("lost\",name=\"hexpire\"} 1\n");
    }
    for (const char* line : lines) EXPECT_THAT(metrics, HasSubstr(line));
    size_t count = 0;
    for (size_t at = 0; (at = metrics.find("{class=", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    EXPECT_EQ(count, lines.size());
    // BZPOPMIN and BRPOPLPUSH are applied without waiting.
    EXPECT_EQ(server_.Ask({"LRANGE", "l", "0", "-1"}).elements.size(), 1u);
    EXPECT_EQ(server_.Ask({"ZSCORE", "z", "a"}).type, TargetReply::Type::kNull);
  }
}

// ---- Data that the target holds before.

TEST_F(KevyMirrorTest, ReplacesForeignDataOnlyWithFlag) {
  ScriptedPrimary primary;
  Listen(&primary,
         PrimaryScript().Generation(7).Snapshot("KEVYSNAP\x04", 0).Stall());
  PayloadMaker maker(1);
  maker.AddString("new");
  ScriptedPrimary other;
  other.Enqueue(PrimaryScript()
                    .Generation(8)
                    .Snapshot(maker.Finish(), 5)
                    .Heartbeat(8, 5)
                    .Stall());
  Listen(&other,
         PrimaryScript().Generation(8).Frame(5, {"SET", "more", "1"}).Stall());
  server_.Ask({"SET", "a", "old"});
  ChildResult result = RunMirror(Flags(other));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("holds 1 keys that a mirror did not "
                                    "write, and stays unchanged: replace them "
                                    "with --replace"));
  EXPECT_THAT(ContentOf(&server_), ElementsAre(Pair("a", "string old")));
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 1);
  EXPECT_EQ(other.connections(), 0u);

  RunTo("8:5", other, {"--replace"});
  EXPECT_EQ(ContentOf(&server_), maker.content());
  // The data is the mirror's now.
  RunTo("8:6", other);
  Content more = maker.content();
  more["more"] = "string 1";
  EXPECT_EQ(ContentOf(&server_), more);
}

TEST_F(KevyMirrorTest, ForeignPositionKeyIsError) {
  ScriptedPrimary primary;
  Listen(&primary,
         PrimaryScript().Generation(7).Frame(0, {"SET", "a", "1"}).Stall());
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{
           {"SET", "kevy_mirror", "1"},
           {"HSET", "kevy_mirror", "a", "1"},
           {"HSET", "kevy_mirror", "kevy_mirror", "1", "shards", "3"},
           {"HSET", "kevy_mirror", "kevy_mirror", "2", "shards", "1"},
           {"HSET", "kevy_mirror", "kevy_mirror", "1", "shards", "1", "shard-0",
            "x"}}) {
    server_.Ask({"FLUSHALL"});
    server_.Ask(command);
    const TargetReply before = server_.Ask({"DUMP", "kevy_mirror"});
    const ChildResult result = RunMirror(Flags(primary));
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err,
                AllOf(HasSubstr("the target's key \"kevy_mirror\" "),
                      HasSubstr("choose another --position_key, or --replace "
                                "the target's data")));
    EXPECT_EQ(server_.Ask({"DUMP", "kevy_mirror"}).text, before.text);
    RunTo("7:1", primary, {"--replace"});
    EXPECT_THAT(ContentOf(&server_), ElementsAre(Pair("a", "string 1")));
  }
}

// ---- Broken snapshots.

std::string BeginningOfASnapshot(const std::string& payload) {
  std::string out;
  EXPECT_EQ(Append(SnapshotBegin(), &out), WireError::kNone);
  for (size_t i = 0; i < payload.size(); i += kMaxChunkBytes) {
    EXPECT_EQ(Append(SnapshotChunk{absl::string_view(payload).substr(
                         i, kMaxChunkBytes)},
                     &out),
              WireError::kNone);
  }
  return out;
}

TEST_F(KevyMirrorTest, KilledSnapshotStartsOver) {
  PayloadMaker half(1);
  for (int i = 0; i < 5000; ++i) half.AddString("half");
  PayloadMaker whole(2);
  whole.AddString("whole");
  whole.AddHash(5);
  ScriptedPrimary primary;
  // The second mirror is in mid-stream when its snapshot begins.
  for (const char* before : {"loading", "7:1"}) {
    PrimaryScript script;
    script.Generation(7);
    if (absl::string_view(before) != "loading") {
      script.Frame(0, {"SET", "before", "1"});
    }
    primary.Enqueue(script.Send(BeginningOfASnapshot(half.bytes())).Stall());
  }
  primary.SetDefault(PrimaryScript()
                         .Generation(8)
                         .Snapshot(whole.Finish(), 3)
                         .Heartbeat(8, 3)
                         .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  for (int i = 0; i < 2; ++i) {
    AwaitDisconnected();
    server_.Ask({"FLUSHALL"});
    {
      ChildProcess child(kKevyMirror, Flags(primary));
      child.Await("1000 keys are loaded",
                  [&] { return server_.Ask({"DBSIZE"}).integer > 1000; });
      EXPECT_THAT(Position(), StartsWith("loading"));
      child.Signal(SIGKILL);
      EXPECT_EQ(child.Wait(), -SIGKILL);
    }
    EXPECT_EQ(server_.Ask({"EXISTS", "before"}).integer, 0);
  }
  RunTo("8:3", primary);
  EXPECT_EQ(ContentOf(&server_), whole.content());
  // The mirror asked for a fresh start, with another made-up generation.
  EXPECT_EQ(primary.connection(2).request->offset, 0u);
  EXPECT_NE(primary.connection(2).request->generation,
            primary.connection(1).request->generation);
}

TEST_F(KevyMirrorTest, BrokenSnapshotLinkStartsOver) {
  PayloadMaker half(1);
  for (int i = 0; i < 5000; ++i) half.AddString("half");
  PayloadMaker whole(2);
  whole.AddString("whole");
  ScriptedPrimary primary;
  primary.Enqueue(
      PrimaryScript().Generation(7).Send(BeginningOfASnapshot(half.bytes())));
  Listen(&primary, PrimaryScript()
                       .Generation(8)
                       .Snapshot(whole.Finish(), 3)
                       .Heartbeat(8, 3)
                       .Stall());
  RunTo("8:3", primary);
  EXPECT_EQ(ContentOf(&server_), whole.content());
}

TEST_F(KevyMirrorTest, UnreadableSnapshotStopsMirror) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript().Generation(7).Snapshot("KEVYSNAP\x09", 3));
  const ChildResult result = RunMirror(Flags(primary));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot read the snapshot's payload: "));
  // Not even a record was written.
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 0);
}

// ---- Commands that the target rejects.

struct Rejected {
  const char* name;
  std::vector<std::string> argv;
  const char* reason;
  bool is_data;
  bool run = false;  // Rejected by EXEC, which also stores the position.
};

class KevyMirrorRejectTest : public KevyMirrorTest,
                             public ::testing::WithParamInterface<Rejected> {
 protected:
  // Ten frames: the rejected command at `place`, else APPEND.
  static PrimaryScript Script(const Rejected& rejected, uint64_t place) {
    return PrimaryScript()
        .Generation(7)
        .FramesTo(10,
                  [rejected, place](uint64_t offset) {
                    return offset == place
                               ? rejected.argv
                               : std::vector<std::string>{"APPEND", "a",
                                                          absl::StrCat(offset)};
                  })
        .Heartbeat(7, 10)
        .Stall();
  }
};

INSTANTIATE_TEST_SUITE_P(
    All, KevyMirrorRejectTest,
    ::testing::Values(
        Rejected{"Unknown", {"NOSUCH", "x"}, "does not know", false},
        Rejected{"Arity", {"SET", "x"}, "wrong number of", true},
        Rejected{"Form",
                 {"XADD", "s", "NOMKSTREAM", "6-1", "f"},
                 "wrong number of",
                 true,
                 true},
        Rejected{"Type", {"LPUSH", "a", "x"}, "WRONGTYPE", true, true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(KevyMirrorRejectTest, StopsOrPassesOver) {
  const Rejected& rejected = GetParam();
  for (const uint64_t place : {uint64_t{0}, uint64_t{3}}) {
    // The first frame cannot have a wrong type: the key does not exist yet.
    if (place == 0 && rejected.run) continue;
    SCOPED_TRACE(place);
    server_.Ask({"FLUSHALL"});
    ScriptedPrimary primary;
    Listen(&primary, Script(rejected, place));
    const std::vector<std::string> stop = Flags(
        primary, {rejected.is_data ? "--on_reject=stop" : "--on_reject=pass"});
    // A second start stops as well.
    for (int i = 0; i < 2; ++i) {
      const ChildResult result = RunMirror(stop);
      EXPECT_EQ(result.status, 1);
      EXPECT_THAT(result.err, AllOf(HasSubstr(absl::StrCat("offset ", place)),
                                    HasSubstr(rejected.argv[0]),
                                    HasSubstr(rejected.reason)));
      if (!rejected.run) {
        EXPECT_EQ(server_.Ask({"GET", "a"}).text,
                  absl::string_view("012").substr(0, place));
      }
    }
    const std::string errors =
        RunTo("7:10", primary,
              {"--on_reject=skip", absl::StrCat("--prometheus=", Metrics())});
    EXPECT_EQ(server_.Ask({"GET", "a"}).text,
              place == 0 ? "123456789" : "012456789");
    if (!rejected.run) {
      EXPECT_THAT(errors, AllOf(HasSubstr(absl::StrCat("offset ", place, ",")),
                                HasSubstr(rejected.reason)));
      EXPECT_THAT(FileContents(Metrics()),
                  HasSubstr(absl::StrCat(
                      "\nkevy_mirror_passed_over_total{class=\"",
                      rejected.is_data ? "data" : "unable", "\",name=\"")));
    }
    // The mirror runs again, without the flag.
    RunTo("7:10", primary);
  }
}

TEST_P(KevyMirrorRejectTest, DefaultPassesOverDataAlone) {
  const Rejected& rejected = GetParam();
  ScriptedPrimary primary;
  Listen(&primary, Script(rejected, 3));
  if (!rejected.is_data) {
    EXPECT_EQ(RunMirror(Flags(primary)).status, 1);
    EXPECT_EQ(Position(), "7:3");
    return;
  }
  const std::string errors = RunTo("7:10", primary);
  EXPECT_EQ(server_.Ask({"GET", "a"}).text, "012456789");
  EXPECT_THAT(errors,
              AllOf(HasSubstr(rejected.reason), HasSubstr(": passed over\n")));
}

TEST_P(KevyMirrorRejectTest, ReplaceStartsOverAfterRejection) {
  const Rejected& rejected = GetParam();
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Frame(0, {"SET", "a", "x"})
                      .Frame(1, rejected.argv)
                      .Stall());
  PayloadMaker maker(1);
  maker.AddString("new");
  Listen(&primary, PrimaryScript()
                       .Generation(8)
                       .Snapshot(maker.Finish(), 9)
                       .Heartbeat(8, 9)
                       .Stall());
  EXPECT_EQ(RunMirror(Flags(primary, {"--on_reject=stop"})).status, 1);
  RunTo("8:9", primary, {"--replace"});
  EXPECT_EQ(ContentOf(&server_), maker.content());
}

TEST_F(KevyMirrorTest, PassesOverManyRejectedCommandsOverOneLink) {
  ScriptedPrimary primary;
  Listen(&primary,
         PrimaryScript()
             .Generation(7)
             .FramesTo(100,
                       [](uint64_t offset) -> std::vector<std::string> {
                         switch (offset % 5) {
                           case 0:
                             return {"NOSUCH"};
                           case 1:
                             return {"XADD", "n", "NOMKSTREAM", "6-1", "f"};
                           case 2:
                             return {"LPUSH", "n", "x"};
                           default:
                             return {"INCR", "n"};
                         }
                       })
             .Heartbeat(7, 100)
             .Stall());
  const absl::Time begin = absl::Now();
  const std::string errors =
      RunTo("7:100", primary,
            {"--on_reject=skip", absl::StrCat("--prometheus=", Metrics())});
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  // The first LPUSH creates a list, so the target rejects every INCR.
  EXPECT_EQ(server_.Ask({"LLEN", "n"}).integer, 20);
  const std::string metrics = FileContents(Metrics());
  for (const char* line : {"{class=\"unable\",name=\"nosuch\"} 20\n",
                           "{class=\"data\",name=\"xadd\"} 20\n",
                           "{class=\"data\",name=\"incr\"} 40\n"}) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
  EXPECT_THAT(metrics, HasSubstr("\nkevy_mirror_target_connects_total 1\n"));
  EXPECT_EQ(primary.connections(), 1u);
  // A line for each kind, the counts at most once a second and at the end.
  EXPECT_THAT(errors, AllOf(HasSubstr("passed over: "),
                            HasSubstr("39 data incr (WRONGTYPE)")));
  size_t firsts = 0;
  double counts = 0;
  for (const absl::string_view line : absl::StrSplit(errors, '\n')) {
    if (absl::EndsWith(line, ": passed over")) ++firsts;
    if (absl::StrContains(line, "passed over: ")) ++counts;
  }
  EXPECT_EQ(firsts, 3u);
  EXPECT_LE(counts, seconds + 2);
}

// ---- A target in trouble.

TEST_F(KevyMirrorTest, BusyTargetIsWaitedFor) {
  ScriptedPrimary primary;
  std::atomic<bool> busy{false};
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .FramesTo(1, CountingFrame)
                       .FramesTo(2,
                                 [&busy](uint64_t offset) {
                                   while (!busy) {
                                     absl::SleepFor(absl::Milliseconds(1));
                                   }
                                   return CountingFrame(offset);
                                 })
                       .Stall());
  const absl::Cleanup let_go = [&busy] { busy = true; };
  server_.Ask({"CONFIG", "SET", "busy-reply-threshold", "1"});
  ChildProcess child(
      kKevyMirror, Flags(primary, {absl::StrCat("--prometheus=", Metrics())}));
  AwaitPosition(&child, "7:1");
  const absl::StatusOr<std::unique_ptr<RedisLink>> script = RedisLink::Connect(
      *ParseTargetAddress(server_.target()), std::make_shared<Interrupter>());
  ASSERT_TRUE(script.ok()) << script.status();
  (*script)->Add({"EVAL", "while true do end", "0"});
  ASSERT_TRUE((*script)->Send().ok());
  child.Await("a script keeps the server busy", [&] {
    return absl::StartsWith(server_.Ask({"GET", "n"}).text, "BUSY ");
  });
  busy = true;
  child.Await("the mirror connects again", [&] {
    const std::string metrics = FileContents(Metrics());
    return absl::StrContains(metrics, "target_connects_total ") &&
           !absl::StrContains(metrics, "target_connects_total 1\n");
  });
  server_.Ask({"SCRIPT", "KILL"});
  AwaitPosition(&child, "7:2");
  child.Signal(SIGINT);
  EXPECT_THAT(child.ReadErrors(), HasSubstr("the target is in trouble: BUSY "));
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(primary.connections(), 1u);
}

TEST_F(KevyMirrorTest, PrimaryKeyAtPositionKeyIsError) {
  for (const std::vector<std::string>& argv :
       std::vector<std::vector<std::string>>{
           {"SET", "kevy_mirror", "x"},
           {"HSET", "kevy_mirror", "shard-0", "x"},
           {"DEL", "kevy_mirror"},
           {"DEL", "a", "kevy_mirror"}}) {
    SCOPED_TRACE(absl::StrJoin(argv, " "));
    server_.Ask({"FLUSHALL"});
    ScriptedPrimary primary;
    Listen(&primary, PrimaryScript()
                         .Generation(7)
                         .Frame(0, {"SET", "a", "1"})
                         .Frame(1, argv)
                         .Stall());
    const ChildResult result = RunMirror(Flags(primary));
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("--position_key"));
    EXPECT_EQ(RunMirror(Flags(primary)).status, 1);
  }

  server_.Ask({"FLUSHALL"});
  PayloadEncoder encoder;
  std::string payload;
  for (const PayloadEvent& event :
       {PayloadEvent(PayloadHeader{6, 0, 0}),
        PayloadEvent(RecordBegin{RecordType::kHash, "kevy_mirror", {}, 1}),
        PayloadEvent(HashField{"shard-0", "7:9"}), PayloadEvent(RecordEnd()),
        PayloadEvent(PayloadEnd())}) {
    ASSERT_EQ(encoder.Append(event, &payload), WireError::kNone);
  }
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript().Generation(7).Snapshot(payload, 9).Stall());
  const ChildResult result = RunMirror(Flags(primary));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("--position_key"));
  EXPECT_THAT(Position(), StartsWith("loading"));
}

// ---- Killed at any moment.

Content CountedContent(uint64_t end) {
  uint64_t counter = 0;
  std::string text;
  std::map<std::string, std::string> hash;
  std::map<std::string, int> counts;
  for (uint64_t offset = 0; offset < end; ++offset) {
    if (offset % 3 == 0) ++counter;
    if (offset % 3 == 1) absl::StrAppend(&text, offset, ",");
    if (offset % 3 == 2) ++counts[absl::StrCat("f", offset % 7)];
  }
  for (const auto& [field, count] : counts) hash[field] = absl::StrCat(count);
  return {{"counter", absl::StrCat("string ", counter)},
          {"text", absl::StrCat("string ", text)},
          {"hash", absl::StrCat("hash ", PairsText(hash))}};
}

TEST_F(KevyMirrorKilledTest, FiftyKillsApplyEachWriteOnce) {
  std::mt19937 random(20261125);
  ScriptedPrimary primary;
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  uint64_t end = 0;
  for (int kills = 0; kills < 50; ++kills) {
    end += random() % 300;
    primary.SetDefault(PrimaryScript()
                           .Generation(7)
                           .FramesTo(end, CountingFrame)
                           .FramesTo(end + 3000, CountingFrame)
                           .Stall());
    ChildProcess child(
        kKevyMirror,
        Flags(primary, {absl::StrCat("--batch=", 1 + random() % 50)}));
    // Kill it within the next 3000 frames.
    AwaitOffset(&child, end);
    absl::SleepFor(absl::Microseconds(random() % 3000));
    // Kill the server, too, sometimes first.
    const bool server = kills % 5 == 0;
    if (server && kills % 2 == 0) server_.Kill();
    child.Signal(SIGKILL);
    EXPECT_EQ(child.Wait(), -SIGKILL);
    if (server) {
      server_.Kill();
      server_.Start();
    }
    uint64_t next_offset = 0;
    ASSERT_TRUE(absl::SimpleAtoi(Position().substr(2), &next_offset));
    end = std::max(end, next_offset);
  }
  primary.SetDefault(
      PrimaryScript().Generation(7).FramesTo(end + 100, CountingFrame).Stall());
  RunTo(absl::StrCat("7:", end + 100), primary);
  EXPECT_EQ(ContentOf(&server_), CountedContent(end + 100));
  RecordProperty("frames", static_cast<int>(end + 100));
}

TEST_F(KevyMirrorTest, KilledMirrorTellsAtNextStart) {
  ScriptedPrimary primary;
  Listen(&primary,
         PrimaryScript().Generation(7).FramesTo(10, CountingFrame).Stall());
  constexpr char kTold[] = "without the replies to its last commands";
  EXPECT_THAT(RunTo("7:10", primary), Not(HasSubstr(kTold)));
  EXPECT_THAT(RunTo("7:10", primary), Not(HasSubstr(kTold)));
  primary.SetDefault(
      PrimaryScript().Generation(7).FramesTo(20, CountingFrame).Stall());
  ChildProcess child(kKevyMirror, Flags(primary));
  AwaitPosition(&child, "7:20");
  child.Signal(SIGKILL);
  EXPECT_EQ(child.Wait(), -SIGKILL);
  EXPECT_THAT(RunTo("7:20", primary), HasSubstr(kTold));
  EXPECT_THAT(RunTo("7:20", primary), Not(HasSubstr(kTold)));
  EXPECT_EQ(ContentOf(&server_), CountedContent(20));
}

TEST_F(KevyMirrorKilledTest, ServerKillsApplyEachWriteOnce) {
  constexpr uint64_t kKills = 8;
  // Frames before each restart: enough that some are left to notice it.
  constexpr uint64_t kBetween = 3000;
  constexpr uint64_t kFrames = (kKills + 1) * kBetween;
  std::mt19937 random(1);
  std::atomic<uint64_t> restarts{0};
  PrimaryScript script;
  script.Generation(7);
  for (uint64_t end = kBetween; end <= kFrames; end += kBetween) {
    script.FramesTo(end, [&restarts](uint64_t offset) {
      while (restarts < offset / kBetween) {
        absl::SleepFor(absl::Microseconds(200));
      }
      return CountingFrame(offset);
    });
  }
  ScriptedPrimary primary;
  const absl::Cleanup let_go = [&restarts] { restarts = kKills; };
  Listen(&primary, script.Stall());
  ChildProcess child(kKevyMirror, Flags(primary, {"--batch=10"}));
  while (restarts < kKills) {
    const uint64_t least = restarts * kBetween + 1 + random() % 1000;
    AwaitOffset(&child, least);
    absl::SleepFor(absl::Microseconds(random() % 20000));
    server_.Kill();
    server_.Start();
    ++restarts;
  }
  AwaitPosition(&child, absl::StrCat("7:", kFrames));
  child.Signal(SIGINT);
  EXPECT_THAT(child.ReadErrors(), HasSubstr("; trying again"));
  EXPECT_EQ(primary.connections(), 1u);
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(ContentOf(&server_), CountedContent(kFrames));
}

// The server may not have read the older mirror's commands yet.
TEST_F(KevyMirrorTest, OlderMirrorIsDisconnected) {
  ScriptedPrimary primary;
  Listen(&primary,
         PrimaryScript().Generation(7).FramesTo(1, CountingFrame).Stall());
  ChildProcess child(kKevyMirror, Flags(primary));
  AwaitPosition(&child, "7:1");
  child.Signal(SIGSTOP);
  RunTo("7:1", primary);
  AwaitDisconnected();
}

TEST_F(KevyMirrorTest, EmptyRestartedServerIsLoadedAgain) {
  PayloadMaker maker(1);
  maker.AddHash(10);
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .Snapshot(maker.Finish(), 4)
                       .Heartbeat(7, 4)
                       .Stall());
  ChildProcess child(kKevyMirror, Flags(primary));
  AwaitPosition(&child, "7:4");
  server_.Kill();
  server_.Start();
  // The primary is silent, so the mirror notices the kill when it closes.
  primary.Stop();
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  ScriptedPrimary again;
  PayloadMaker whole(1);
  whole.AddHash(10);
  Listen(&again, PrimaryScript()
                     .Generation(7)
                     .Snapshot(whole.Finish(), 4)
                     .Heartbeat(7, 4)
                     .Stall());
  RunTo("7:4", again);
  EXPECT_EQ(ContentOf(&server_), maker.content());
}

// A running mirror notices that its target has come back empty.
TEST_F(KevyMirrorOverTcpTest, LostTargetStopsOrReloads) {
  for (const bool reload : {false, true}) {
    server_.Ask({"FLUSHALL"});
    // The target holds a position before the mirror has read of it. The mirror
    // acknowledges it afterwards.
    std::atomic<bool> known{false};
    std::atomic<bool> restarted{false};
    ScriptedPrimary primary;
    primary.Enqueue(PrimaryScript()
                        .Generation(7)
                        .FramesTo(5, CountingFrame)
                        .WaitForAck(5)
                        .FramesTo(6,
                                  [&known, &restarted](uint64_t offset) {
                                    known = true;
                                    while (!restarted) {
                                      absl::SleepFor(absl::Milliseconds(1));
                                    }
                                    return CountingFrame(offset);
                                  })
                        .Stall());
    const absl::Cleanup let_go = [&restarted] { restarted = true; };
    PayloadMaker last(2);
    last.AddHash(10);
    Listen(&primary, PrimaryScript()
                         .Generation(8)
                         .Snapshot(last.Finish(), 9)
                         .Heartbeat(8, 9)
                         .Stall());
    ChildProcess child(
        kKevyMirror,
        Flags(primary,
              {absl::StrCat("--on_lost_target=", reload ? "reload" : "stop")}));
    child.Await("the mirror knows position 7:5", [&] { return known.load(); });
    server_.Kill();
    server_.Start();
    restarted = true;
    if (reload) {
      AwaitPosition(&child, "8:9");
      child.Signal(SIGINT);
    }
    const std::string errors = child.ReadErrors();
    EXPECT_EQ(child.Wait(), reload ? 0 : 1) << errors;
    EXPECT_THAT(errors, HasSubstr("the target has lost the mirror's record, "
                                  "which held shard-0 at 7:5: "));
    EXPECT_EQ(ContentOf(&server_), reload ? last.content() : Content());
    EXPECT_EQ(primary.connections(), reload ? 2u : 1u);
  }
}

// A server that restarts from an older file has an older record, as a replica
// that lagged has after a failover.
TEST_F(KevyMirrorOverTcpTest, TargetThatWentBackIsResumed) {
  std::atomic<int> go{0};
  std::atomic<bool> known{false};
  const auto frame = [&go, &known](uint64_t offset) {
    if (offset == 20) known = true;
    while (static_cast<int>(offset / 10) > go) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    return CountingFrame(offset);
  };
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .FramesTo(10, frame)
                       .FramesTo(20, frame)
                       .WaitForAck(20)
                       .FramesTo(30, frame)
                       .Stall());
  const absl::Cleanup let_go = [&go] { go = 9; };
  ChildProcess child(kKevyMirror, Flags(primary));
  AwaitPosition(&child, "7:10");
  EXPECT_EQ(server_.Ask({"SAVE"}).text, "OK");
  go = 1;
  child.Await("the mirror knows position 7:20", [&] { return known.load(); });
  server_.Kill();
  server_.Start();
  EXPECT_EQ(Position(), "7:10");
  go = 2;
  AwaitPosition(&child, "7:30");
  child.Signal(SIGINT);
  EXPECT_THAT(child.ReadErrors(),
              HasSubstr("the target has gone back, as after a failover to a "
                        "replica that lagged: shard-0 has \"7:10\""));
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(ContentOf(&server_), CountedContent(30));
  EXPECT_EQ(primary.connections(), 2u);
  EXPECT_EQ(primary.connection(1).request->offset, 10u);
}

// A target that becomes a replica is waited for, whether it serves reads or
// not.
TEST_F(KevyMirrorOverTcpTest, ReplicaAsTargetIsWaitedFor) {
  int phase = 0;
  for (const char* serve : {"yes", "no"}) {
    server_.Ask({"FLUSHALL"});
    std::atomic<bool> replica{false};
    ScriptedPrimary primary;
    Listen(&primary, PrimaryScript()
                         .Generation(7)
                         .FramesTo(10, CountingFrame)
                         .FramesTo(30,
                                   [&replica](uint64_t offset) {
                                     while (!replica) {
                                       absl::SleepFor(absl::Milliseconds(1));
                                     }
                                     return CountingFrame(offset);
                                   })
                         .Stall());
    const absl::Cleanup let_go = [&replica] { replica = true; };
    const std::string metrics =
        folder_.File(absl::StrCat("metrics", ++phase).c_str());
    ChildProcess child(
        kKevyMirror, Flags(primary, {absl::StrCat("--prometheus=", metrics)}));
    AwaitPosition(&child, "7:10");
    server_.Ask({"CONFIG", "SET", "replica-serve-stale-data", serve});
    server_.Ask({"REPLICAOF", "127.0.0.1", "1"});
    replica = true;
    child.Await("the mirror connects again", [&] {
      const std::string text = FileContents(metrics);
      return absl::StrContains(text, "target_connects_total ") &&
             !absl::StrContains(text, "target_connects_total 1\n");
    });
    server_.Ask({"REPLICAOF", "NO", "ONE"});
    AwaitPosition(&child, "7:30");
    child.Signal(SIGINT);
    EXPECT_THAT(
        child.ReadErrors(),
        HasSubstr(absl::StrCat("the target is in trouble: ",
                               serve[0] == 'y' ? "READONLY " : "MASTERDOWN ")));
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_EQ(ContentOf(&server_), CountedContent(30));
    EXPECT_EQ(primary.connections(), 1u);
  }
}

// ---- Reloads into a spare database.

const std::vector<std::string> kSwap = {"--reload=swap", "--swap_database=2"};

// A history without a snapshot, then a snapshot in mid-stream.
TEST_F(KevyMirrorTest, ReadersSeeNoHoleDuringSwap) {
  constexpr int kOld = 2000;
  PayloadMaker maker(1);
  for (int i = 0; i < 3000; ++i) maker.AddString("new");
  const auto frame = [](uint64_t offset) {
    return std::vector<std::string>{"SET", absl::StrCat("k", offset), "old"};
  };
  std::atomic<bool> reading{false};
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .FramesTo(kOld, frame)
                       .Heartbeat(7, kOld)
                       .FramesTo(kOld + 1,
                                 [&reading, frame](uint64_t offset) {
                                   while (!reading) {
                                     absl::SleepFor(absl::Milliseconds(1));
                                   }
                                   return frame(offset);
                                 })
                       .Snapshot(maker.Finish(), 0)
                       .Heartbeat(8, 0)
                       .Stall());
  const absl::Cleanup let_go = [&reading] { reading = true; };
  ChildProcess child(kKevyMirror, Flags(primary, kSwap));
  AwaitPosition(&child, absl::StrCat("7:", kOld));
  std::map<int64_t, int> sizes;
  child.Await("the snapshot is loaded", [&] {
    ++sizes[server_.Ask({"DBSIZE"}).integer];
    reading = true;
    return Position() == "8:0";
  });
  ++sizes[server_.Ask({"DBSIZE"}).integer];
  child.Signal(SIGINT);
  EXPECT_THAT(child.ReadErrors(),
              AllOf(HasSubstr("loading into database 2; database 0 keeps its "
                              "data until all is loaded"),
                    HasSubstr("shard-0: its history comes without a snapshot"),
                    HasSubstr("databases 0 and 2 are swapped")));
  EXPECT_EQ(child.Wait(), 0);
  // With the mirror's record.
  for (const auto& [size, count] : sizes) {
    EXPECT_THAT(size, AnyOf(kOld + 1, kOld + 2, 3001)) << count;
  }
  EXPECT_EQ(sizes.count(3001), 1u);
  EXPECT_EQ(ContentOf(&server_), maker.content());
  EXPECT_THAT(server_.Ask({"INFO", "keyspace"}).text, Not(HasSubstr("db2:")));
}

// Its connection has selected the spare database.
TEST_F(KevyMirrorTest, OlderMirrorThatReloadsIsDisconnected) {
  PayloadMaker half(1);
  for (int i = 0; i < 5000; ++i) half.AddString("half");
  PayloadMaker whole(2);
  whole.AddString("whole");
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Send(BeginningOfASnapshot(half.bytes()))
                      .Stall());
  Listen(&primary, PrimaryScript()
                       .Generation(8)
                       .Snapshot(whole.Finish(), 3)
                       .Heartbeat(8, 3)
                       .Stall());
  ChildProcess child(kKevyMirror, Flags(primary, kSwap));
  child.Await("it loads", [&] {
    return absl::StrContains(server_.Ask({"INFO", "keyspace"}).text, "db2:");
  });
  child.Signal(SIGSTOP);
  RunTo("8:3", primary, kSwap);
  AwaitDisconnected();
  EXPECT_EQ(ContentOf(&server_), whole.content());
  EXPECT_THAT(server_.Ask({"INFO", "keyspace"}).text, Not(HasSubstr("db2:")));
}

TEST_F(KevyMirrorKilledTest, KillsDuringSwapLeaveWholeHistories) {
  std::mt19937 random(7);
  std::map<std::string, Content> contents;
  contents[""] = Content();
  ScriptedPrimary primary;
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  std::string position;
  for (uint32_t generation = 1; generation <= 12; ++generation) {
    PayloadMaker maker(generation);
    for (int i = 0; i < 1000; ++i) maker.AddSet(3);
    position = absl::StrCat(generation, ":5");
    primary.SetDefault(PrimaryScript()
                           .Generation(generation)
                           .Snapshot(maker.Finish(), 5)
                           .Heartbeat(generation, 5)
                           .Stall());
    contents[position] = maker.content();
    const size_t connections = primary.connections();
    ChildProcess child(kKevyMirror, Flags(primary, kSwap));
    child.Await("it connects to the primary",
                [&] { return primary.connections() > connections; });
    absl::SleepFor(absl::Microseconds(random() % 60000));
    child.Signal(SIGKILL);
    EXPECT_EQ(child.Wait(), -SIGKILL);
    AwaitDisconnected();
    const auto found = contents.find(Position());
    ASSERT_NE(found, contents.end()) << Position();
    EXPECT_EQ(ContentOf(&server_), found->second) << Position();
  }
  const size_t connections = primary.connections();
  ChildProcess last(kKevyMirror, Flags(primary, kSwap));
  // Both may hold before this mirror starts.
  last.Await("the position, and an empty spare database", [&] {
    return primary.connections() > connections && Position() == position &&
           !absl::StrContains(server_.Ask({"INFO", "keyspace"}).text, "db2:");
  });
  last.Signal(SIGINT);
  EXPECT_EQ(last.Wait(), 0);
  EXPECT_EQ(ContentOf(&server_), contents[position]);
}

TEST_F(KevyMirrorTest, ExplainTellsReloadAndLostTarget) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript().Generation(7).Stall());
  EXPECT_THAT(RunMirror(Flags(primary, {"--explain"})).out,
              AllOf(HasSubstr("reload: in place: readers see a part"),
                    HasSubstr("comes back without the record: would stop\n")));
  std::vector<std::string> flags =
      Flags(primary, {"--explain", "--on_lost_target=reload"});
  flags.insert(flags.end(), kSwap.begin(), kSwap.end());
  EXPECT_THAT(
      RunMirror(flags).out,
      AllOf(HasSubstr("reload: into database 2, then SWAPDB: the target needs "
                      "memory for both copies\n"),
            HasSubstr("target: database 2 is empty\n"),
            HasSubstr("without the record: would load everything\n")));
  server_.Ask({"SELECT", "2"});
  server_.Ask({"HSET", "kevy_mirror", "spare_of", "0"});
  EXPECT_THAT(
      RunMirror(flags).out,
      HasSubstr("database 2 holds an unfinished copy: would delete it"));
  server_.Ask({"HSET", "kevy_mirror", "spare_of", "1"});
  EXPECT_THAT(RunMirror(flags).out,
              HasSubstr("would refuse: the target's database 2 holds keys that "
                        "this mirror did not write"));
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 1);
  flags.back() = "--swap_database=99";
  EXPECT_THAT(RunMirror(flags).out,
              HasSubstr("would refuse: the target answers SELECT with: ERR DB "
                        "index is out of range"));
}

TEST_F(KevyMirrorTest, ExplainTellsEarlierStop) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript().Generation(7).Stall());
  const auto explain = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags = more;
    flags.push_back("--explain");
    return RunMirror(Flags(primary, flags)).out;
  };
  server_.Ask({"HSET", "kevy_mirror", "kevy_mirror", "1", "shards", "1",
               "shard-0", "7:1", "rejected", "offset 0"});
  const auto stopped = HasSubstr("stopped before: \"offset 0\"\n");
  const auto resumes = HasSubstr("would resume at these positions\n");
  EXPECT_THAT(
      explain({}),
      AllOf(stopped,
            HasSubstr("would refuse: give --on_reject=skip or --replace\n"),
            Not(resumes)));
  EXPECT_THAT(
      explain({"--replace"}),
      AllOf(stopped, HasSubstr("would replace all keys\n"), Not(resumes)));
  EXPECT_THAT(explain({"--on_reject=skip"}), AllOf(stopped, resumes));
}

// ---- Deadlines that have passed.

std::string SnapshotOfDeadKey() {
  PayloadEncoder encoder;
  std::string payload;
  for (const PayloadEvent& event :
       {PayloadEvent(PayloadHeader{6, 0, 0}),
        PayloadEvent(RecordBegin{RecordType::kString, "s", 1000, 0}),
        PayloadEvent(StringValue{"x"}), PayloadEvent(RecordEnd()),
        PayloadEvent(PayloadEnd())}) {
    EXPECT_EQ(encoder.Append(event, &payload), WireError::kNone);
  }
  return payload;
}

// The primary made the frames from a heartbeat's offset on after the deadline.
TEST_F(KevyMirrorTest, HeartbeatDividesWritesAroundPassedDeadline) {
  ScriptedPrimary primary;
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .Snapshot(SnapshotOfDeadKey(), 0)
                       .Frame(0, {"SET", "c", "5"})
                       .Frame(1, {"PEXPIREAT", "c", "1000"})
                       .Frame(2, {"SET", "replaced", "5"})
                       .Frame(3, {"EXPIREAT", "replaced", "1"})
                       .Frame(4, {"SET", "kept", "5"})
                       .Frame(5, {"EXPIREAT", "kept", "1"})
                       .Heartbeat(7, 9)
                       .Frame(6, {"SET", "replaced", "1"})
                       .Frame(7, {"PERSIST", "kept"})
                       .Frame(8, {"APPEND", "s", "y"})
                       .Frame(9, {"INCR", "c"})
                       .Frame(10, {"APPEND", "s", "z"})
                       .Heartbeat(7, 11)
                       .Stall());
  RunTo("7:11", primary);
  EXPECT_THAT(ContentOf(&server_),
              UnorderedElementsAre(Pair("c", "string 1"), Pair("s", "string z"),
                                   Pair("replaced", "string 1"),
                                   Pair("kept", "string 5")));
}

// A mirror that is killed before a heartbeat leaves the deadline in the target.
TEST_F(KevyMirrorKilledTest, KillLosesNoHeldDeadline) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Snapshot(SnapshotOfDeadKey(), 0)
                      .Frame(0, {"RPUSH", "l", "a"})
                      .Frame(1, {"PEXPIREAT", "l", "1000"})
                      .Stall());
  Listen(&primary, PrimaryScript()
                       .Generation(7)
                       .Frame(2, {"RPUSH", "l", "b"})
                       .Frame(3, {"APPEND", "s", "y"})
                       .Heartbeat(7, 4)
                       .Stall());
  const int64_t begin = absl::ToUnixMillis(absl::Now());
  {
    ChildProcess child(kKevyMirror, Flags(primary));
    AwaitPosition(&child, "7:2");
    child.Signal(SIGKILL);
    EXPECT_EQ(child.Wait(), -SIGKILL);
  }
  RunTo("7:4", primary);
  EXPECT_EQ(server_.Ask({"GET", "s"}).text, "xy");
  EXPECT_EQ(server_.Ask({"LLEN", "l"}).integer, 2);
  for (const char* key : {"l", "s"}) {
    const int64_t deadline = server_.Ask({"PEXPIRETIME", key}).integer;
    EXPECT_GT(deadline, begin);
    EXPECT_LE(deadline, absl::ToUnixMillis(absl::Now()) +
                            int64_t{PassedDeadlines::kGraceMs});
  }
}

// ---- Shards.

// Primaries on consecutive ports.
std::vector<std::unique_ptr<ScriptedPrimary>> PrimariesInARow(int count) {
  constexpr int kMaxTries = 1000;
  for (int i = 0; i < kMaxTries; ++i) {
    std::vector<std::string> addresses;
    for (const std::unique_ptr<Listener>& listener : ListenInARow(count)) {
      addresses.push_back(listener->address());
    }
    // The listeners are closed now. Another process may take a port.
    std::vector<std::unique_ptr<ScriptedPrimary>> primaries;
    for (const std::string& address : addresses) {
      auto primary = std::make_unique<ScriptedPrimary>();
      if (!primary->Listen(address).ok()) break;
      primaries.push_back(std::move(primary));
    }
    if (primaries.size() == addresses.size()) return primaries;
  }
  ADD_FAILURE() << "cannot find " << count << " free ports in a row";
  std::abort();
}

TEST_F(KevyMirrorKilledTest, KillsOfShardedMirrorApplyEachWriteOnce) {
  constexpr int kShards = 3;
  std::mt19937 random(1);
  const std::vector<std::unique_ptr<ScriptedPrimary>> primaries =
      PrimariesInARow(kShards);
  std::vector<uint64_t> ends(kShards, 0);
  const auto script = [&](int shard, uint64_t end) {
    return PrimaryScript().Generation(7).FramesTo(
        end, [shard](uint64_t offset) {
          return std::vector<std::string>{"APPEND", absl::StrCat("text", shard),
                                          absl::StrCat(offset, ",")};
        });
  };
  const std::vector<std::string> flags =
      Flags(*primaries[0], {"--shards=3", "--batch=20"});
  for (int kills = 0; kills < 10; ++kills) {
    for (int i = 0; i < kShards; ++i) {
      ends[i] += random() % 1000;
      primaries[i]->SetDefault(script(i, ends[i]).Stall());
    }
    ChildProcess child(kKevyMirror, flags);
    const int shard = static_cast<int>(random() % kShards);
    AwaitPosition(&child,
                  absl::StrCat(ends[shard] == 0 ? "0:" : "7:", ends[shard]),
                  shard);
    child.Signal(SIGKILL);
    EXPECT_EQ(child.Wait(), -SIGKILL);
  }
  const size_t connections = primaries[0]->connections();
  ChildProcess child(kKevyMirror, flags);
  child.Await("it connects to the first shard",
              [&] { return primaries[0]->connections() > connections; });
  Content expected;
  for (int i = 0; i < kShards; ++i) {
    AwaitPosition(&child, absl::StrCat("7:", ends[i]), i);
    std::string& text = expected[absl::StrCat("text", i)];
    text = "string ";
    for (uint64_t k = 0; k < ends[i]; ++k) absl::StrAppend(&text, k, ",");
  }
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(ContentOf(&server_), expected);
}

// With protocol 1 a shard without writes sends heartbeats alone.
TEST_F(KevyMirrorTest, EmptyShardCausesNoReload) {
  const std::vector<std::unique_ptr<ScriptedPrimary>> primaries =
      PrimariesInARow(2);
  const auto script = [] { return PrimaryScript().Speak(Protocol::kV1); };
  primaries[0]->SetDefault(
      script().FramesTo(30, CountingFrame).Heartbeat(7, 30).Stall());
  primaries[1]->SetDefault(script().Heartbeat(7, 0).Stall());
  const std::vector<std::string> flags =
      Flags(*primaries[0], {"--shards=2", "--protocol=1"});
  for (int i = 0; i < 2; ++i) {
    ChildProcess child(kKevyMirror, flags);
    AwaitPosition(&child, "7:30", 0);
    AwaitPosition(&child, "empty", 1);
    const size_t connection = static_cast<size_t>(i);
    child.Await("its handshake", [&] {
      return primaries[0]->connection(connection).request.has_value();
    });
    child.Signal(SIGKILL);
    child.Wait();
  }
  EXPECT_EQ(primaries[0]->connection(1).request->offset, 30u);
  // Its first write reloads no shard either.
  primaries[1]->SetDefault(
      script().Frame(0, {"SET", "first", "1"}).Heartbeat(7, 1).Stall());
  ChildProcess child(kKevyMirror, flags);
  AwaitPosition(&child, "7:1", 1);
  child.Await("its handshake",
              [&] { return primaries[0]->connection(2).request.has_value(); });
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  Content expected = CountedContent(30);
  expected["first"] = "string 1";
  EXPECT_EQ(ContentOf(&server_), expected);
  EXPECT_EQ(primaries[0]->connection(2).request->offset, 30u);
  EXPECT_EQ(primaries[0]->connections(), 3u);
}

TEST_F(KevyMirrorTest, SnapshotOfOneShardReloadsAll) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{
           {"--shards=3"},
           {"--shards=3", "--reload=swap", "--swap_database=2"}}) {
    SCOPED_TRACE(flags.size());
    server_.Ask({"FLUSHALL"});
    const std::vector<std::unique_ptr<ScriptedPrimary>> primaries =
        PrimariesInARow(3);
    Content expected;
    for (uint32_t i = 0; i < 3; ++i) {
      PayloadMaker old(i);
      for (int k = 0; k < 3000; ++k) old.AddString("old");
      PayloadMaker last(10 + i);
      for (uint32_t k = 0; k <= i; ++k) {
        for (uint32_t n = 0; n <= i; ++n) last.AddString("skipped");
        last.AddSet(3000);
      }
      for (const auto& [key, text] : last.content()) expected[key] = text;
      PrimaryScript script;
      script.Generation(7)
          .Snapshot(old.Finish(), 10)
          .Heartbeat(7, 10)
          .WaitForAck(10);
      // Only the history of shard 1 ends.
      if (i == 1) script.Snapshot("KEVYSNAP\x04" + std::string(1, '\0'), 0);
      primaries[i]->Enqueue(script.Stall());
      primaries[i]->SetDefault(PrimaryScript()
                                   .Generation(8)
                                   .Snapshot(last.Finish(), 20)
                                   .Frame(20, {"INCR", absl::StrCat("n", i)})
                                   .Heartbeat(8, 21)
                                   .Stall());
      expected[absl::StrCat("n", i)] = "string 1";
    }
    ChildProcess child(kKevyMirror, Flags(*primaries[0], flags));
    for (int i = 0; i < 3; ++i) AwaitPosition(&child, "8:21", i);
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_EQ(ContentOf(&server_), expected);
    EXPECT_THAT(server_.Ask({"INFO", "keyspace"}).text, Not(HasSubstr("db2:")));
  }
}

// ---- Explaining.

TEST_F(KevyMirrorTest, ExplainChangesNothing) {
  ScriptedPrimary primary;
  Listen(&primary,
         PrimaryScript().Generation(7).Frame(0, {"INCR", "n"}).Stall());
  const std::vector<std::string> flags = Flags(primary, {"--explain"});
  ChildResult result = RunMirror(flags);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(
      result.out,
      AllOf(HasSubstr(absl::StrCat("primary: ", primary.address(), " answers")),
            HasSubstr("target: redis_version \""),
            HasSubstr("target: maxmemory_policy \"noeviction\"\n"),
            HasSubstr("target: lacks zpopmin.below: "),
            HasSubstr("would load everything: no mirror's record\n"),
            HasSubstr("rows for a primary of version 5.4.0:\n"),
            HasSubstr("  ignore: "), HasSubstr("scripts: refused\n")));
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 0);
  server_.Ask({"SET", "other", "1"});
  server_.Ask({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  result = RunMirror(flags);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("would refuse: the keys are not a mirror's"),
                    HasSubstr("warning: the target may drop keys by itself")));
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 1);
  server_.Ask({"FLUSHALL"});
  // The warning is given at each start, and a running mirror keeps running.
  ChildProcess child(kKevyMirror, Flags(primary));
  AwaitPosition(&child, "7:1");
  result = RunMirror(flags);
  EXPECT_THAT(result.out, AllOf(HasSubstr("shard-0: \"7:1\"\n"),
                                HasSubstr("would resume at these positions")));
  child.Signal(SIGINT);
  EXPECT_THAT(child.ReadErrors(),
              HasSubstr("the target's maxmemory-policy is allkeys-lru"));
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(primary.connections(), 1u);
}

TEST_F(KevyMirrorTest, ExplainFindsPrimary) {
  ScriptedNode node;
  node.shards = {{7, 0}};
  node.repl_port_base = 16004;
  node.version = "7.0.0";
  ScriptedClientPort port;
  port.SetNode(node);
  ASSERT_TRUE(port.Listen("127.0.0.1:0").ok());
  std::vector<std::string> flags = {
      absl::StrCat("--primary=kevy://", port.address()),
      absl::StrCat("--target=", server_.target()), "--explain"};
  const ChildResult result = RunMirror(flags);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr(absl::StrCat("the primary is ", port.address(),
                                           ", kevy 7.0.0, with 1 shard\n")),
                    HasSubstr("rows for a primary of version 7.0.0:\n")));
  flags.push_back("--shards=2");
  EXPECT_THAT(RunMirror(flags).out, HasSubstr("has 1 shards, but 2 "));
}

TEST_F(KevyMirrorTest, TargetWithoutMemoryTakesDeletes) {
  ScriptedPrimary primary;
  PayloadMaker maker(1);
  maker.AddString(std::string(20 << 20, 'x'));
  const std::string key = maker.content().begin()->first;
  std::atomic<bool> full{false};
  Listen(&primary,
         PrimaryScript()
             .Generation(7)
             .Snapshot(maker.Finish(), 0)
             .Heartbeat(7, 0)
             .FramesTo(2,
                       [&full, key](uint64_t offset) {
                         while (!full) {
                           absl::SleepFor(absl::Milliseconds(1));
                         }
                         return offset == 0
                                    ? std::vector<std::string>{"DEL", key}
                                    : std::vector<std::string>{"INCR", "n"};
                       })
             .Stall());
  const absl::Cleanup let_go = [&full] { full = true; };
  ChildProcess child(kKevyMirror, Flags(primary));
  AwaitPosition(&child, "7:0");
  server_.Ask({"CONFIG", "SET", "maxmemory", "10mb"});
  full = true;
  AwaitPosition(&child, "7:2");
  child.Signal(SIGINT);
  EXPECT_THAT(child.ReadErrors(), HasSubstr("out of memory: deletes"));
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_THAT(ContentOf(&server_), ElementsAre(Pair("n", "string 1")));
  EXPECT_EQ(primary.connections(), 1u);
}

// A value that the target refuses by its own limit is found among others.
TEST_F(KevyMirrorTest, ValueOverTargetsLimitIsNamed) {
  ScriptedPrimary primary;
  PrimaryScript script;
  script.Generation(7);
  for (uint64_t i = 0; i < 9; ++i) {
    script.Frame(i, {"SET", absl::StrCat("k", i),
                     i == 4 ? std::string(2 << 20, 'x') : "v"});
  }
  Listen(&primary, script.Stall());
  server_.Ask({"CONFIG", "SET", "proto-max-bulk-len", "1048576"});
  const ChildResult result = RunMirror(Flags(primary));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("offset 4, \"SET\" \"k4\" \"xxx"),
                    HasSubstr("of 2097"), HasSubstr("proto-max-bulk-len")));
  EXPECT_EQ(Position(), "7:4");
  EXPECT_EQ(primary.connections(), 1u);
  RunTo("7:9", primary, {"--on_reject=skip"});
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 9);
}

// ---- Dry runs and bad usage.

TEST(KevyMirrorDryRunTest, PrintsCommands) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript()
                         .Generation(7)
                         .Frame(0, {"SET", "a", "1\r\n"})
                         .Frame(1, {"NOSUCH"})
                         .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  // With larger batches the network decides which frames share one.
  const std::vector<std::string> flags = {
      absl::StrCat("--primary=", primary.address()), "--batch=1",
      "--heartbeat_timeout=inf"};
  {
    ChildProcess child(kKevyMirror, flags);
    for (const char* line :
         {"\"MULTI\"\n", "\"FLUSHDB\"\n",
          "\"HSET\" \"kevy_mirror\" \"kevy_mirror\" \"1\" \"shards\" \"1\" "
          "\"shard-0\" \"loading\"\n",
          "\"EXEC\"\n", "\"MULTI\"\n", "\"SET\" \"a\" \"1\\r\\n\"\n",
          "\"HSET\" \"kevy_mirror\" \"shard-0\" \"7:1\"\n", "\"EXEC\"\n",
          "\"MULTI\"\n", "\"NOSUCH\"\n",
          "\"HSET\" \"kevy_mirror\" \"shard-0\" \"7:2\"\n", "\"EXEC\"\n"}) {
      EXPECT_EQ(child.ReadLine(), line);
    }
    child.Signal(SIGINT);
    EXPECT_EQ(child.ReadOutput(), "");
    EXPECT_EQ(child.Wait(), 0);
  }
  std::vector<std::string> dry = flags;
  dry.push_back("--dry_run");
  dry.push_back("--target=redis://127.0.0.1:1");
  ChildProcess child(kKevyMirror, dry);
  std::string out;
  while (!absl::EndsWith(out, "$3\r\n7:2\r\n*1\r\n$4\r\nEXEC\r\n")) {
    const std::string line = child.ReadLine();
    ASSERT_NE(line, "");
    out += line;
  }
  EXPECT_THAT(out, StartsWith("*1\r\n$5\r\nMULTI\r\n*1\r\n$7\r\nFLUSHDB\r\n"));
  EXPECT_THAT(out,
              HasSubstr("*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3"
                        "\r\n1\r\n\r\n*4\r\n$4\r\nHSET\r\n"));
  EXPECT_THAT(out, HasSubstr("*1\r\n$5\r\nMULTI\r\n*1\r\n$6\r\nNOSUCH\r\n"));
  child.Signal(SIGINT);
  EXPECT_EQ(child.ReadOutput(), "");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(KevyMirrorDryRunTest, PrintsEmbeddedRecording) {
  const ChildResult result = RunMirror({});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\n\"SET\" \"m4\" \"w4\"\n"));
  EXPECT_THAT(result.out, HasSubstr("\n\"APPEND\" \"foo1\" \"-more\"\n"));
}

TEST(KevyMirrorDryRunTest, EndsWithEmbeddedPrimary) {
  const ChildResult result = RunMirror({});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("no --primary given"));
  EXPECT_THAT(result.out, HasSubstr(" \"7270893326363503:39\"\n\"EXEC\"\n"));
}

TEST(KevyMirrorDryRunTest, StatusLineKeepsBytesAtEnd) {
  if (!ChildProcess::HasTerminals()) {
    GTEST_SKIP() << "terminals are not available";
  }
  ChildProcess::Options options;
  options.err_is_terminal = true;
  const ChildResult result = RunChild(kKevyMirror, {}, options);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, EndsWith(" frames/s\r\n"));
  const std::string last = result.err.substr(result.err.rfind("\r\x1b[K"));
  EXPECT_THAT(last, HasSubstr("14 frames, 1770 bytes, "));
}

TEST(KevyMirrorDryRunTest, ClosedReaderEndsMirrorWithoutWrite) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Frame(0, {"PING"}).Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  ChildProcess child(kKevyMirror,
                     {absl::StrCat("--primary=", primary.address()),
                      "--heartbeat_timeout=inf"});
  std::string line;
  do {
    line = child.ReadLine();
    ASSERT_NE(line, "");
  } while (line != "\"PING\"\n");
  while (child.ReadLine() != "\"EXEC\"\n") {
  }
  child.CloseOutput();
  EXPECT_EQ(child.Wait(), 0);
}

TEST(KevyMirrorDryRunTest, ClosedStandardOutputIsError) {
  const ChildResult result =
      RunChild("sh", {"-c", "exec \"$0\" >&-", kKevyMirror});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err,
            "kevy_mirror: standard output is closed: give --target (see "
            "--help)\n");
}

TEST(KevyMirrorDryRunTest, SpecialMetricsFileIsRefused) {
  const ChildResult result = RunMirror({"--prometheus=/dev/null"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("/dev/null is not a regular file"));
}

TEST(KevyMirrorDryRunTest, RejectsBadUsage) {
  for (const char* flag :
       {"--on_reject=maybe", "--on_lost_target=maybe", "--reload=maybe",
        "--reload=swap", "--swap_database=1", "--shards=2", "--batch=0",
        "--position_key=", "--target=localhost:6379", "--primary=localhost",
        "--heartbeat_timeout=0s", "--idle_timeout=-1s",
        "--replica_id=", "--prometheus=/nowhere/x",
        "--prometheus=", "--target=", "--primary=", "--nosuch"}) {
    const ChildResult result = RunMirror({flag});
    EXPECT_EQ(result.status, 2) << flag;
    EXPECT_THAT(result.err,
                AllOf(StartsWith("kevy_mirror: "), HasSubstr("(see --help)")));
    EXPECT_EQ(result.out, "");
  }
  const ChildResult same =
      RunMirror({"--primary=127.0.0.1:1", "--target=redis://127.0.0.1:1/2",
                 "--reload=swap", "--swap_database=2"});
  EXPECT_EQ(same.status, 2);
  EXPECT_EQ(same.err,
            "kevy_mirror: --swap_database must not be the database of --target "
            "(see --help)\n");
  const ChildResult help = RunMirror({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out,
              AllOf(HasSubstr("--position_key"), HasSubstr("Exit status:\n")));
}

}  // namespace
}  // namespace kevy_replica
