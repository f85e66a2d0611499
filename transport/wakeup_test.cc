// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/wakeup.h"

#include <signal.h>
#include <sys/ioctl.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/when_blocked.h"

namespace kevy_replica {
namespace {

using transport_testing::FdLimit;
using transport_testing::IsReadable;
using transport_testing::WaitUntilReadable;
using transport_testing::WhenBlocked;

TEST(WakeupTest, IsReadableFromNotifyToClear) {
  Wakeup wakeup;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(wakeup.notified());
    EXPECT_FALSE(IsReadable(wakeup.fd()));
    wakeup.Notify();
    wakeup.Notify();
    EXPECT_TRUE(wakeup.notified());
    EXPECT_TRUE(IsReadable(wakeup.fd()));
    wakeup.Clear();
  }
}

TEST(WakeupTest, ClearWithoutNotifyIsHarmless) {
  Wakeup wakeup;
  wakeup.Clear();
  EXPECT_FALSE(wakeup.notified());
  wakeup.Notify();
  EXPECT_TRUE(IsReadable(wakeup.fd()));
}

TEST(WakeupTest, WritesBeforeNotifyAreVisibleAfterClear) {
  Wakeup wakeup;
  int order = 0;
  std::thread notifier([&] {
    order = 1;
    wakeup.Notify();
  });
  WaitUntilReadable(wakeup.fd());
  wakeup.Clear();
  EXPECT_EQ(order, 1);
  notifier.join();
}

TEST(WakeupTest, WakesSleeper) {
  Wakeup wakeup;
  for (int i = 0; i < 2; ++i) {
    WhenBlocked notify([&](auto&) { wakeup.Notify(); });
    WaitUntilReadable(wakeup.fd());
    wakeup.Clear();
  }
}

TEST(WakeupTest, OneClearTakesAllNotifies) {
  Wakeup wakeup;
  for (int i = 0; i < 100; ++i) wakeup.Notify();
  int bytes = 0;
  ASSERT_EQ(::ioctl(wakeup.fd(), FIONREAD, &bytes), 0);
  EXPECT_EQ(bytes, 1);  // The other calls skipped the system call.
  wakeup.Clear();
  EXPECT_FALSE(IsReadable(wakeup.fd()));
}

// A lost notification makes this test hang.
TEST(WakeupTest, KeepsEachNotification) {
  constexpr int kThreads = 3;
  constexpr int kEach = 5000;
  Wakeup wakeup;
  std::atomic<int> total{0};
  std::atomic<int> taken{0};
  std::vector<std::thread> notifiers;
  for (int thread = 0; thread < kThreads; ++thread) {
    notifiers.emplace_back([&, thread] {
      for (int i = 1; i <= kEach; ++i) {
        const int mine = ++total;
        wakeup.Notify();
        // From time to time, wait until all orders so far are taken.
        while (i % 50 == thread && taken < mine) std::this_thread::yield();
      }
    });
  }
  while (taken < kThreads * kEach) {
    WaitUntilReadable(wakeup.fd());
    wakeup.Clear();
    taken = total.load();
  }
  for (std::thread& notifier : notifiers) notifier.join();
}

Wakeup* notified_by_signal = nullptr;

TEST(WakeupTest, NotifiesFromSignalHandler) {
  Wakeup wakeup;
  notified_by_signal = &wakeup;
  struct sigaction action = {};
  action.sa_handler = [](int) { notified_by_signal->Notify(); };
  struct sigaction saved;
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &saved), 0);
  {
    WhenBlocked signal([target = ::pthread_self()](auto&) {
      ::pthread_kill(target, SIGUSR1);
    });
    WaitUntilReadable(wakeup.fd());
  }
  ::sigaction(SIGUSR1, &saved, nullptr);
}

TEST(WakeupTest, WorksWithoutPipe) {
  std::unique_ptr<Wakeup> wakeup;
  {
    const FdLimit limit(1);  // A pipe takes two.
    wakeup = std::make_unique<Wakeup>();
  }
  EXPECT_EQ(wakeup->fd(), -1);
  for (int i = 0; i < 2; ++i) {
    errno = E2BIG;
    wakeup->Notify();  // Its write fails.
    EXPECT_EQ(errno, E2BIG);
    EXPECT_TRUE(wakeup->notified());
    wakeup->Clear();
    EXPECT_FALSE(wakeup->notified());
  }
}

}  // namespace
}  // namespace kevy_replica
