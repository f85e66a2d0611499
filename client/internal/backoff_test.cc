// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/backoff.h"

#include <cstdint>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/retry_options.h"

namespace kevy_replica {
namespace client_internal {
namespace {

RetryOptions Options() {
  RetryOptions options;
  options.initial_backoff = absl::Milliseconds(100);
  options.max_backoff = absl::Seconds(1);
  options.random = [] { return 0.5; };
  return options;
}

TEST(BackoffTest, DoublesUpToTheMaximum) {
  Backoff backoff(Options());
  for (const int milliseconds : {50, 100, 200, 400, 500, 500}) {
    EXPECT_EQ(backoff.Next(), absl::Milliseconds(milliseconds));
  }
  EXPECT_EQ(backoff.attempt(), 6);
}

TEST(BackoffTest, ResetStartsOver) {
  Backoff backoff(Options());
  backoff.Next();
  backoff.Next();
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(50));
  EXPECT_EQ(backoff.attempt(), 1);
}

TEST(BackoffTest, LongestAndSkipCountAsAttempts) {
  Backoff backoff(Options());
  EXPECT_EQ(backoff.Longest(), absl::Milliseconds(500));
  EXPECT_EQ(backoff.Skip(), absl::ZeroDuration());
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(200));
  EXPECT_EQ(backoff.Whole(), absl::Seconds(1));
  EXPECT_EQ(backoff.attempt(), 4);
}

EndedLink Followed(absl::Duration followed) {
  EndedLink link;
  link.followed = followed;
  return link;
}

TEST(BackoffTest, LinkThatOutlivesTheLastWaitStartsOver) {
  Backoff backoff(Options());
  for (int i = 0; i < 3; ++i) backoff.Next();  // The last wait: 200 ms.
  EndedLink silent;
  backoff.HandleEnd(silent);
  EXPECT_EQ(backoff.attempt(), 3);
  backoff.HandleEnd(Followed(absl::Milliseconds(200)));
  EXPECT_EQ(backoff.attempt(), 3);
  backoff.HandleEnd(Followed(absl::Milliseconds(201)));
  EXPECT_EQ(backoff.attempt(), 0);
}

TEST(BackoffTest, ErrorsAtOnePositionKeepGrowing) {
  Backoff backoff(Options());
  EndedLink link = Followed(absl::Seconds(30));
  link.failed_at = 8;
  for (int i = 0; i < 5; ++i) {
    backoff.HandleEnd(link);
    backoff.Next();
    EXPECT_EQ(backoff.attempt(), i + 1);
  }
  backoff.HandleEnd(Followed(absl::ZeroDuration()));  // Tells nothing.
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.attempt(), 5);
  link.failed_at = 9;
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.attempt(), 0);
  backoff.Next();
  link.followed = Backoff::kSettled;
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.attempt(), 0);
}

TEST(BackoffTest, ResyncsThatFollowEachOtherKeepGrowing) {
  Backoff backoff(Options());
  EndedLink link = Followed(absl::Seconds(30));
  link.resync = true;
  for (uint64_t i = 0; i < 5; ++i) {
    link.failed_at = i;
    backoff.HandleEnd(link);
    backoff.Next();
    EXPECT_EQ(backoff.attempt(), i + 1);
  }
  link.followed = Backoff::kSettled;
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.attempt(), 0);
}

TEST(BackoffTest, SettledLinkForgetsErrorsAndResyncs) {
  Backoff backoff(Options());
  EndedLink link = Followed(absl::Seconds(30));
  link.failed_at = 8;
  link.resync = true;
  for (int i = 0; i < 2; ++i) {
    backoff.Next();
    backoff.HandleEnd(link);  // The first, so no repetition.
    EXPECT_EQ(backoff.attempt(), 0);
    backoff.Next();
    backoff.HandleEnd(link);
    EXPECT_EQ(backoff.attempt(), 1);
    backoff.HandleEnd(Followed(Backoff::kSettled));
  }
}

TEST(BackoffTest, SnapshotsInVainAreCountedAnew) {
  Backoff backoff(Options());
  EndedLink link = Followed(absl::Seconds(59));
  link.asked_snapshot = true;
  link.connected = absl::UnixEpoch();
  EndedLink settled = link;
  settled.followed = Backoff::kSettled;
  for (int i = 0; i < 2; ++i) {
    backoff.HandleEnd(settled);  // Not in vain.
    backoff.HandleEnd(link);
    EXPECT_EQ(backoff.snapshot_after(), absl::InfinitePast());
  }
  backoff.HandleEnd(link);
  EXPECT_NE(backoff.snapshot_after(), absl::InfinitePast());
  backoff.Reset();
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.snapshot_after(), absl::InfinitePast());
}

TEST(BackoffTest, SnapshotsInVainAreSpaced) {
  Backoff backoff(Options());
  EXPECT_EQ(backoff.snapshot_after(), absl::InfinitePast());
  EndedLink link = Followed(absl::Seconds(59));
  link.asked_snapshot = true;
  link.connected = absl::UnixEpoch();
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.snapshot_after(), absl::InfinitePast());
  link.connected += absl::Seconds(100);
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.snapshot_after(), link.connected + absl::Seconds(1));
  // Links without a snapshot change nothing, unless they settle.
  backoff.HandleEnd(Followed(absl::Seconds(59)));
  EXPECT_EQ(backoff.snapshot_after(), link.connected + absl::Seconds(1));
  backoff.HandleEnd(Followed(Backoff::kSettled));
  EXPECT_EQ(backoff.snapshot_after(), absl::InfinitePast());
  backoff.HandleEnd(link);
  backoff.HandleEnd(link);
  backoff.Reset();
  EXPECT_EQ(backoff.snapshot_after(), absl::InfinitePast());
}

TEST(BackoffTest, LocatedPrimaryEndsSpacingUnlessSnapshotBrokeOff) {
  Backoff backoff(Options());
  EndedLink link = Followed(absl::Seconds(1));
  link.asked_snapshot = true;
  link.connected = absl::UnixEpoch();
  link.failed_at = 7;
  for (const bool broke_off : {true, false}) {
    link.snapshot_broke_off = broke_off;
    backoff.HandleEnd(link);
    backoff.HandleEnd(link);
    backoff.Next();
    backoff.HandleLocated();
    EXPECT_EQ(backoff.attempt(), 0);
    EXPECT_EQ(backoff.snapshot_after(), broke_off
                                            ? link.connected + absl::Seconds(1)
                                            : absl::InfinitePast());
  }
  // The count began anew: one more is not two.
  backoff.HandleEnd(link);
  EXPECT_EQ(backoff.snapshot_after(), absl::InfinitePast());
}

TEST(BackoffTest, DrawsFromTheSystemByDefault) {
  RetryOptions options = Options();
  options.random = nullptr;
  Backoff backoff(options);
  for (int i = 0; i < 100; ++i) {
    const absl::Duration wait = backoff.Longest();
    EXPECT_GE(wait, absl::ZeroDuration());
    EXPECT_LT(wait, absl::Seconds(1));
  }
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
