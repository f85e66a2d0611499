// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/testing/watchdog.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/time.h"

namespace kevy_replica {
namespace transport_testing {

Watchdog::Watchdog(std::string name, absl::Duration limit)
    : name_(std::move(name)), limit_(limit), thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (changed_.wait_for(lock, absl::ToChronoNanoseconds(limit_),
                        [this] { return done_; })) {
    return;
  }
  std::fprintf(stderr, "%s still waits after %s\n", name_.c_str(),
               absl::FormatDuration(limit_).c_str());
  std::abort();
}

}  // namespace transport_testing
}  // namespace kevy_replica
