// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_QUIET_THREAD_H_
#define KEVY_REPLICA_TOOLS_COMMON_QUIET_THREAD_H_

#include <functional>
#include <thread>

namespace kevy_replica {

// Starts a thread that signals do not reach. They must reach the main thread,
// since a signal ends a blocked write only on the thread it reaches.
std::thread QuietThread(std::function<void()> run);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_QUIET_THREAD_H_
