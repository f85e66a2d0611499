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

// Kills the example again and again, and counts.

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"

extern char** environ;

namespace kevy_replica {
namespace {

constexpr uint64_t kFrames = 3000;

pid_t Start(const std::string& address, const std::string& path) {
  std::string program = "examples/exactly_once";
  std::string arguments[] = {address, path};
  char* const argv[] = {program.data(), arguments[0].data(),
                        arguments[1].data(), nullptr};
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ),
            0);
  return pid;
}

TEST(ExactlyOnceTest, EveryWriteCountsOnceHoweverOftenItIsKilled) {
  char folder[] = "/tmp/kevyXXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = absl::StrCat(folder, "/counts");
  const auto argv = [](uint64_t offset) {
    return std::vector<std::string>{offset % 3 == 0 ? "SET" : "INCR", "k"};
  };
  ScriptedPrimary primary;
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  // Waits until the replica that comes next has acknowledged `next_offset`.
  const auto await_ack = [&primary](size_t connection, uint64_t next_offset) {
    while (true) {
      // It may come more than once.
      for (size_t i = connection; i < primary.connections(); ++i) {
        const std::vector<uint64_t> acks = primary.connection(i).acks;
        if (!acks.empty() && acks.back() >= next_offset) return;
      }
      std::this_thread::yield();
    }
  };
  std::mt19937 random(1);
  uint64_t end = 0;
  for (int kills = 0; kills < 20; ++kills) {
    end += random() % (kFrames / 20);
    PrimaryScript script;
    script.Speak(Protocol::kV2).Generation(7);
    // A fresh replica gets a snapshot, as from a current kevy.
    if (kills == 0) script.Snapshot("KEVYSNAP", 0);
    // It is killed once it has come so far, and so amid what comes next.
    primary.SetDefault(script.FramesTo(end, argv)
                           .Heartbeat(7, kFrames)
                           .WaitForAck(end)
                           .FramesTo(end + 50, argv)
                           .Stall());
    const size_t connection = primary.connections();
    const pid_t pid = Start(primary.address(), path);
    ASSERT_GT(pid, 0);
    await_ack(connection, end);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  primary.SetDefault(PrimaryScript()
                         .Speak(Protocol::kV2)
                         .Generation(7)
                         .FramesTo(kFrames, argv)
                         .Heartbeat(7, kFrames)
                         .Stall());
  const size_t connection = primary.connections();
  const pid_t pid = Start(primary.address(), path);
  ASSERT_GT(pid, 0);
  await_ack(connection, kFrames);
  kill(pid, SIGINT);
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  std::ifstream counts(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(counts), {}),
            "7:3000\nINCR 2000\nSET 1000\n");
  unlink(path.c_str());
  unlink(absl::StrCat(path, ".new").c_str());
  rmdir(folder);
}

}  // namespace
}  // namespace kevy_replica
