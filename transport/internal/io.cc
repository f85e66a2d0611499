// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/io.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/poll_timeout.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace transport_internal {

absl::Status WaitFor(int fd, short events, const Interrupter* interrupter,
                     const Deadline& deadline, const Operation& operation) {
  const auto interrupted = [interrupter] {
    return interrupter != nullptr && interrupter->interrupted();
  };
  pollfd fds[2] = {
      {fd, events, 0},
      {interrupter == nullptr ? -1 : interrupter->fd(), POLLIN, 0},
  };
  while (!interrupted()) {
    absl::Duration remaining = deadline.remaining();
    const bool last = remaining == absl::ZeroDuration();
    if (interrupter != nullptr && interrupter->fd() < 0) {
      // Without a pipe, an interrupt does not wake poll(): check every 20 ms.
      remaining = std::min(remaining, absl::Milliseconds(20));
    }
    const int ready = ::poll(fds, 2, PollTimeoutMs(remaining));
    if (ready < 0 && errno != EINTR) return ErrnoStatus(errno, operation);
    if (interrupted()) break;
    if (ready > 0 && fds[0].revents != 0) return absl::OkStatus();
    if (ready == 0 && last) return TimedOutStatus(operation);
  }
  return InterruptedStatus(operation);
}

absl::Status WriteAll(int fd, absl::string_view bytes,
                      ssize_t (*write_some)(int fd, const void* data,
                                            size_t size),
                      const Interrupter* interrupter, const Deadline& deadline,
                      const Operation& operation) {
  do {
    if (interrupter != nullptr && interrupter->interrupted()) {
      return InterruptedStatus(operation);
    }
    const ssize_t written = RetryOnEintr(
        [&] { return write_some(fd, bytes.data(), bytes.size()); });
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      const absl::Status status =
          WaitFor(fd, POLLOUT, interrupter, deadline, operation);
      if (!status.ok()) return status;
    } else {
      return ErrnoStatus(errno, operation);
    }
  } while (!bytes.empty());
  return absl::OkStatus();
}

}  // namespace transport_internal
}  // namespace kevy_replica
