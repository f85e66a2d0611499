// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/quiet_thread.h"

#include <pthread.h>
#include <signal.h>

#include <cstdlib>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "kevy_replica/tools/common/program.h"

namespace kevy_replica {

QuietThread::QuietThread(std::function<void()> run) : run_(std::move(run)) {
  // A thread starts with its creator's signal mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = ::pthread_create(
      &thread_, nullptr,
      [](void* self) -> void* {
        static_cast<QuietThread*>(self)->run_();
        return nullptr;
      },
      this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) return;
  // Other threads may run, and use objects that exit() would destroy.
  std::_Exit(ExitStatusOf(absl::ErrnoToStatus(error, "start a thread")));
}

void QuietThread::join() { ::pthread_join(thread_, nullptr); }

}  // namespace kevy_replica
