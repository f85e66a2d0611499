// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The memory, descriptors and threads of this process, as Linux tells them.

#ifndef KEVY_REPLICA_TOOLS_TESTING_PROCESS_USAGE_H_
#define KEVY_REPLICA_TOOLS_TESTING_PROCESS_USAGE_H_

#include <cstddef>
#include <string>

namespace kevy_replica {

struct ProcessUsage {
  size_t resident_bytes = 0;  // /proc/self/statm.
  size_t heap_bytes = 0;      // Allocated by malloc. 0 under a sanitizer.
  size_t descriptors = 0;
  size_t threads = 0;
};

// Ends the program if /proc is missing.
ProcessUsage ThisProcessUsage();

// "rss=10.5MiB heap=2.0MiB fds=7 threads=3".
std::string ToString(const ProcessUsage& usage);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_PROCESS_USAGE_H_
