// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/every_second.h"

#include <signal.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace kevy_replica {

EverySecond::EverySecond(std::function<void()> function)
    : function_(std::move(function)) {
  // A thread begins with its maker's mask. A signal is to get the main thread
  // out of a write, which it only does where it arrives.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

EverySecond::~EverySecond() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    ended_changed_.notify_all();
  }
  thread_.join();
}

void EverySecond::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ended_changed_.wait_for(lock, std::chrono::seconds(1),
                                  [this] { return ended_; })) {
    lock.unlock();
    function_();
    lock.lock();
  }
}

}  // namespace kevy_replica
