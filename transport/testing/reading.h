// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reads for tests: one read, a number of bytes, and waits on a descriptor.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_READING_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_READING_H_

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace transport_testing {

inline absl::StatusCode CodeOf(const absl::Status& status) {
  return status.code();
}
template <typename T>
absl::StatusCode CodeOf(const absl::StatusOr<T>& result) {
  return result.status().code();
}

// Calls Read() once. Returns the bytes or the error.
inline absl::StatusOr<std::string> ReadOnce(
    Transport& transport, size_t size = 4096,
    absl::Duration timeout = absl::InfiniteDuration()) {
  std::string buffer(size, '\0');
  const absl::StatusOr<size_t> read =
      transport.Read(absl::MakeSpan(&buffer[0], buffer.size()), timeout);
  if (!read.ok()) return read.status();
  buffer.resize(*read);
  return buffer;
}

// Reads `size` bytes, at most `read_size()` of them with each Read(). Returns
// fewer if an end or an error comes first.
inline std::string ReadBytes(
    Transport& transport, size_t size,
    const std::function<size_t()>& read_size = [] { return size_t{65536}; }) {
  std::string result;
  while (result.size() < size) {
    const absl::StatusOr<std::string> bytes =
        ReadOnce(transport, std::min(read_size(), size - result.size()));
    if (!bytes.ok() || bytes->empty()) break;
    result += *bytes;
  }
  return result;
}

// Whether poll() reports within `timeout_ms` that a read would not wait.
inline bool IsReadable(int fd, int timeout_ms = 0) {
  pollfd poll_fd = {fd, POLLIN, 0};
  return ::poll(&poll_fd, 1, timeout_ms) == 1 &&
         (poll_fd.revents & (POLLIN | POLLHUP)) != 0;
}

// Waits until poll() reports that a read would not wait. Fails the test and
// returns after 30 s.
inline void WaitUntilReadable(int fd) {
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!IsReadable(fd, 1000)) {  // A signal ends it early.
    if (absl::Now() < end) continue;
    ADD_FAILURE() << "descriptor " << fd << " was not readable within 30 s";
    return;
  }
}

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_READING_H_
