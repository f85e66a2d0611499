// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/reply_class.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using Argv = std::vector<std::string>;

// Commands that make a row's state, then the one that gets the error. A word
// stands for each argument.
struct Example {
  absl::string_view begin;  // Of the row.
  const char* commands[3];  // The rest is null.

  const char* last() const {
    return commands[2] != nullptr   ? commands[2]
           : commands[1] != nullptr ? commands[1]
                                    : commands[0];
  }
};

constexpr Example kExamples[] = {
    {"OOM ", {"CONFIG SET maxmemory 1", "SET a 1"}},
    {"READONLY ", {"REPLICAOF 127.0.0.1 1", "SET a 1"}},
    {"MASTERDOWN ",
     {"CONFIG SET replica-serve-stale-data no", "REPLICAOF 127.0.0.1 1",
      "GET a"}},
    {"NOREPLICAS ", {"CONFIG SET min-replicas-to-write 1", "SET a 1"}},
    {"ERR unknown command", {"HEXPIRE.NOSUCH h 1"}},
    {"ERR unknown subcommand", {"XGROUP NOSUCH s g"}},
    {"ERR Function not found", {"FCALL nof 0"}},
    {"NOSCRIPT ", {"EVALSHA aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 0"}},
    {"NOPERM ", {"ACL SETUSER default -incr", "INCR a"}},
    {"ERR wrong number of arguments", {"SET a"}},
    {"ERR wrong number of arguments", {"XADD s 6-1 f"}},
    {"ERR syntax error", {"SET a b NOSUCH"}},
    {"ERR syntax error", {"ZUNIONSTORE d 2 z"}},
    {"ERR Unsupported option", {"SET a 1", "EXPIRE a 10 NOSUCH"}},
    {"ERR unsupported unit",
     {"GEOADD g 1 1 m", "GEOSEARCHSTORE d g FROMMEMBER m BYRADIUS 1 parsec"}},
    {"ERR value is not an integer", {"SET a x", "INCR a"}},
    {"ERR value is not a valid float", {"ZADD z x a"}},
    {"ERR value is out of range", {"SPOP s -1"}},
    {"ERR bit offset is not an integer", {"SETBIT a -1 1"}},
    {"ERR bit is not an integer", {"SETBIT a 1 2"}},
    {"ERR BITOP NOT must be called", {"BITOP NOT d a b"}},
    {"ERR Invalid bitfield type", {"BITFIELD a SET i65 0 1"}},
    {"ERR Invalid OVERFLOW type", {"BITFIELD a OVERFLOW XX SET i8 0 1"}},
    {"ERR offset is out of range", {"SETRANGE a -1 x"}},
    {"ERR timeout is not ", {"BLPOP l x"}},
    {"ERR timeout is not ", {"XREADGROUP GROUP g c BLOCK x STREAMS s >"}},
    {"ERR timeout is negative", {"BLPOP l -1"}},
    {"ERR invalid expire time", {"SETEX t -5 v"}},
    {"ERR NX and XX, GT or LT options", {"EXPIRE a 10 NX XX"}},
    {"ERR GT and LT options", {"EXPIRE a 10 GT LT"}},
    {"ERR XX and NX options", {"ZADD z NX XX 1 a"}},
    {"ERR GT, LT, and/or NX options", {"ZADD z GT LT 1 a"}},
    {"ERR INCR option supports", {"ZADD z INCR 1 a 2 b"}},
    {"ERR min or max ", {"ZREMRANGEBYSCORE z a b"}},
    {"ERR min or max ", {"ZREMRANGEBYLEX z a b"}},
    {"ERR weight value is not a float",
     {"ZADD z 1 a", "ZUNIONSTORE d 1 z WEIGHTS x"}},
    {"ERR at least 1 input key is needed", {"ZUNIONSTORE d 0 z"}},
    {"ERR numkeys should be greater", {"LMPOP 0 l LEFT"}},
    {"ERR count should be greater", {"ZMPOP 1 z MIN COUNT 0"}},
    {"ERR source and destination objects", {"COPY a a"}},
    {"ERR need numeric",
     {"GEOADD g 1 1 m", "GEOSEARCHSTORE d g FROMMEMBER m BYRADIUS x m"}},
    {"ERR STORE option in GEORADIUS",
     {"GEOADD g 1 1 m", "GEORADIUS g 0 0 1 m STORE d WITHDIST"}},
    {"ERR invalid longitude,latitude", {"GEOADD g 200 100 m"}},
    {"ERR Invalid stream ID", {"XADD s abc f v"}},
    {"ERR The MAXLEN argument", {"XTRIM s MAXLEN -1"}},
    {"ERR The LIMIT argument", {"XADD s MAXLEN ~ 1 LIMIT -1 7-1 f v"}},
    {"ERR Invalid min-idle-time",
     {"XADD s 1-1 f v", "XGROUP CREATE s g 0", "XCLAIM s g c x 1-1"}},
    {"ERR Invalid IDLE option",
     {"XADD s 1-1 f v", "XGROUP CREATE s g 0", "XCLAIM s g c 0 1-1 IDLE x"}},
    {"ERR Unrecognized XCLAIM option",
     {"XADD s 1-1 f v", "XGROUP CREATE s g 0", "XCLAIM s g c 0 1-1 NOSUCH"}},
    {"ERR entries_added must be positive",
     {"XADD s 1-1 f v", "XSETID s 9-9 ENTRIESADDED -1 MAXDELETEDID 0-0"}},
    {"ERR The ID specified in XADD must be", {"XADD s 0-0 f v"}},
    {"WRONGTYPE ", {"SET a 1", "HSET a f v"}},
    {"ERR no such key", {"LSET nolist 9 v"}},
    {"ERR no such key", {"RENAME nokey b"}},
    {"ERR index out of range", {"RPUSH l a", "LSET l 9 v"}},
    {"ERR hash value is not", {"HSET h f x", "HINCRBY h f 1"}},
    {"ERR hash value is not", {"HSET h f x", "HINCRBYFLOAT h f 1"}},
    {"ERR increment or decrement would",
     {"SET a 9223372036854775807", "INCR a"}},
    {"ERR decrement would overflow", {"DECRBY a -9223372036854775808"}},
    {"ERR resulting score is not a number",
     {"ZADD z inf a", "ZINCRBY z -inf a"}},
    {"ERR string exceeds maximum", {"SETRANGE a 600000000 x"}},
    {"ERR could not decode requested zset",
     {"ZADD z 1 a", "GEOSEARCHSTORE d z FROMMEMBER m BYRADIUS 1 m"}},
    {"ERR The ID specified in XADD is equal",
     {"XADD s 5-1 f v", "XADD s 1-1 f v"}},
    {"ERR The ID specified in XSETID is", {"XADD s 5-1 f v", "XSETID s 1-1"}},
    {"ERR The entries_added specified in",
     {"XADD s 1-1 f v", "XSETID s 9-9 ENTRIESADDED 0 MAXDELETEDID 0-0"}},
    {"ERR The XGROUP subcommand requires", {"XGROUP CREATE nostream g 0"}},
    {"BUSYGROUP ",
     {"XADD s 1-1 f v", "XGROUP CREATE s g 0", "XGROUP CREATE s g 0"}},
    {"NOGROUP ", {"XADD s 1-1 f v", "XCLAIM s nog c 0 1-1"}},
    {"", {"EVAL error('x') 0"}},
    {"", {"EVAL return(redis.error_reply('\\27[2J')) 0"}},
};

