// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails each system call of followers and of the position file in turn: see
// failing_calls.h. A failure that passes goes unnoticed. Any other costs a link
// at most, or ends the follower with an error that names its object.

#include "kevy_replica/transport/testing/failing_calls.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/testing/call_failures.h"

namespace kevy_replica {
namespace {

using client_testing::TempFolder;
using transport_testing::CallReport;
using transport_testing::FailEachCall;
using transport_testing::FailedCalls;
using transport_testing::FailingCalls;

using ::testing::HasSubstr;

constexpr uint64_t kFrames = 20;

void Report(absl::string_view scenario, const FailedCalls& tried) {
  std::cout << scenario << ": " << tried.ToString() << std::endl;
}

// The file holds the old positions or the new ones, and its folder nothing
// else.
TEST(FailingCallsTest, PositionFileIsOldOrNew) {
  const TempFolder folder;
  const std::string path = folder.File("positions");
  const FeedPosition before = {7, 10};
  const FeedPosition after = {7, 20};
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    {
      const auto store = FilePositionStore::Open(path);
      ASSERT_TRUE(store.ok()) << store.status();
      ASSERT_TRUE((*store)->Store({{"a", before}}).ok());
    }
    calls->Begin();
    absl::StatusOr<std::unique_ptr<FilePositionStore>> store =
        FilePositionStore::Open(path);
    absl::Status status = store.status();
    if (status.ok()) status = (*store)->Store({{"a", after}});
    std::optional<FeedPosition> held;
    if (store.ok()) held = *(*store)->Load("a");
    store = absl::CancelledError("closed");
    calls->End();

    const CallReport failed = calls->report();
    if (!calls->failed() || failed.passes) {
      EXPECT_TRUE(status.ok()) << status;
    } else if (!status.ok()) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(folder.path()));
    }
    const auto again = FilePositionStore::Open(path);
    ASSERT_TRUE(again.ok()) << again.status();
    const std::optional<FeedPosition> found = *(*again)->Load("a");
    ASSERT_TRUE(found.has_value());
    if (held.has_value()) {
      EXPECT_EQ(*found, *held);
    }
    EXPECT_TRUE(*found == after || (*found == before && !status.ok()))
        << *found << ", " << status;
    for (const std::string& name : folder.Names()) {
      if (absl::EndsWith(name, ".tmp")) {
        EXPECT_STREQ(failed.name, "unlink");
      }
    }
  });
  EXPECT_GT(tried.calls, 15u);
  Report("position file", tried);
}

// Expects each frame once, in order.
class Handler : public FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    for (const FrameView& frame : frames) EXPECT_EQ(frame.offset(), next++);
    EXPECT_EQ(position.next_offset, next);
    if (next == kFrames) follower->Stop();
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    EXPECT_EQ(next, 0u);
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnLinkDown(const LinkDown&) override {
    // A failure that lasts fails each link.
    if (++links_down == 4) follower->Stop();
    return absl::OkStatus();
  }

  uint64_t next = 0;
  int links_down = 0;
  Follower* follower = nullptr;
};

// Follows up to kFrames. Returns the status.
absl::Status Follow(const std::string& address, const std::string& positions,
                    Handler* handler, FailingCalls* calls) {
  if (calls != nullptr) calls->Begin();
  absl::Status status;
  {
    absl::StatusOr<std::unique_ptr<FilePositionStore>> store =
        FilePositionStore::Open(positions);
    status = store.status();
    if (status.ok()) {
      FollowerOptions options;
      options.link.replica_id = "r1";
      options.link.protocol = ProtocolChoice::kV2;
      options.store.positions = store->get();
      options.store.interval = absl::ZeroDuration();
      options.retry.initial_backoff = absl::Milliseconds(1);
      options.retry.max_backoff = absl::Milliseconds(1);
      handler->next =
          (*store)->Load("shard-0")->value_or(FeedPosition{}).next_offset;
      absl::StatusOr<std::unique_ptr<Follower>> follower =
          Follower::Create(address, handler, options);
      status = follower.status();
      if (status.ok() && handler->next < kFrames) {
        handler->follower = follower->get();
        status = (*follower)->Run();
      }
    }
  }
  if (calls != nullptr) calls->End();
  return status;
}

TEST(FailingCallsTest, FollowerGoesOnOrEndsWithStoredPosition) {
  const TempFolder folder;
  const std::string positions = folder.File("positions");
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    ::unlink(positions.c_str());
    ScriptedPrimary primary;
    primary.SetDefault(PrimaryScript()
                           .Generation(7)
                           .FramesTo(kFrames,
                                     [](uint64_t offset) {
                                       return std::vector<std::string>{
                                           "SET", "key", absl::StrCat(offset)};
                                     })
                           .Stall());
    ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
    Handler handler;
    const absl::Status status =
        Follow(primary.address(), positions, &handler, calls);
    const CallReport failed = calls->report();
    if (!calls->failed() || failed.passes) {
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(handler.next, kFrames);
      EXPECT_EQ(handler.links_down, 1);
    } else if (!status.ok()) {
      EXPECT_FALSE(status.message().empty());
    } else if (!failed.lasting) {
      EXPECT_EQ(handler.next, kFrames);
    }
    // Frames without a stored position come again.
    Handler again;
    EXPECT_TRUE(Follow(primary.address(), positions, &again, nullptr).ok());
    EXPECT_EQ(again.next, kFrames);
  });
  EXPECT_GT(tried.calls, 40u);
  Report("follower", tried);
}

}  // namespace
}  // namespace kevy_replica
