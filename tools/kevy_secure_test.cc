// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_keygen, and kevy_tail and kevy_mirror against secure primaries.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using secure_testing::PrimaryKey;
using secure_testing::ReplicaKey;
using secure_testing::TestKey;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kKevyKeygen[] = "tools/kevy_keygen";
constexpr char kHexLine[] = "[0-9a-f]{64}\n";

class KevySecureTest : public ::testing::Test {
 protected:
  // A file with the replica's key, whose digits are all '1'.
  KevySecureTest() { WriteKey("key", 0600); }

  std::string Path(absl::string_view name) const {
    return temp_folder_.File(name);
  }
  void WriteKey(absl::string_view name, mode_t mode) const {
    std::ofstream(Path(name)) << std::string(64, '1') << "\n";
    EXPECT_EQ(::chmod(Path(name).c_str(), mode), 0);
  }
  std::string KeyFlag(absl::string_view name = "key") const {
    return "--key_file=" + Path(name);
  }

  const TempFolder temp_folder_;
};

std::string Hex(const std::shared_ptr<const PrivateKey>& key) {
  return key->public_key().ToHex();
}

// Listens, and allows the key of ReplicaKey() alone.
absl::Status Listen(ScriptedPrimary* primary,
                    absl::string_view address = "127.0.0.1:0") {
  NoiseResponderOptions options;
  options.private_key = PrimaryKey();
  options.allow = [](const PublicKey& replica) {
    return replica == ReplicaKey()->public_key();
  };
  primary->SetWrapper(NoiseAcceptor(std::move(options)));
  return primary->Listen(address);
}

std::string PrimaryFlag(
    const ScriptedPrimary& primary,
    const std::shared_ptr<const PrivateKey>& key = PrimaryKey()) {
  return absl::StrCat("--primary=kevys://", primary.address(),
                      "?key=", Hex(key));
}

// kevy_keygen.

TEST_F(KevySecureTest, KeygenMakesPrivateFile) {
  const ChildResult made = RunChild(kKevyKeygen, {"--key_file=" + Path("new")});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, MatchesRegex(kHexLine));
  const std::string secret = FileContents(Path("new"));
  EXPECT_THAT(secret, MatchesRegex(kHexLine));
  EXPECT_THAT(made.err, AllOf(HasSubstr(Path("new")),
                              Not(HasSubstr(secret.substr(0, 64)))));
  struct stat file;
  ASSERT_EQ(::lstat(Path("new").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0600u);
  const ChildResult shown =
      RunChild(kKevyKeygen, {"--key_file=" + Path("new"), "--public_key"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(shown.out, made.out);
  EXPECT_EQ(shown.err, "");
}

TEST_F(KevySecureTest, KeygenNeverOverwrites) {
  const std::string before = FileContents(Path("key"));
  ASSERT_EQ(::symlink(Path("missing").c_str(), Path("link").c_str()), 0);
  for (const char* name : {"key", "link", "no/folder", ""}) {
    const ChildResult result =
        RunChild(kKevyKeygen, {"--key_file=" + Path(name)});
    EXPECT_EQ(result.status, 1) << name;
    EXPECT_EQ(result.out, "") << name;
    EXPECT_THAT(result.err,
                AllOf(StartsWith("kevy_keygen: "), HasSubstr(Path(name))));
  }
  EXPECT_EQ(FileContents(Path("key")), before);
  EXPECT_THAT(temp_folder_.Names(), ElementsAre("key", "link"));
}

TEST_F(KevySecureTest, KeygenRejectsBadUsage) {
  const ChildResult missing = RunChild(kKevyKeygen, {});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr("--key_file is missing"));
  WriteKey("open", 0644);
  const ChildResult open =
      RunChild(kKevyKeygen, {KeyFlag("open"), "--public_key"});
  EXPECT_EQ(open.status, 1);
  EXPECT_THAT(open.err, HasSubstr("chmod 600"));
}

// kevy_tail.

TEST_F(KevySecureTest, TailPrintsSecureLink) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Generation(7).Frame(0, {"SET", "a", "b"}));
  ASSERT_TRUE(Listen(&primary).ok());
  const ChildResult result =
      RunChild(kKevyTail, {PrimaryFlag(primary), KeyFlag(), "--once"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("0 \"SET\" \"a\" \"b\"\n"),
                    EndsWith("# end generation=7 next_offset=1\n")));
}

