// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/delayed_interrupt.h"

#include <memory>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

TEST(DelayedInterruptTest, FollowsFirstInterrupt) {
  const auto first = std::make_shared<Interrupter>();
  const DelayedInterrupt delayed(first, absl::Milliseconds(1));
  EXPECT_FALSE(delayed.interrupter()->Sleep(absl::Milliseconds(20)));
  first->Interrupt();
  EXPECT_TRUE(delayed.interrupter()->Sleep(absl::InfiniteDuration()));
}

TEST(DelayedInterruptTest, FollowsEarlierInterrupt) {
  const auto first = std::make_shared<Interrupter>();
  first->Interrupt();
  const DelayedInterrupt delayed(first, absl::ZeroDuration());
  EXPECT_TRUE(delayed.interrupter()->Sleep(absl::InfiniteDuration()));
}

TEST(DelayedInterruptTest, DestructorEndsDelay) {
  const auto first = std::make_shared<Interrupter>();
  std::shared_ptr<Interrupter> later;
  for (const bool interrupt : {false, true}) {
    if (interrupt) first->Interrupt();
    const DelayedInterrupt delayed(first, absl::InfiniteDuration());
    later = delayed.interrupter();
  }
  EXPECT_FALSE(later->interrupted());
}

}  // namespace
}  // namespace kevy_replica
