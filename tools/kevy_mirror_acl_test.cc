// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_mirror as a user of a real server with the rights that
// docs/operations.md lists, and with fewer.

#include <signal.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

// The words of the documented ACL SETUSER command.
std::vector<std::string> DocumentedCommand() {
  const std::string page = FileContents("docs/operations.md");
  constexpr absl::string_view kBegin = "    ACL SETUSER ";
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    if (!absl::StartsWith(line, kBegin)) continue;
    return absl::StrSplit(absl::StripLeadingAsciiWhitespace(line), ' ');
  }
  ADD_FAILURE() << "docs/operations.md has no ACL SETUSER";
  return {};
}

class KevyMirrorAclTest : public ::testing::Test {
 protected:
  KevyMirrorAclTest() : server_(RedisServer::Socket::kLoopback) {}
  void SetUp() override {
    if (!RedisServer::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    server_.Start();
    ASSERT_TRUE(primary_.Listen("127.0.0.1:0").ok());
  }

  // Makes the user of the documented command, without the right `missing`.
  void MakeUser(const std::string& missing = "") {
    std::vector<std::string> command = DocumentedCommand();
    bool found = missing.empty();
    for (std::string& word : command) {
      if (word == ">PASSWORD") word = ">p";
      if (word != absl::StrCat("+", missing)) continue;
      // Also takes it out of a category that was allowed before.
      word[0] = '-';
      found = true;
    }
    if (!found) command.push_back(absl::StrCat("-", missing));
    server_.Ask({"ACL", "DELUSER", "mirror"});
    const TargetReply reply = server_.Ask(command);
    EXPECT_FALSE(reply.is_error()) << reply.text;
  }

  std::vector<std::string> Flags() const {
    return {
        absl::StrCat("--primary=", primary_.address()),
        absl::StrCat("--target=redis://mirror:p@127.0.0.1:", server_.port()),
        "--heartbeat_timeout=inf", "--stall_timeout=inf"};
  }

  // Runs the mirror up to a position, then ends it with Ctrl-C.
  void RunTo(const std::string& position) {
    const size_t connections = primary_.connections();
    ChildProcess child(kKevyMirror, Flags());
    // A mirror before may have stored the same position.
    EXPECT_TRUE(child.Await("it connects to the primary", [&] {
      return primary_.connections() > connections;
    }));
    EXPECT_TRUE(child.Await(absl::StrCat("position ", position), [&] {
      return server_.Ask({"HGET", "kevy_mirror", "shard-0"}).text == position;
    }));
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(), 0);
  }

  RedisServer server_;
  ScriptedPrimary primary_;
};

TEST_F(KevyMirrorAclTest, DocumentedRightsLoadSnapshotOfAllTypes) {
  MakeUser();
  primary_.SetDefault(
      PrimaryScript::Capture(FileContents("testdata/captures/"
                                          "kevy-5.4.0-all-types.resp"))
          .Stall());
  RunTo("1520060993468585:13");
  EXPECT_THAT(ContentOf(&server_), Contains(Pair("str", "string hello")));
}

TEST_F(KevyMirrorAclTest, DocumentedRightsFollow) {
  MakeUser();
  primary_.SetDefault(PrimaryScript()
                          .Generation(7)
                          .Frame(0, {"ZADD", "z", "1", "a", "2", "b"})
                          .Frame(1, {"ZPOPMIN.BELOW", "z", "2"})
                          .Frame(2, {"RPUSH", "l", "a", "b"})
                          .Frame(3, {"BLPOP", "l", "0"})
                          .Frame(4, {"SET", "s", "v", "PX", "100000"})
                          .Frame(5, {"PFADD", "h", "a"})
                          .Frame(6, {"GEOADD", "g", "1", "1", "a"})
                          .Frame(7, {"BITOP", "NOT", "b", "s"})
                          .Frame(8, {"COPY", "l", "l2"})
                          .Frame(9, {"XADD", "x", "1-1", "f", "v"})
                          .Frame(10, {"LPUSH", "s", "data"})
                          .Heartbeat(7, 11)
                          .Heartbeat(7, 11)
                          .Stall());
  RunTo("7:11");
  EXPECT_EQ(
      server_.Ask({"EXISTS", "z", "l", "s", "h", "g", "b", "l2", "x"}).integer,
      8);
  // A second start resumes, and ends the connection of the first.
  RunTo("7:11");
}

TEST_F(KevyMirrorAclTest, MissingRightIsNamed) {
  primary_.SetDefault(PrimaryScript()
                          .Generation(7)
                          .Frame(0, {"SADD", "s", "a"})
                          .Heartbeat(7, 1)
                          .Heartbeat(7, 1)
                          .Stall());
  for (const char* right :
       {"select", "command", "dbsize", "multi", "exec", "flushdb", "hgetall",
        "hset", "ping", "client|setname", "client|id", "client|list", "sadd"}) {
    SCOPED_TRACE(right);
    server_.Ask({"FLUSHALL"});
    MakeUser(right);
    const ChildResult result = RunChild(kKevyMirror, Flags());
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr("NOPERM"), HasSubstr(right)));
  }
}

// Every right in the documented command beside +@write is one that the mirror
// uses: the page lists its use.
TEST_F(KevyMirrorAclTest, EveryRightHasItsUse) {
  const std::string page = FileContents("docs/operations.md");
  for (const std::string& word : DocumentedCommand()) {
    absl::string_view right = word;
    if (!absl::ConsumePrefix(&right, "+") || right == "@write") continue;
    const std::string name =
        absl::StrReplaceAll(absl::AsciiStrToUpper(right), {{"|", " "}});
    EXPECT_THAT(page, HasSubstr(absl::StrCat("`", name, "`")));
    // The server knows it.
    const std::vector<std::string> parts = absl::StrSplit(name, ' ');
    EXPECT_EQ(server_.Ask({"COMMAND", "INFO", parts[0]}).elements[0].type,
              TargetReply::Type::kArray)
        << name;
  }
}

}  // namespace
}  // namespace kevy_replica
