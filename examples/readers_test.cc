// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs tail, records, follow and fleet.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {
namespace {

class ReadersTest : public ::testing::Test {
 protected:
  ReadersTest() { EXPECT_TRUE(primary_.Listen("127.0.0.1:0").ok()); }

  // A snapshot of no key, then a frame that the replica acknowledges.
  static PrimaryScript Script() {
    return PrimaryScript()
        .Speak(Protocol::kV2)
        .Generation(7)
        .Snapshot(absl::string_view("KEVYSNAP\4\0", 10), 3)
        .Frame(3, {"SET", "a", "1"})
        .WaitForAck(4);
  }

  const client_testing::TempFolder folder_;
  const std::string positions_ = folder_.File("positions");
  ScriptedPrimary primary_;
};

TEST_F(ReadersTest, TailPrintsFrames) {
  primary_.Enqueue(Script().Close());
  const ChildResult result = RunChild("examples/tail", {primary_.address()});
  EXPECT_EQ(result.out, "3 SET a 1\n");
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(ReadersTest, RecordsPrintsSnapshotAndFrames) {
  primary_.Enqueue(Script().Close());
  const ChildResult result = RunChild("examples/records", {primary_.address()});
  EXPECT_EQ(result.out,
            "# header version=4 generation=0 offset=0\n"
            "# payload_end\n"
            "3 \"SET\" \"a\" \"1\"\n");
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(ReadersTest, FollowResumesAtItsPosition) {
  primary_.Enqueue(Script().Stall());
  {
    ChildProcess child("examples/follow", {primary_.address(), positions_});
    EXPECT_EQ(child.ReadLine(), "# snapshot begins\n");
    EXPECT_EQ(child.ReadLine(), "# snapshot ends\n");
    EXPECT_EQ(child.ReadLine(), "3 SET\n");
    EXPECT_TRUE(child.Await("the stored position", [this] {
      return absl::StrContains(client_testing::FileContents(positions_), "7:4");
    }));
  }
  primary_.Enqueue(PrimaryScript()
                       .Speak(Protocol::kV2)
                       .Generation(7)
                       .Frame(4, {"DEL", "a"})
                       .Stall());
  ChildProcess child("examples/follow", {primary_.address(), positions_});
  EXPECT_EQ(child.ReadLine(), "4 DEL\n");
}

TEST_F(ReadersTest, FleetCountsWrites) {
  primary_.Enqueue(Script().Stall());
  ChildProcess child("examples/fleet", {primary_.address(), "1", positions_});
  EXPECT_EQ(child.ReadLine(), "shard 0: 1 writes, up to 7:4\n");
}

}  // namespace
}  // namespace kevy_replica
