// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Wakes a thread that waits in poll() or in a Poller, again and again.

#ifndef KEVY_REPLICA_TRANSPORT_WAKEUP_H_
#define KEVY_REPLICA_TRANSPORT_WAKEUP_H_

#include <atomic>

#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {

// A pipe that is readable from Notify() to Clear(). One thread waits:
//
//   poller->Set(wakeup.fd(), POLLIN, kWakeup);
//   ...
//   if (id == kWakeup) {
//     wakeup.Clear();
//     TakeOrders();  // After Clear(), so that each order is seen.
//   }
//
// Any other thread tells it of work:
//
//   AddOrder();
//   wakeup.Notify();
//
// Writes before a Notify() are visible after the Clear() that takes it.
// (Interrupter is a wakeup that lasts, for waits that must end.)
//
// Thread-safe, except Clear(), which belongs to the waiting thread. Holds a
// pipe.
class Wakeup {
 public:
  Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // Wakes the waiting thread, now or as soon as it waits. Async-signal-safe.
  // Costs a system call only as the first one after a Clear().
  void Notify() noexcept;

  // Returns a descriptor for poll(), readable from Notify() to Clear(). A
  // Clear() during a Notify() may leave it readable once more. It belongs to
  // this object, and must not be read.
  //
  // -1 if the process had reached its limit of descriptors. The waiting thread
  // then checks notified() from time to time.
  int fd() const { return read_fd_.get(); }

  // Whether there was a Notify() after the last Clear().
  bool notified() const noexcept {
    return notified_.load(std::memory_order_acquire);
  }

  // Takes the Notify() calls so far. Waiting thread only.
  void Clear();

 private:
  std::atomic<bool> notified_{false};
  transport_internal::UniqueFd read_fd_;
  transport_internal::UniqueFd write_fd_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_WAKEUP_H_
