// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/reader_watch.h"

#include <functional>
#include <utility>

#include "absl/time/time.h"

namespace kevy_replica {

ReaderWatch::ReaderWatch(int fd, std::function<void()> gone)
    : thread_([this, fd, gone = std::move(gone)] {
        // Without events, only an error or a hangup ends the wait.
        if (ended_.WaitFor(fd, /*events=*/0, absl::InfiniteDuration()).ok()) {
          gone();
        }
      }) {}

ReaderWatch::~ReaderWatch() {
  ended_.Interrupt();
  thread_.join();
}

}  // namespace kevy_replica
