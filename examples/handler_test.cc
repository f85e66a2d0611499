// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Tests of a handler: over recorded bytes, over a recording of a real primary,
// and against a scripted primary.
//
//   ./bazelw test //examples:handler_test

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/testing/replay.h"
#include "kevy_replica/testing/scripted_primary.h"

namespace {

using kevy_replica::FeedPosition;
using kevy_replica::PrimaryScript;
using kevy_replica::ScriptedPrimary;
using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

// The handler under test. It keeps strings, and no snapshot.
class Index : public kevy_replica::FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const FeedPosition&) override {
    for (const kevy_replica::FrameView& frame : frames) {
      const kevy_replica::ArgvView argv = frame.argv();
      if (argv.size() == 3 && argv[0] == "SET") {
        strings_[std::string(argv[1])] = std::string(argv[2]);
      } else if (argv.size() == 2 && argv[0] == "DEL") {
        strings_.erase(std::string(argv[1]));
      }
    }
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override { return Clear(); }
  absl::Status OnSnapshotBegin() override { return Clear(); }
  absl::Status OnSnapshotChunk(absl::string_view) override { return {}; }
  absl::Status OnSnapshotEnd(const FeedPosition&) override { return {}; }

  const std::map<std::string, std::string>& strings() const { return strings_; }

 private:
  absl::Status Clear() {
    strings_.clear();
    return absl::OkStatus();
  }

  std::map<std::string, std::string> strings_;
};

TEST(IndexTest, AppliesFrames) {
  Index index;
  const absl::Status end = kevy_replica::Replay(
      "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", &index);
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_THAT(index.strings(), ElementsAre(Pair("k", "v")));
}

TEST(IndexTest, AppliesRecording) {
  Index index;
  const absl::Status end = kevy_replica::Replay(
      kevy_replica::codec_testing::ReadFile("examples/testdata/resume.resp"),
      &index);
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_THAT(index.strings(), Contains(Pair("live", "x")));
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

}  // namespace
