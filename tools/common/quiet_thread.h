// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_QUIET_THREAD_H_
#define KEVY_REPLICA_TOOLS_COMMON_QUIET_THREAD_H_

#include <pthread.h>

#include <functional>

namespace kevy_replica {

// A thread that signals do not reach. They must reach the main thread, since a
// signal ends a blocked write only on the thread it reaches.
class QuietThread {
 public:
  // Starts it. If the system has no thread left, ends the program with an error
  // and kExitError: std::thread would abort it.
  explicit QuietThread(std::function<void()> run);
  QuietThread(const QuietThread&) = delete;
  QuietThread& operator=(const QuietThread&) = delete;

  // Waits until it has ended. Must be called once.
  void join();

 private:
  const std::function<void()> run_;
  pthread_t thread_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_QUIET_THREAD_H_
