// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/quiet_thread.h"

#include <signal.h>

#include <functional>
#include <thread>
#include <utility>

namespace kevy_replica {

std::thread QuietThread(std::function<void()> run) {
  // A thread starts with its creator's signal mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace kevy_replica
