// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/stop_signals.h"

#include <signal.h>
#include <stdlib.h>

#include <memory>

#include "gtest/gtest.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

// Each case runs in a process of its own, since the handlers stay.

[[noreturn]] void ExitIf(bool ok) { exit(ok ? 7 : 1); }

TEST(StopSignalsDeathTest, FirstSignalInterrupts) {
  for (const int first : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EXIT(
        {
          const std::shared_ptr<Interrupter> interrupter = HandleStopSignals();
          const bool before = interrupter->interrupted();
          raise(first);
          ExitIf(!before && interrupter->interrupted());
        },
        ExitedWithCode(7), "");
  }
}

TEST(StopSignalsDeathTest, SecondSignalKills) {
  EXPECT_EXIT(
      {
        HandleStopSignals();
        raise(SIGHUP);
        raise(SIGINT);
      },
      KilledBySignal(SIGINT), "");
}

TEST(StopSignalsDeathTest, RequestInterruptsAndLeavesSignals) {
  EXPECT_EXIT(
      {
        const std::shared_ptr<Interrupter> interrupter = HandleStopSignals();
        RequestStop();
        const bool stopped = interrupter->interrupted();
        raise(SIGINT);  // Still the first one.
        ExitIf(stopped);
      },
      ExitedWithCode(7), "");
}

TEST(StopSignalsDeathTest, IgnoredHangupStaysIgnored) {
  EXPECT_EXIT(
      {
        signal(SIGHUP, SIG_IGN);
        const std::shared_ptr<Interrupter> interrupter = HandleStopSignals();
        raise(SIGHUP);
        ExitIf(!interrupter->interrupted());
      },
      ExitedWithCode(7), "");
}

TEST(StopSignalsDeathTest, WriteErrorsDoNotKill) {
  EXPECT_EXIT(
      {
        HandleStopSignals();
        raise(SIGPIPE);
        raise(SIGXFSZ);
        ExitIf(true);
      },
      ExitedWithCode(7), "");
}

}  // namespace
}  // namespace kevy_replica
