// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Actions on a thread that is blocked in a system call, for tests.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_WHEN_BLOCKED_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_WHEN_BLOCKED_H_

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "absl/strings/str_cat.h"
#include "kevy_replica/transport/testing/temp_dir.h"

namespace kevy_replica {
namespace transport_testing {

// Calls `action` on a thread of its own, as soon as the thread that made this
// object sleeps in the kernel. The destructor calls it at the latest. A test
// thus reaches into a blocked call without guessing how long blocking takes.
//
// The result of a test must not depend on it: without /proc the action simply
// comes early.
class WhenBlocked {
 public:
  explicit WhenBlocked(std::function<void(WhenBlocked&)> action)
      : thread_([this, action = std::move(action)] {
          Await();
          action(*this);
        }) {}
  ~WhenBlocked() {
    done_ = true;
    thread_.join();
  }

  // Waits until the thread sleeps again, for actions of several steps.
  void Await() const {
#ifdef __linux__
    const std::string path = absl::StrCat("/proc/self/task/", tid_, "/stat");
    while (!done_) {
      const std::string stat = FileContents(path);
      const size_t name_end = stat.rfind(')');
      if (name_end == std::string::npos || stat[name_end + 2] == 'S') return;
      std::this_thread::yield();
    }
#endif
  }
  bool done() const { return done_; }

 private:
#ifdef __linux__
  const long tid_ = ::syscall(SYS_gettid);
#endif
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// Sends a signal to the thread that made this object, each time that it has
// blocked, `times` times. The handler makes system calls fail with EINTR. Then
// calls `action`.
class SignalsWhenBlocked {
 public:
  SignalsWhenBlocked(int times, std::function<void()> action)
      : signals_([times, action = std::move(action),
                  target = ::pthread_self()](WhenBlocked& watch) {
          for (int i = 1; i <= times && !watch.done(); ++i) {
            ::pthread_kill(target, SIGUSR1);
            while (count_ < i && !watch.done()) std::this_thread::yield();
            watch.Await();
          }
          action();
        }) {}
  ~SignalsWhenBlocked() = default;

  // Signals handled so far.
  int count() const { return count_; }

 private:
  // A member before `signals_`: the handler stands before the thread starts.
  struct Handler {
    Handler() {
      count_ = 0;
      struct sigaction action = {};
      action.sa_handler = [](int) { ++count_; };  // Without SA_RESTART.
      ::sigaction(SIGUSR1, &action, &saved);
    }
    ~Handler() { ::sigaction(SIGUSR1, &saved, nullptr); }
    struct sigaction saved;
  };

  static inline std::atomic<int> count_{0};
  Handler handler_;
  WhenBlocked signals_;
};

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_WHEN_BLOCKED_H_
