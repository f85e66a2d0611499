// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A way to end waiting, from any thread or signal handler.

#ifndef KEVY_REPLICA_TRANSPORT_INTERRUPTER_H_
#define KEVY_REPLICA_TRANSPORT_INTERRUPTER_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {

// Once interrupted, for ever. One Interrupter may serve any number of
// transports and waits, so that one call ends a read, a connect and a sleep
// alike.
//
// Thread-safe. Holds a pipe. Where the process has no descriptors left for one,
// waits look for an interrupt some fifty times a second instead.
class Interrupter {
 public:
  // Wakes all who wait on this object, now and later. Async-signal-safe.
  void Interrupt() noexcept { wakeup_.Notify(); }

  bool interrupted() const noexcept { return wakeup_.notified(); }

  // A descriptor that is readable from the first Interrupt() on, for poll(). It
  // must not be read. Owned by this object. -1 if there was no pipe to be had.
  int fd() const { return wakeup_.fd(); }

  // Waits until poll() reports one of `events` (POLLIN, POLLOUT), an error or a
  // hangup for `fd`. Errors: kCancelled, once interrupted, also where `fd` is
  // ready; kDeadlineExceeded; kUnavailable for an `fd` of -1, as one is kept
  // that was closed. This is what a transport of your own over a descriptor
  // needs: see docs/transports.md.
  absl::Status WaitFor(int fd, short events, absl::Duration timeout) const;

  // Waits until `timeout` has passed or Interrupt() is called. Returns whether
  // it was interrupted.
  bool Sleep(absl::Duration timeout) const;

 private:
  Wakeup wakeup_;  // Never cleared.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERRUPTER_H_