TEST_F(KevySecureTest, TailTriesKeysInTurn) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Generation(7).Frame(0, {"SET", "a", "b"}));
  ASSERT_TRUE(Listen(&primary).ok());
  const std::string flag = absl::StrCat(PrimaryFlag(primary, TestKey('3')),
                                        "&key=", Hex(PrimaryKey()));
  for (const char* end : {"--once", "--max_frames=1"}) {
    const ChildResult result = RunChild(kKevyTail, {flag, KeyFlag(), end});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("0 \"SET\" \"a\" \"b\"\n"));
  }
}

// The embedded primary plays this recording, and is secure with --key_file.
TEST_F(KevySecureTest, RecordHasPlainStream) {
  const ChildResult result = RunChild(
      kKevyTail, {KeyFlag(), "--record=" + Path("record"), "--format=json"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err,
              MatchesRegex("kevy_tail: .* embedded primary at "
                           "kevys://127.0.0.1:[0-9]+\\?key=[0-9a-f]{64}\n"));
  EXPECT_EQ(FileContents(Path("record")),
            FileContents("testdata/captures/kevy-5.4.0-fresh.resp"));
  const ChildResult plain = RunChild(kKevyTail, {"--format=json"});
  EXPECT_EQ(result.out, plain.out);
}

TEST_F(KevySecureTest, KilledTailResumes) {
  ScriptedPrimary primary;
  const auto frames = [](uint64_t end) {
    return PrimaryScript()
        .Generation(7)
        .FramesTo(end,
                  [](uint64_t offset) {
                    return std::vector<std::string>{"SET", "a",
                                                    absl::StrCat(offset)};
                  })
        .Stall();
  };
  primary.Enqueue(frames(3));
  primary.Enqueue(frames(5));
  ASSERT_TRUE(Listen(&primary).ok());
  const std::vector<std::string> flags = {
      PrimaryFlag(primary), KeyFlag(), "--heartbeat_timeout=inf",
      "--positions=" + Path("positions"), "--output=" + Path("output")};
  const auto has = [this](absl::string_view text) {
    return [this, text] {
      return FileContents(Path("output")).find(std::string(text)) !=
             std::string::npos;
    };
  };
  {
    ChildProcess child(kKevyTail, flags);
    ASSERT_TRUE(child.Await("frame 2", has("2 \"SET\" \"a\" \"2\"\n")));
    child.Signal(SIGKILL);
    EXPECT_EQ(child.Wait(), -SIGKILL);
  }
  ChildProcess child(kKevyTail, flags);
  ASSERT_TRUE(child.Await("frame 4", has("4 \"SET\" \"a\" \"4\"\n")));
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  // Each frame once, although the kill may have come before the last store.
  std::string text = FileContents(Path("output"));
  for (uint64_t offset = 0; offset < 5; ++offset) {
    const std::string line =
        absl::StrCat("\n", offset, " \"SET\" \"a\" \"", offset, "\"\n");
    const size_t first = text.find(line);
    EXPECT_NE(first, std::string::npos) << line << text;
    EXPECT_EQ(text.find(line, first + 1), std::string::npos) << line << text;
  }
}

// Both programs.

struct Program {
  const char* path;
  const char* name;
  std::string once;  // Ends kevy_tail with its first link.
};
const Program kPrograms[] = {{kKevyTail, "kevy_tail", "--once"},
                             {kKevyMirror, "kevy_mirror", ""}};

TEST_F(KevySecureTest, MirrorPrintsSecureStream) {
  ScriptedPrimary primary;
  primary.SetDefault(
      PrimaryScript().Generation(7).Frame(0, {"SET", "a", "b"}).Stall());
  ASSERT_TRUE(Listen(&primary).ok());
  ChildProcess child(kKevyMirror, {PrimaryFlag(primary), KeyFlag(),
                                   "--heartbeat_timeout=inf"});
  std::string out;
  while (out.find("\"shard-0\" \"7:1\"") == std::string::npos) {
    const std::string line = child.ReadLine();
    ASSERT_NE(line, "") << out << child.ReadErrors();
    out += line;
  }
  EXPECT_THAT(out, HasSubstr("\"SET\" \"a\" \"b\""));
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
}

// A node with a plain client port, and a secure listener a shard.
class Node {
 public:
  explicit Node(size_t shards) {
    for (int tries = 0; tries < 100 && !ListenInARow(shards); ++tries) {
    }
    EXPECT_EQ(shards_.size(), shards) << "no consecutive free ports";
    ScriptedNode node;
    node.repl_port_base = PortOf(shards_[0].address());
    node.shards.assign(shards, {7, 0});
    port_.SetNode(node);
    EXPECT_TRUE(port_.Listen("127.0.0.1:0").ok());
  }

  ScriptedPrimary& shard(size_t i) { return shards_[i]; }
  std::string flag() const {
    return absl::StrCat("--primary=kevy://", port_.address(),
                        "?key=", Hex(PrimaryKey()));
  }

 private:
  static uint16_t PortOf(absl::string_view address) {
    uint32_t port = 0;
    EXPECT_TRUE(
        absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    return static_cast<uint16_t>(port);
  }
  bool ListenInARow(size_t shards) {
    shards_.clear();
    for (size_t i = 0; i < shards; ++i) {
      const size_t port = i == 0 ? 0 : PortOf(shards_[0].address()) + i;
      shards_.emplace_back();
      if (!Listen(&shards_[i], absl::StrCat("127.0.0.1:", port)).ok()) {
        return false;
      }
    }
    return true;
  }

  std::deque<ScriptedPrimary> shards_;
  ScriptedClientPort port_;
};

TEST_F(KevySecureTest, TailFollowsLocatedPrimary) {
  Node node(/*shards=*/2);
  for (size_t i = 0; i < 2; ++i) {
    node.shard(i).SetDefault(PrimaryScript()
                                 .Generation(7)
                                 .Frame(0, {"SET", "a", absl::StrCat(i)})
                                 .Stall());
  }
  const ChildResult result =
      RunChild(kKevyTail, {node.flag(), KeyFlag(), "--max_frames=2"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("[0] 0 \"SET\" \"a\" \"0\"\n"),
                                HasSubstr("[1] 0 \"SET\" \"a\" \"1\"\n")));
}

// The mirror of four shards is killed, and applies each frame once.
TEST_F(KevySecureTest, KilledMirrorResumes) {
  if (!RedisServer::IsInstalled()) GTEST_SKIP() << "no redis-server";
  constexpr size_t kShards = 4;
  Node node(kShards);
  for (size_t i = 0; i < kShards; ++i) {
    for (const uint64_t end : {3, 5}) {
      node.shard(i).Enqueue(PrimaryScript()
                                .Generation(7)
                                .FramesTo(end,
                                          [i](uint64_t) {
                                            return std::vector<std::string>{
                                                "INCR", absl::StrCat("n", i)};
                                          })
                                .Stall());
    }
  }
  RedisServer server;
  server.Start();
  const std::vector<std::string> flags = {node.flag(), KeyFlag(),
                                          "--heartbeat_timeout=inf",
                                          "--target=" + server.target()};
  const auto all_at = [&server](const std::string& position) {
    return [&server, position] {
      for (size_t i = 0; i < kShards; ++i) {
        const std::string shard = absl::StrCat("shard-", i);
        if (server.Ask({"HGET", "kevy_mirror", shard}).text != position) {
          return false;
        }
      }
      return true;
    };
  };
  {
    ChildProcess child(kKevyMirror, flags);
    ASSERT_TRUE(child.Await("three frames", all_at("7:3")));
    child.Signal(SIGKILL);
    EXPECT_EQ(child.Wait(), -SIGKILL);
  }
  ChildProcess child(kKevyMirror, flags);
  ASSERT_TRUE(child.Await("five frames", all_at("7:5")));
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  for (size_t i = 0; i < kShards; ++i) {
    EXPECT_EQ(server.Ask({"GET", absl::StrCat("n", i)}).text, "5");
    EXPECT_EQ(node.shard(i).connection(1).request->offset, 3u);
  }
}

TEST_F(KevySecureTest, ExplainNamesSecurePrimary) {
  if (!RedisServer::IsInstalled()) GTEST_SKIP() << "no redis-server";
  ScriptedPrimary primary;
  ASSERT_TRUE(Listen(&primary).ok());
  RedisServer server;
  server.Start();
  const ChildResult result =
      RunChild(kKevyMirror, {PrimaryFlag(primary), KeyFlag(),
                             "--target=" + server.target(), "--explain"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr(absl::StrCat("primary: ", primary.address(),
                                     " answers (its key is not checked)\n")));
}

// The error that `program` tells of its first link.
std::string LinkError(const Program& program,
                      const std::vector<std::string>& flags) {
  if (!program.once.empty()) {
    std::vector<std::string> all = flags;
    all.push_back(program.once);
    const ChildResult result = RunChild(program.path, all);
    EXPECT_EQ(result.status, 1) << result.out;
    return result.err;
  }
  // The mirror tries again and again.
  ChildProcess child(program.path, flags);
  std::string line;
  do {
    line = child.ReadErrorLine();
  } while (!line.empty() && line.find("shard-0: ") == std::string::npos);
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  return line;
}

TEST_F(KevySecureTest, RefusedHandshakeNamesCauses) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Frame(0, {"SET", "a", "b"}));
  ASSERT_TRUE(Listen(&primary).ok());
  std::ofstream(Path("other")) << std::string(64, '3');
  ASSERT_EQ(::chmod(Path("other").c_str(), 0600), 0);
  for (const Program& program : kPrograms) {
    EXPECT_THAT(
        LinkError(program, {PrimaryFlag(primary, TestKey('4')), KeyFlag()}),
        AllOf(HasSubstr(Hex(TestKey('4'))), HasSubstr("replica_keys"),
              HasSubstr(primary.address())));
    EXPECT_THAT(LinkError(program, {PrimaryFlag(primary), KeyFlag("other")}),
                AllOf(HasSubstr(Hex(TestKey('3'))), HasSubstr("replica_keys")));
  }
}

TEST_F(KevySecureTest, PlainPrimaryIsRefused) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Frame(0, {"SET", "a", "b"}));
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  for (const Program& program : kPrograms) {
    EXPECT_THAT(LinkError(program, {PrimaryFlag(primary), KeyFlag()}),
                AllOf(HasSubstr(primary.address()), HasSubstr("plain"),
                      Not(HasSubstr("\"SET\""))));
  }
}

