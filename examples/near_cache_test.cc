// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs near_cache on two shards. The test tells the second one each write.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {
namespace {

using Argv = std::vector<std::string>;

// The commands of a primary's frames, told one by one.
class Writes {
 public:
  void Add(Argv argv) {
    const std::lock_guard<std::mutex> lock(mutex_);
    argvs_.push_back(std::move(argv));
    added_.notify_all();
  }
  // Waits for the command at `offset`.
  Argv At(uint64_t offset) {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool came = added_.wait_for(lock, std::chrono::seconds(30),
                                      [&] { return argvs_.size() > offset; });
    return came ? argvs_[offset] : Argv{"PING"};
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::vector<Argv> argvs_;
};

// A FIFO that both ends may open without waiting.
std::string MakeFifo(const std::string& path) {
  EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
  return path;
}

class NearCacheTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kWrites = 2;

  // Begins both shards before the program starts.
  bool Listen() {
    EXPECT_TRUE(shard0_.Listen("127.0.0.1:0").ok());
    EXPECT_TRUE(shard1_.Listen("127.0.0.1:0").ok());
    const auto script = [] {
      return PrimaryScript()
          .Speak(Protocol::kV2)
          .Generation(7)
          .Snapshot("KEVYSNAP", 0);
    };
    const auto write = [this](uint64_t offset) { return writes_.At(offset); };
    const auto last_write = [this](uint64_t) { return last_write_.At(0); };
    shard0_.Enqueue(script().FramesTo(1, last_write).Close());
    shard0_.SetDefault(
        PrimaryScript().Speak(Protocol::kV2).Generation(7).Stall());
    // Each step sends its frame at once.
    shard1_.SetDefault(script()
                           .FramesTo(1, write)
                           .FramesTo(kWrites, write)
                           .Snapshot("KEVYSNAP", 0)
                           .Stall());
    return true;
  }
  ~NearCacheTest() override {
    for (uint64_t i = 0; i < kWrites; ++i) writes_.Add({"PING"});
    last_write_.Add({"PING"});
    close(in_);
  }

  ChildProcess::Options Options() const {
    ChildProcess::Options options;
    options.in = in_path_;
    return options;
  }

  std::string Ask(absl::string_view line) {
    const std::string text = absl::StrCat(line, "\n");
    EXPECT_EQ(write(in_, text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
    std::string reply = child_.ReadLine();
    if (reply.empty()) {
      ADD_FAILURE() << "the program has ended: " << child_.ReadErrors();
    } else {
      reply.pop_back();
    }
    return reply;
  }

  // Asks for `key` until the reply is another miss than `not_this`.
  std::string AskUntilMiss(absl::string_view key, absl::string_view not_this) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (absl::Now() < deadline && !HasFailure()) {
      std::string reply = Ask(absl::StrCat("get ", key));
      if (absl::StartsWith(reply, "miss ") && reply != not_this) {
        return reply.substr(5);
      }
    }
    ADD_FAILURE() << key << " is not dropped";
    return "";
  }

  // Keeps `value` as the value of `key`, once both links stand.
  void Fill(absl::string_view key, absl::string_view value) {
    const std::string lease = AskUntilMiss(key, "miss 0");
    EXPECT_EQ(Ask(absl::StrCat("put ", key, " ", lease, " ", value)), "kept");
    EXPECT_EQ(Ask(absl::StrCat("get ", key)), absl::StrCat("hit ", value));
  }

  const client_testing::TempFolder folder_;
  const std::string in_path_ = MakeFifo(folder_.File("in"));
  int in_ = open(in_path_.c_str(), O_RDWR | O_CLOEXEC);
  Writes writes_;      // Of shard 1.
  Writes last_write_;  // Of shard 0: its link ends behind it.
  ScriptedPrimary shard0_;
  ScriptedPrimary shard1_;
  const bool listening_ = Listen();
  ChildProcess child_{
      "examples/near_cache", {shard0_.address(), shard1_.address()}, Options()};
};

TEST_F(NearCacheTest, WriteDropsValue) {
  Fill("a", "1");
  Fill("b", "1");
  writes_.Add({"SET", "a", "2"});
  AskUntilMiss("a", "");
  EXPECT_EQ(Ask("get b"), "hit 1");
  close(std::exchange(in_, -1));
  EXPECT_EQ(child_.Wait(), 0) << child_.ReadErrors();
}

TEST_F(NearCacheTest, ValueReadBeforeWriteIsRefused) {
  Fill("b", "1");
  const std::string lease = AskUntilMiss("a", "miss 0");
  writes_.Add({"RENAME", "b", "a"});
  AskUntilMiss("b", "");
  EXPECT_EQ(Ask(absl::StrCat("put a ", lease, " old")), "refused");
}

TEST_F(NearCacheTest, FlushAllDropsEachValue) {
  Fill("a", "1");
  Fill("b", "1");
  writes_.Add({"flushall"});
  AskUntilMiss("a", "");
  AskUntilMiss("b", "");
}

TEST_F(NearCacheTest, SnapshotDropsEachValue) {
  Fill("a", "1");
  writes_.Add({"PING"});
  writes_.Add({"PING"});
  AskUntilMiss("a", "");
}

TEST_F(NearCacheTest, LinkEndDropsEachValue) {
  Fill("a", "1");
  last_write_.Add({"PING"});
  AskUntilMiss("a", "");
  AskUntilMiss("a", "miss 0");  // The next link stands.
}

TEST_F(NearCacheTest, NothingIsKeptWithoutLink) {
  Fill("a", "1");
  last_write_.Add({"PING"});
  shard0_.Stop();
  EXPECT_EQ(AskUntilMiss("a", ""), "0");
  EXPECT_EQ(Ask("put a 0 1"), "refused");
}

}  // namespace
}  // namespace kevy_replica
