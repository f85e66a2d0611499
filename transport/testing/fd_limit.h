// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A small limit on open descriptors, for tests.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_FD_LIMIT_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_FD_LIMIT_H_

#include <sys/resource.h>
#include <unistd.h>

namespace kevy_replica {
namespace transport_testing {

// While this object lives, the process may open `more` descriptors beyond those
// that are open.
class FdLimit {
 public:
  explicit FdLimit(int more) {
    ::getrlimit(RLIMIT_NOFILE, &saved_);
    const int next_free = ::dup(STDERR_FILENO);
    ::close(next_free);
    rlimit lowered = saved_;
    const int limit = next_free + more;
    lowered.rlim_cur = static_cast<rlim_t>(limit);
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~FdLimit() { ::setrlimit(RLIMIT_NOFILE, &saved_); }
  FdLimit(const FdLimit&) = delete;
  FdLimit& operator=(const FdLimit&) = delete;

 private:
  rlimit saved_;
};

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_FD_LIMIT_H_
