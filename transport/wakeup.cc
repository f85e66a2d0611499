// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/wakeup.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {

using transport_internal::RetryOnEintr;
using transport_internal::UniqueFd;

static_assert(std::atomic<bool>::is_always_lock_free,
              "Notify() would not be async-signal-safe");

Wakeup::Wakeup() {
  int fds[2];
  if (::pipe(fds) != 0) return;
  for (const int fd : fds) {
    transport_internal::SetCloseOnExec(fd);
    transport_internal::SetNonBlocking(fd);
  }
  read_fd_ = UniqueFd(fds[0]);
  write_fd_ = UniqueFd(fds[1]);
}

void Wakeup::Notify() noexcept {
  if (notified_.exchange(true, std::memory_order_acq_rel)) return;
  // A signal handler must preserve errno.
  const int saved_errno = errno;
  RetryOnEintr([this] { return ::write(write_fd_.get(), "", 1); });
  errno = saved_errno;
}

void Wakeup::Clear() {
  // Empty the pipe first, then clear the flag. A Notify() between the two steps
  // finds the flag set and skips its write; its caller's work is visible after
  // this call. In the other order this call could read the byte of a Notify()
  // and leave the flag set. Every later Notify() would then skip its write.
  char bytes[16];  // Notify() and Clear() may cross and leave several bytes.
  while (RetryOnEintr([&] {
           return ::read(read_fd_.get(), bytes, sizeof(bytes));
         }) == sizeof(bytes)) {
  }
  notified_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace kevy_replica
