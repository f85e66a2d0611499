// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/backoff.h"

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
