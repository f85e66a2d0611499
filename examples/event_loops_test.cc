// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs epoll_follower and libuv_follower: FOLLOWER names the program.

#include <signal.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/transport/testing/temp_dir.h"

namespace kevy_replica {
namespace {

using ::testing::StartsWith;

PrimaryScript Script() {
  return PrimaryScript().Speak(Protocol::kV2).Generation(7);
}

std::vector<std::string> FrameAt(uint64_t offset) {
  return {"SET", "k", absl::StrCat(offset)};
}

std::string LineAt(uint64_t offset) {
  return absl::StrCat(offset, " \"SET\" \"k\" \"", offset, "\"\n");
}

class EventLoopsTest : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments() const {
    return {address_, folder_.File("positions")};
  }

  const std::string program_ = std::getenv("FOLLOWER");
  const client_testing::TempFolder folder_;
  const transport_testing::TempDir socket_folder_;  // Its path is short.
  const std::string address_ = absl::StrCat("unix:", socket_folder_.File("a"));
  ScriptedPrimary primary_;
};

TEST_F(EventLoopsTest, FollowsThroughFaultsAndRestart) {
  primary_.Enqueue(Script()
                       .Snapshot("KEVYSNAP", 5)
                       .Frame(5, FrameAt(5))
                       .Frame(6, FrameAt(6))
                       .Send("*2\r\n:7"));
  primary_.Enqueue(Script().FramesTo(9, FrameAt).WaitForAck(9).Stall());
  primary_.Enqueue(Script().FramesTo(10, FrameAt).Stall());
  {
    ChildProcess child(program_, Arguments());
    EXPECT_THAT(child.ReadLine(), StartsWith("# link_down io attempt=1"));
    ASSERT_TRUE(primary_.Listen(address_).ok());
    std::string line = child.ReadLine();
    while (absl::StartsWith(line, "# link_down io")) line = child.ReadLine();
    EXPECT_EQ(line, "# link_up protocol=2 from=0:0\n");
    EXPECT_EQ(child.ReadLine(), "# snapshot_end next_offset=5\n");
    EXPECT_EQ(child.ReadLine(), LineAt(5));
    EXPECT_EQ(child.ReadLine(), LineAt(6));
    EXPECT_THAT(child.ReadLine(), StartsWith("# link_down truncated"));
    EXPECT_EQ(child.ReadLine(), "# link_up protocol=2 from=7:7\n");
    EXPECT_EQ(child.ReadLine(), LineAt(7));
    EXPECT_EQ(child.ReadLine(), LineAt(8));
    EXPECT_TRUE(child.Await("the acknowledgement", [this] {
      const std::vector<uint64_t> acks = primary_.connection(1).acks;
      return !acks.empty() && acks.back() == 9;
    }));
    child.Signal(SIGTERM);
    EXPECT_THAT(child.ReadOutput(), StartsWith("# link_down stopped"));
    EXPECT_EQ(child.Wait(), 0) << child.ReadErrors();
  }
  ChildProcess child(program_, Arguments());
  EXPECT_EQ(child.ReadLine(), "# link_up protocol=2 from=7:9\n");
  EXPECT_EQ(child.ReadLine(), LineAt(9));
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0) << child.ReadErrors();
}

TEST_F(EventLoopsTest, StopEndsBusyLinkPolitely) {
  ASSERT_TRUE(primary_.Listen(address_).ok());
  primary_.Enqueue(Script().FramesTo(1 << 24, FrameAt));
  ChildProcess child(program_, Arguments());
  EXPECT_THAT(child.ReadLine(), StartsWith("# link_up"));
  EXPECT_EQ(child.ReadLine(), LineAt(0));
  child.Signal(SIGTERM);
  EXPECT_EQ(child.Wait(), 0) << child.ReadErrors();
  primary_.WaitClosed(0);
  EXPECT_EQ(primary_.connection(0).end, ScriptedPrimary::End::kFin);
  EXPECT_FALSE(primary_.connection(0).left_unread);
}

TEST_F(EventLoopsTest, UnusableAddressIsError) {
  const ChildResult result =
      RunChild(program_, {"nonsense", folder_.File("positions")});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, StartsWith("INVALID_ARGUMENT: "));
}

}  // namespace
}  // namespace kevy_replica