// The reply to the last of the commands.
TargetReply Provoke(RedisServer* server, const Example& example) {
  TargetReply reply;
  for (const char* command : example.commands) {
    if (command == nullptr) break;
    reply = server->Ask(absl::StrSplit(command, ' '));
  }
  return reply;
}

// Rows of states that take a test of their own.
constexpr absl::string_view kStates[] = {
    "NOAUTH ",    "ERR max number of clients",
    "BUSY ",      "MISCONF ",
    "LOADING ",   "CLUSTERDOWN ",
    "MOVED ",     "ASK ",
    "CROSSSLOT ", "TRYAGAIN "};

class ReplyClassTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    server_.Start();
  }

  void Reset() {
    server_.Ask({"REPLICAOF", "NO", "ONE"});
    server_.Ask({"CONFIG", "SET", "maxmemory", "0", "min-replicas-to-write",
                 "0", "replica-serve-stale-data", "yes"});
    server_.Ask({"ACL", "SETUSER", "default", "+@all"});
    server_.Ask({"FLUSHALL"});
  }

  // Asks until the reply meets the row of `begin`.
  static void Await(RedisServer* server, const Argv& argv,
                    absl::string_view begin) {
    std::string text;
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    do {
      text = server->Ask(argv).text;
    } while (!absl::StartsWith(text, begin) && absl::Now() < deadline);
    ExpectRow(text, begin);
  }

  static void ExpectRow(absl::string_view error, absl::string_view begin,
                        absl::string_view command = "") {
    const ReplyRow* const row = FindReplyRow(error, command);
    EXPECT_TRUE(row != nullptr && row->begin == begin) << error;
  }

  RedisServer server_;
};

