// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Ends a test that hangs.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_WATCHDOG_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_WATCHDOG_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/time.h"

namespace kevy_replica {
namespace transport_testing {

// Ends the program with a message that names `name`, if this object lives
// longer than `limit`.
class Watchdog {
 public:
  Watchdog(std::string name, absl::Duration limit);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Run();

  const std::string name_;
  const absl::Duration limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_WATCHDOG_H_
