// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A user's test: a replica reads one frame from a scripted primary.

#include <memory>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/testing/scripted_primary.h"

TEST(ReplicaTest, ReadsFrameFromScriptedPrimary) {
  kevy_replica::ScriptedPrimary primary;
  primary.Enqueue(
      kevy_replica::PrimaryScript().Frame(0, {"SET", "foo", "bar"}).Close());
  kevy_replica::ReplicaClientOptions options;
  options.link.replica_id = "downstream";
  const absl::StatusOr<std::unique_ptr<kevy_replica::ReplicaClient>> client =
      kevy_replica::ReplicaClient::Connect(primary.InMemory(), options);
  ASSERT_TRUE(client.ok()) << client.status();
  const kevy_replica::FrameView* frame = (*client)->NextFrame();
  ASSERT_NE(frame, nullptr) << (*client)->status();
  EXPECT_EQ(frame->argv()[0], "SET");
}