TEST_F(ReplyClassTest, EveryRowMeetsRealServer) {
  std::set<absl::string_view> seen(std::begin(kStates), std::end(kStates));
  for (const Example& example : kExamples) {
    Reset();
    const TargetReply reply = Provoke(&server_, example);
    const Argv last = absl::StrSplit(example.last(), ' ');
    SCOPED_TRACE(example.last());
    EXPECT_TRUE(reply.is_error());
    ExpectRow(reply.text, example.begin, last[0] == "EVAL" ? "eval" : "");
    seen.insert(example.begin);
  }
  for (const ReplyRow& row : ReplyRows()) {
    EXPECT_EQ(seen.count(row.begin), 1u) << row.begin;
  }
}

// The first line that the server sends to another connection.
std::string FirstLine(const std::string& target, absl::string_view request) {
  absl::StatusOr<std::unique_ptr<Transport>> transport =
      ConnectTransport(target);
  EXPECT_TRUE(transport.ok()) << transport.status();
  if (!transport.ok()) return "";
  // A server without room for the connection has closed it already.
  (*transport)->Write(request, absl::Seconds(60)).IgnoreError();
  std::string line;
  char byte = 0;
  while (line.find('\n') == std::string::npos) {
    const absl::StatusOr<size_t> size =
        (*transport)->Read(absl::MakeSpan(&byte, 1), absl::Seconds(60));
    if (!size.ok() || *size == 0) break;
    line.push_back(byte);
  }
  return line.empty() ? line : line.substr(1);  // Without "-".
}

TEST_F(ReplyClassTest, ServerWithoutRoomOrTrustMeetsRows) {
  server_.Ask({"CONFIG", "SET", "requirepass", "secret"});
  ExpectRow(FirstLine(server_.target(), "SET a 1\r\n"), "NOAUTH ");
  server_.Ask({"CONFIG", "SET", "maxclients", "1"});
  ExpectRow(FirstLine(server_.target(), ""), "ERR max number of clients");
}

// The server's trouble begins between a queued command and EXEC.
TEST_F(ReplyClassTest, RefusedExecTellsTroubleBehindItsPrefix) {
  const absl::StatusOr<std::unique_ptr<RedisLink>> link = RedisLink::Connect(
      *ParseTargetAddress(server_.target()), std::make_shared<Interrupter>());
  ASSERT_TRUE(link.ok()) << link.status();
  const auto ask = [&link](const std::vector<absl::string_view>& argv) {
    (*link)->Add(argv);
    EXPECT_TRUE((*link)->Send().ok());
    return *(*link)->Receive(ReplyDetail::kWhole);
  };
  ask({"MULTI"});
  EXPECT_EQ(ask({"SET", "a", "1"}).text, "QUEUED");
  server_.Ask({"CONFIG", "SET", "maxmemory", "1"});
  const std::string error = ask({"EXEC"}).text;
  ExpectRow(WithoutExecAbort(error), "OOM ");
  EXPECT_NE(WithoutExecAbort(error), error);
  EXPECT_EQ(WithoutExecAbort("OOM x"), "OOM x");
}

TEST_F(ReplyClassTest, ScriptMeetsBusyRow) {
  server_.Ask({"CONFIG", "SET", "busy-reply-threshold", "1"});
  const absl::StatusOr<std::unique_ptr<RedisLink>> script = RedisLink::Connect(
      *ParseTargetAddress(server_.target()), std::make_shared<Interrupter>());
  ASSERT_TRUE(script.ok()) << script.status();
  (*script)->Add({"EVAL", "while true do end", "0"});
  ASSERT_TRUE((*script)->Send().ok());
  Await(&server_, {"SET", "a", "1"}, "BUSY ");
  server_.Ask({"SCRIPT", "KILL"});
}

