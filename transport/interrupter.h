// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Ends waits, from any thread or signal handler.

#ifndef KEVY_REPLICA_TRANSPORT_INTERRUPTER_H_
#define KEVY_REPLICA_TRANSPORT_INTERRUPTER_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {

// A flag that ends waits. Once set, it stays set. One Interrupter may serve any
// number of transports and waits, so that one call ends a read, a connect and a
// sleep alike.
//
// Thread-safe. Holds a pipe. If the process has reached its limit of
// descriptors, waits check the flag every 20 ms instead.
class Interrupter {
 public:
  // Sets the flag, and so ends all waits on this object, now and later.
  // Async-signal-safe.
  void Interrupt() noexcept { wakeup_.Notify(); }

  bool interrupted() const noexcept { return wakeup_.notified(); }

  // Returns a descriptor for poll(), readable from the first Interrupt() on. It
  // belongs to this object, and must not be read. -1 without a pipe.
  int fd() const { return wakeup_.fd(); }

  // Waits until poll() reports one of `events` (POLLIN, POLLOUT), an error or a
  // hangup for `fd`. A transport of your own over a descriptor waits with it:
  // see docs/transports.md.
  //
  // Returns:
  //   OK                 `fd` is ready
  //   kCancelled         interrupted, even if `fd` is ready
  //   kDeadlineExceeded  the timeout passed first
  //   kUnavailable       `fd` is -1, as after a close
  absl::Status WaitFor(int fd, short events, absl::Duration timeout) const;

  // Waits until `timeout` has passed or Interrupt() is called. Returns whether
  // it was interrupted.
  bool Sleep(absl::Duration timeout) const;

 private:
  Wakeup wakeup_;  // Stays notified: Clear() is not called.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERRUPTER_H_
