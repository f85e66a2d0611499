// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/interrupter.h"

#include <signal.h>

#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/when_blocked.h"

namespace kevy_replica {
namespace {

using transport_testing::FdLimit;
using transport_testing::IsReadable;
using transport_testing::SignalsWhenBlocked;
using transport_testing::WhenBlocked;

TEST(InterrupterTest, SleepEndsAtTimeout) {
  const Interrupter interrupter;
  EXPECT_FALSE(interrupter.interrupted());
  EXPECT_FALSE(interrupter.Sleep(absl::ZeroDuration()));
  EXPECT_FALSE(interrupter.Sleep(-absl::Seconds(1)));
  EXPECT_FALSE(interrupter.Sleep(absl::Milliseconds(1)));
  EXPECT_FALSE(IsReadable(interrupter.fd()));
}

TEST(InterrupterTest, InterruptLasts) {
  Interrupter interrupter;
  interrupter.Interrupt();
  interrupter.Interrupt();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(interrupter.interrupted());
    EXPECT_TRUE(interrupter.Sleep(absl::InfiniteDuration()));
    EXPECT_TRUE(interrupter.Sleep(absl::ZeroDuration()));
    EXPECT_TRUE(IsReadable(interrupter.fd()));
  }
}

TEST(InterrupterTest, WakesSleeper) {
  Interrupter interrupter;
  WhenBlocked interrupt([&](auto&) { interrupter.Interrupt(); });
  EXPECT_TRUE(interrupter.Sleep(absl::InfiniteDuration()));
}

TEST(InterrupterTest, WakesAllSleepers) {
  Interrupter interrupter;
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 4; ++i) {
    sleepers.emplace_back([&interrupter] {
      EXPECT_TRUE(interrupter.Sleep(absl::InfiniteDuration()));
    });
  }
  interrupter.Interrupt();
  for (std::thread& sleeper : sleepers) sleeper.join();
}

TEST(InterrupterTest, SleepSurvivesSignals) {
  Interrupter interrupter;
  SignalsWhenBlocked signals(3, [&] { interrupter.Interrupt(); });
  EXPECT_TRUE(interrupter.Sleep(absl::InfiniteDuration()));
  EXPECT_EQ(signals.count(), 3);
}

Interrupter* interrupted_by_signal = nullptr;

TEST(InterrupterTest, InterruptsFromSignalHandler) {
  Interrupter interrupter;
  interrupted_by_signal = &interrupter;
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted_by_signal->Interrupt(); };
  struct sigaction saved;
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &saved), 0);
  {
    WhenBlocked signal([target = ::pthread_self()](auto&) {
      ::pthread_kill(target, SIGUSR1);
    });
    EXPECT_TRUE(interrupter.Sleep(absl::InfiniteDuration()));
  }
  ::sigaction(SIGUSR1, &saved, nullptr);
}

TEST(InterrupterTest, WorksWithoutPipe) {
  std::unique_ptr<Interrupter> interrupter;
  {
    const FdLimit limit(1);  // A pipe takes two.
    interrupter = std::make_unique<Interrupter>();
  }
  EXPECT_EQ(interrupter->fd(), -1);
  EXPECT_FALSE(interrupter->Sleep(absl::ZeroDuration()));
  EXPECT_FALSE(interrupter->Sleep(absl::Milliseconds(50)));
  {
    WhenBlocked interrupt([&](auto&) { interrupter->Interrupt(); });
    EXPECT_TRUE(interrupter->Sleep(absl::InfiniteDuration()));
  }
}

TEST(InterrupterTest, InterruptPreservesErrno) {
  std::unique_ptr<Interrupter> interrupter;
  {
    const FdLimit limit(0);
    interrupter = std::make_unique<Interrupter>();
  }
  errno = E2BIG;
  interrupter->Interrupt();  // Its write fails.
  EXPECT_EQ(errno, E2BIG);
}

}  // namespace
}  // namespace kevy_replica