TEST_F(ReplyClassTest, FailedSaveMeetsMisconfRow) {
  const std::string folder =
      server_.Ask({"CONFIG", "GET", "dir"}).elements[1].text;
  // A folder in the place of the file.
  const std::string file = absl::StrCat(folder, "/dump.rdb");
  ASSERT_EQ(mkdir(file.c_str(), 0700), 0);
  server_.Ask({"CONFIG", "SET", "save", "3600 1"});
  server_.Ask({"BGSAVE"});
  Await(&server_, {"SET", "a", "1"}, "MISCONF ");
  server_.Ask({"CONFIG", "SET", "save", ""});
  EXPECT_EQ(rmdir(file.c_str()), 0);
}

TEST_F(ReplyClassTest, ReplicaThatLoadsMeetsLoadingRow) {
  RedisServer primary(RedisServer::Socket::kLoopback);
  primary.Start();
  primary.Ask({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
  for (int i = 0; i < 300; ++i) {
    primary.Ask({"SET", absl::StrCat("key", i), std::string(1000, 'x')});
  }
  server_.Ask({"CONFIG", "SET", "key-load-delay", "100000"});
  server_.Ask({"CONFIG", "SET", "rdbcompression", "no"});
  server_.Ask(
      {"CONFIG", "SET", "loading-process-events-interval-bytes", "1024"});
  server_.Ask({"REPLICAOF", "127.0.0.1", absl::StrCat(primary.port())});
  Await(&server_, {"GET", "a"}, "LOADING ");
}

TEST_F(ReplyClassTest, ClusterMeetsItsRows) {
  RedisServer here(RedisServer::Socket::kLoopback);
  RedisServer there(RedisServer::Socket::kLoopback);
  for (RedisServer* server : {&here, &there}) {
    server->set_options({"--cluster-enabled", "yes"});
    server->Start();
  }
  Await(&here, {"SET", "a", "1"}, "CLUSTERDOWN ");
  here.Ask({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
  Await(&here, {"MSET", "a", "1", "b", "2"}, "CROSSSLOT ");
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  const auto await_ok = [&here, deadline](const Argv& argv) {
    TargetReply reply;
    do {
      reply = here.Ask(argv);
    } while (reply.is_error() && absl::Now() < deadline);
    EXPECT_FALSE(reply.is_error()) << reply.text;
  };
  await_ok({"SET", "{a}1", "1"});
  const std::string id = there.Ask({"CLUSTER", "MYID"}).text;
  here.Ask({"CLUSTER", "MEET", "127.0.0.1", absl::StrCat(there.port())});
  const auto slot = [&here](const std::string& key) {
    return absl::StrCat(here.Ask({"CLUSTER", "KEYSLOT", key}).integer);
  };
  await_ok({"CLUSTER", "SETSLOT", slot("b"), "NODE", id});
  Await(&here, {"SET", "b", "1"}, "MOVED ");
  await_ok({"CLUSTER", "SETSLOT", slot("a"), "MIGRATING", id});
  Await(&here, {"SET", "{a}2", "1"}, "ASK ");
  Await(&here, {"MSET", "{a}1", "1", "{a}2", "2"}, "TRYAGAIN ");
}

// An error that nobody has foreseen may be a lost write.
TEST(ReplyClassTableTest, UnlistedErrorIsUnable) {
  EXPECT_EQ(ClassOfError("ERR a new error", "set"), ReplyClass::kUnable);
  EXPECT_EQ(ClassOfError("", "set"), ReplyClass::kUnable);
  EXPECT_EQ(ClassOfError("ERR a new error", "eval"), ReplyClass::kData);
  EXPECT_EQ(ClassOfError("OOM allow-oom flag is not set", "eval"),
            ReplyClass::kTrouble);
  EXPECT_EQ(ClassOfError("WRONGTYPE x", ""), ReplyClass::kData);
}

TEST(ReplyClassTableTest, OwnCommandFailsByClass) {
  EXPECT_TRUE(absl::IsUnavailable(TargetError("PING", "LOADING x")));
  EXPECT_TRUE(absl::IsFailedPrecondition(TargetError("PING", "NOPERM x")));
}

TEST(ReplyClassTableTest, TroubleHasCodeOfItsError) {
  EXPECT_EQ(TroubleCode(ServersTrouble("OOM command not allowed")), "OOM");
  EXPECT_EQ(TroubleCode(TargetError("PING", "LOADING x")), "LOADING");
  EXPECT_EQ(TroubleCode(absl::UnavailableError("connection lost")), "");
  EXPECT_EQ(TroubleCode(absl::OkStatus()), "");
}

}  // namespace
}  // namespace kevy_replica
