// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_EVERY_SECOND_H_
#define KEVY_REPLICA_TOOLS_EVERY_SECOND_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace kevy_replica {

// As long as it lives, calls `function` every second, on a thread of its own
// that no signal reaches: the first time a second from now.
class EverySecond {
 public:
  explicit EverySecond(std::function<void()> function);
  ~EverySecond();  // Waits for a call that lasts.
  EverySecond(const EverySecond&) = delete;
  EverySecond& operator=(const EverySecond&) = delete;

 private:
  void Run();

  const std::function<void()> function_;
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_EVERY_SECOND_H_