TEST_F(KevySecureTest, PlainReplicaOfSecurePrimaryGetsHint) {
  ScriptedPrimary primary;
  ASSERT_TRUE(Listen(&primary).ok());
  for (const Program& program : kPrograms) {
    EXPECT_THAT(LinkError(program, {"--primary=" + primary.address()}),
                AllOf(HasSubstr("without an answer"), HasSubstr("--key_file")));
  }
}

TEST_F(KevySecureTest, KeyFlagRejectsBadUsage) {
  WriteKey("open", 0644);
  std::ofstream(Path("short")) << "1111";
  ASSERT_EQ(::chmod(Path("short").c_str(), 0600), 0);
  const std::string query = "?key=" + Hex(PrimaryKey());
  struct Case {
    std::vector<std::string> flags;
    std::string error;
  };
  for (const Program& program : kPrograms) {
    for (const Case& bad : std::vector<Case>{
             {{"--primary=kevys://localhost:1" + query, KeyFlag("open")},
              "chmod 600"},
             {{KeyFlag("open")}, "chmod 600"},
             {{KeyFlag("short")}, "--key_file: "},
             {{KeyFlag("missing")}, "missing"},
             {{"--primary=kevys://localhost:1" + query},
              "--key_file (kevy_keygen makes one)"},
             {{"--primary=kevy://localhost:1" + query},
              "--key_file (kevy_keygen makes one)"},
             {{"--primary=localhost:1", KeyFlag()}, "kevys://HOST:PORT?key="},
             {{"--primary=kevy://localhost:1", KeyFlag()},
              "kevys://HOST:PORT?key="},
             {{"--primary=kevys://localhost:1", KeyFlag()},
              "--primary: \"kevys://localhost:1\": "},
             {{"--primary=kevys://localhost:1?key=12", KeyFlag()},
              "64 hex digits"}}) {
      const ChildResult result = RunChild(program.path, bad.flags);
      EXPECT_EQ(result.status, 2) << bad.error;
      EXPECT_EQ(result.out, "");
      EXPECT_THAT(result.err,
                  AllOf(StartsWith(absl::StrCat(program.name, ": --")),
                        HasSubstr(bad.error), Not(HasSubstr("1111"))));
    }
  }
  const ChildResult replay =
      RunChild(kKevyTail, {"--replay=" + Path("x"), KeyFlag()});
  EXPECT_EQ(replay.status, 2);
  EXPECT_THAT(replay.err, HasSubstr("--key_file and --replay"));
}

}  // namespace
}  // namespace kevy_replica
