// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/redis_server.h"

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(RedisServerTest, StartAvoidsTakenPort) {
  if (!RedisServer::IsInstalled())
    GTEST_SKIP() << "redis-server is not installed";
  RedisServer first(RedisServer::Socket::kLoopback);
  first.Start();
  first.Ask({"SET", "whose", "first"});
  RedisServer second(RedisServer::Socket::kLoopback);
  second.set_port(first.port());
  second.Start();
  EXPECT_NE(second.port(), first.port());
  EXPECT_EQ(second.Ask({"DBSIZE"}).integer, 0);
  EXPECT_EQ(first.Ask({"DBSIZE"}).integer, 1);
}

}  // namespace
}  // namespace kevy_replica
