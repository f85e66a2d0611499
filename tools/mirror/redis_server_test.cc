// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/tools/mirror/redis_server.h"

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(RedisServerTest, APortThatAnotherServerHas) {
  if (!RedisServer::IsInstalled()) GTEST_SKIP() << "no redis-server here";
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
