// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/model_server.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

using Argv = ModelServer::Argv;

TargetReply AskModel(TargetLink* link, const Argv& argv) {
  link->Add(std::vector<absl::string_view>(argv.begin(), argv.end()));
  EXPECT_TRUE(link->Send().ok());
  absl::StatusOr<TargetReply> reply = link->Receive(ReplyDetail::kWhole);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? *std::move(reply) : TargetReply();
}

// Of an error only its first word: the rest depends on the version.
std::string TextOf(const TargetReply& reply) {
  std::string text =
      absl::StrCat(static_cast<int>(reply.type), " ", reply.integer, " ");
  const size_t word =
      reply.is_error() ? reply.text.find(' ') : std::string::npos;
  absl::StrAppend(&text, reply.text.substr(0, word));
  for (const TargetReply& element : reply.elements) {
    absl::StrAppend(&text, " [", TextOf(element), "]");
  }
  return text;
}

// A random command of those that a mirror into a cluster rewrites or reads by.
Argv RandomCommandOnKeys(std::mt19937* random) {
  const auto number = [random](uint32_t below) {
    return absl::StrCat((*random)() % below);
  };
  const std::string any = absl::StrCat("k", (*random)() % 7);
  const std::string other = absl::StrCat("k", (*random)() % 7);
  switch ((*random)() % 11) {
    case 0:
      return {"RPOPLPUSH", "k1", other};
    case 1:
      return {"RENAME", any, "k9"};
    case 2:
      return {"RENAMENX", any, "k8"};
    case 3:
      return {"COPY", any, "k7"};
    case 4:
      return {"SMOVE", "k2", other, number(9)};
    case 5:
      return {"SUNIONSTORE", "k9", "k2", other};
    case 6:
      return {"MSET", "k0", number(9), "k8", number(9)};
    case 7:
      return {"EXISTS", any, other, "k9"};
    case 8:
      return {"TYPE", any};
    case 9:
      return (*random)() % 2 == 0 ? Argv{"RPOP", any}
                                  : Argv{"LINDEX", any, "-1"};
    default:
      return (*random)() % 2 == 0 ? Argv{"SREM", any, number(9)}
                                  : Argv{"SISMEMBER", any, number(9)};
  }
}

// A random command on few keys, most of which fit the key's type.
Argv RandomCommand(std::mt19937* random) {
  const auto number = [random](uint32_t below) {
    return absl::StrCat((*random)() % below);
  };
  const std::string any = absl::StrCat("k", (*random)() % 7);
  switch ((*random)() % 31) {
    case 0:
      return {"SET", "k0", number(9)};
    case 1:
      return {"INCR", any};
    case 2:
      return {"RPUSH", "k1", number(9), number(9)};
    case 3:
      return {"LPUSH", any, number(9)};
    case 4:
      return {"LPOP", "k1"};
    case 5:
      return {"SADD", "k2", number(9), number(9)};
    case 6:
      return {"ZADD", "k3", number(9), number(9)};
    case 7:
      return {"ZCOUNT", any, "-inf", absl::StrCat("(", number(9))};
    case 8:
      return {"ZREMRANGEBYRANK", "k3", "0", number(3)};
    case 9:
      return {"HSET", any, number(4), number(9), number(4), number(9)};
    case 10:
      return {"HDEL", "k4", number(4), number(4)};
    case 11:
      return {"HMGET", any, "0", "1"};
    case 12:
      return {"DEL", any, "none"};
    case 13:
      return {"PEXPIREAT", any, (*random)() % 4 == 0 ? "1" : "4102444800000"};
    case 14:
      return {"PEXPIRETIME", any};
    case 15:
      return {"DBSIZE"};
    case 16:
      return {"SELECT", number(3)};
    case 17:
      return (*random)() % 4 == 0
                 ? Argv{"SWAPDB", number(3), number(3)}
                 : Argv{"XADD", "k5", number(30) + "-1", "f", "v"};
    case 18:
      // HGETALL of a longer hash has no order.
      return (*random)() % 4 == 0 ? Argv{"FLUSHDB"} : Argv{"HGETALL", "none"};
    case 19:
    case 20:
    case 21:
    case 22:
    case 23:
    case 24:
    case 25:
    case 26:
    case 27:
    case 28:
    case 29:
      return RandomCommandOnKeys(random);
    default:
      return (*random)() % 2 == 0 ? Argv{"NO.SUCH.COMMAND"} : Argv{"INCR"};
  }
}

// Random commands and transactions have the replies and the contents of a real
// server. Streams are compared by XADD's replies alone.
TEST(ModelServerTest, RepliesAsRealServer) {
  if (!RedisServer::IsInstalled()) {
    GTEST_SKIP() << "redis-server is not installed";
  }
  RedisServer real;
  real.Start();
  ModelServer model;
  model.set_now_ms(1'000'000);
  const std::unique_ptr<TargetLink> link = model.Connect(0);
  std::mt19937 random(1);
  int in_transaction = 0;  // Commands until EXEC.
  for (int i = 0; i < 6000; ++i) {
    Argv argv = RandomCommand(&random);
    if (in_transaction == 0 && random() % 8 == 0) {
      in_transaction = 6;
      argv = {"MULTI"};
    } else if (in_transaction > 0 && --in_transaction == 0) {
      argv = {random() % 8 == 0 ? "DISCARD" : "EXEC"};
    }
    const std::string expected = TextOf(real.Ask(argv));
    ASSERT_EQ(TextOf(AskModel(link.get(), argv)), expected)
        << i << ": " << absl::StrJoin(argv, " ");
  }
  if (in_transaction > 0) real.Ask({"DISCARD"});
  EXPECT_EQ(real.Ask({"CLIENT", "KILL", "ID", "1000000"}).integer, 0);
  for (uint32_t database = 0; database < 3; ++database) {
    real.Ask({"SELECT", absl::StrCat(database)});
    Content expected = ContentOf(&real);
    Content content = model.ContentIn(database);
    expected.erase("k5");
    content.erase("k5");
    EXPECT_EQ(content, expected);
  }
}

TEST(ModelServerTest, KilledConnectionRunsNothing) {
  ModelServer model;
  const std::unique_ptr<TargetLink> old = model.Connect(0);
  const std::unique_ptr<TargetLink> link = model.Connect(0);
  EXPECT_EQ(AskModel(old.get(), {"CLIENT", "SETNAME", "m"}).text, "OK");
  const TargetReply id = AskModel(old.get(), {"CLIENT", "ID"});
  EXPECT_EQ(AskModel(link.get(), {"CLIENT", "LIST"}).text,
            absl::StrCat("id=", id.integer, " name=m\nid=", id.integer + 1,
                         " name=\n"));
  const Argv kill = {"CLIENT", "KILL", "ID", absl::StrCat(id.integer)};
  EXPECT_EQ(AskModel(link.get(), kill).integer, 1);
  EXPECT_EQ(AskModel(link.get(), kill).integer, 0);
  old->Add({"SET", "a", "1"});
  EXPECT_TRUE(absl::IsUnavailable(old->Send()));
  EXPECT_EQ(model.ContentIn(0), Content());
}

}  // namespace
}  // namespace kevy_replica
