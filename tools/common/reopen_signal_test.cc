// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/reopen_signal.h"

#include <signal.h>

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(ReopenRequestsTest, EachFileTakesSignalOnce) {
  HandleReopenSignal();
  ReopenRequests one;
  ReopenRequests other;
  EXPECT_FALSE(one.Take());
  raise(SIGUSR1);
  raise(SIGUSR1);
  EXPECT_TRUE(one.Take());
  EXPECT_FALSE(one.Take());
  EXPECT_TRUE(other.Take());
  EXPECT_FALSE(ReopenRequests().Take());
}

}  // namespace
}  // namespace kevy_replica
