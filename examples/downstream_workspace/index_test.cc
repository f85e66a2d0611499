// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A user's tests: a scripted primary, matchers, and a replay.

#include "index.h"

#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/testing/matchers.h"
#include "kevy_replica/testing/replay.h"
#include "kevy_replica/testing/scripted_primary.h"

using kevy_replica::IsFrame;
using kevy_replica::PrimaryScript;
using kevy_replica::ScriptedPrimary;
using testing::ElementsAre;
using testing::Pair;

TEST(IndexTest, AppliesFrames) {
  Index index;
  const absl::Status end = kevy_replica::Replay(
      "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", &index);
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_THAT(index.strings(), ElementsAre(Pair("k", "v")));
}

TEST(IndexTest, FollowsPrimary) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Frame(0, {"SET", "a", "1"})
                      .Frame(1, {"SET", "b", "2"})
                      .Frame(2, {"DEL", "a"})
                      .WaitForAck(3));
  Index index;
  absl::StatusOr<std::unique_ptr<kevy_replica::Follower>> follower =
      kevy_replica::Follower::Create(primary.InMemory(), &index,
                                     kevy_replica::FollowerOptions());
  ASSERT_TRUE(follower.ok()) << follower.status();
  std::thread runner([&] { EXPECT_TRUE((*follower)->Run().ok()); });
  primary.WaitFinished(0);
  (*follower)->Stop();
  runner.join();
  EXPECT_THAT(index.strings(), ElementsAre(Pair("b", "2")));
}

TEST(ReplicaTest, ReadsFrameFromScriptedPrimary) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Frame(0, {"SET", "foo", "bar"}).Close());
  const absl::StatusOr<std::unique_ptr<kevy_replica::ReplicaClient>> client =
      kevy_replica::ReplicaClient::Connect(
          primary.InMemory(), kevy_replica::ReplicaClientOptions());
  ASSERT_TRUE(client.ok()) << client.status();
  const kevy_replica::StreamEvent* event = (*client)->NextEvent();
  ASSERT_NE(event, nullptr) << (*client)->status();
  EXPECT_THAT(*event, IsFrame(0, ElementsAre("SET", "foo", "bar")));
}
