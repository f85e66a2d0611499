// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/reopen_signal.h"

#include <signal.h>

#include <atomic>
#include <utility>

namespace kevy_replica {
namespace {

std::atomic<unsigned> signals{0};
static_assert(std::atomic<unsigned>::is_always_lock_free,
              "the signal handler would not be async-signal-safe");

}  // namespace

void HandleReopenSignal() {
  struct sigaction action = {};
  action.sa_handler = [](int) { ++signals; };
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
}

bool ReopenRequests::Take() {
  const unsigned count = Count();
  return std::exchange(met_, count) != count;
}

unsigned ReopenRequests::Count() { return signals.load(); }

}  // namespace kevy_replica
