// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Kills the example again and again, and checks its counts.

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"

extern char** environ;

namespace kevy_replica {
namespace {

constexpr uint64_t kFrames = 3000;

std::vector<std::string> FrameAt(uint64_t offset) {
  return {offset % 3 == 0 ? "SET" : "INCR", "k"};
}

class ExactlyOnceTest : public ::testing::Test {
 protected:
  ExactlyOnceTest() { EXPECT_TRUE(primary_.Listen("127.0.0.1:0").ok()); }

  // Waits until the next replica has acknowledged `next_offset`.
  void AwaitAck(size_t connection, uint64_t next_offset) const {
    while (true) {
      // An acknowledgement may come more than once.
      for (size_t i = connection; i < primary_.connections(); ++i) {
        const std::vector<uint64_t> acks = primary_.connection(i).acks;
        if (!acks.empty() && acks.back() >= next_offset) return;
      }
      std::this_thread::yield();
    }
  }

  pid_t Start() const {
    std::string program = "examples/exactly_once";
    std::string arguments[] = {primary_.address(), path_};
    char* const argv[] = {program.data(), arguments[0].data(),
                          arguments[1].data(), nullptr};
    pid_t pid = -1;
    EXPECT_EQ(
        posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ), 0);
    return pid;
  }

  static void Kill(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }

  // Runs the example until it has acknowledged all frames below `end`, and ends
  // it by Ctrl-C. Returns its counts.
  std::string CountsAt(uint64_t end) const {
    const size_t connection = primary_.connections();
    const pid_t pid = Start();
    AwaitAck(connection, end);
    kill(pid, SIGINT);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return Counts();
  }
  std::string Counts() const { return client_testing::FileContents(path_); }

  const client_testing::TempFolder folder_;
  const std::string path_ = folder_.File("counts");
  ScriptedPrimary primary_;
};

TEST_F(ExactlyOnceTest, KillsLeaveEachWriteCountedOnce) {
  std::mt19937 random(1);
  uint64_t end = 0;
  for (int kills = 0; kills < 20; ++kills) {
    end += random() % (kFrames / 20);
    PrimaryScript script;
    script.Speak(Protocol::kV2).Generation(7);
    // A fresh replica gets a snapshot, as from a current kevy.
    if (kills == 0) script.Snapshot("KEVYSNAP", 0);
    // The kill follows this acknowledgement, and so hits the next frames.
    primary_.SetDefault(script.FramesTo(end, FrameAt)
                            .Heartbeat(7, kFrames)
                            .WaitForAck(end)
                            .FramesTo(end + 50, FrameAt)
                            .Stall());
    const size_t connection = primary_.connections();
    const pid_t pid = Start();
    ASSERT_GT(pid, 0);
    AwaitAck(connection, end);
    Kill(pid);
  }
  primary_.SetDefault(PrimaryScript()
                          .Speak(Protocol::kV2)
                          .Generation(7)
                          .FramesTo(kFrames, FrameAt)
                          .Heartbeat(7, kFrames)
                          .Stall());
  EXPECT_EQ(CountsAt(kFrames), "7:3000\nINCR 2000\nSET 1000\n");
}

TEST_F(ExactlyOnceTest, MixedHistoryResetsCounts) {
  const auto script = [] { return PrimaryScript().Speak(Protocol::kV1); };
  primary_.Enqueue(script().FramesTo(3, FrameAt).Heartbeat(7, 3).WaitForAck(3));
  // Another history: only the heartbeat tells.
  primary_.Enqueue(script().FramesTo(4, FrameAt).Heartbeat(9, 4).Stall());
  primary_.Enqueue(script().NoAnswer().Stall());
  // Frame 4 follows the heartbeat, and so does its acknowledgement.
  primary_.SetDefault(script()
                          .FramesTo(4, FrameAt)
                          .Heartbeat(9, 4)
                          .FramesTo(5, FrameAt)
                          .Stall());
  const pid_t pid = Start();
  ASSERT_GT(pid, 0);
  while (!primary_.connection(3).request.has_value()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(primary_.connection(2).request->offset, 3u);
  EXPECT_EQ(primary_.connection(3).request->offset, 0u);
  Kill(pid);
  EXPECT_EQ(Counts(), "0:0\n");
  EXPECT_EQ(CountsAt(5), "9:5\nINCR 3\nSET 2\n");
}

}  // namespace
}  // namespace kevy_replica
