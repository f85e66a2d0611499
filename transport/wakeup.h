// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Wakes a thread that waits in poll() or in a Poller, again and again.

#ifndef KEVY_REPLICA_TRANSPORT_WAKEUP_H_
#define KEVY_REPLICA_TRANSPORT_WAKEUP_H_

#include <atomic>

#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {

// A pipe that is readable or not. One thread waits:
//
//   poller->Set(wakeup.fd(), POLLIN, kWakeup);
//   ...
//   if (id == kWakeup) {
//     wakeup.Clear();
//     TakeOrders();  // After Clear(), so that none is missed.
//   }
//
// Any other tells it that there is something to do:
//
//   AddOrder();
//   wakeup.Notify();
//
// What happened before a Notify() is seen after the Clear() that takes it. (For
// a wake-up that is for ever, and for waits that end with it, see Interrupter.)
//
// Thread-safe, but for Clear(), which is the waiting thread's. Holds a pipe.
class Wakeup {
 public:
  Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // Wakes the waiting thread, now or as soon as it waits. Async-signal-safe. No
  // system call where a Notify() has not been cleared yet.
  void Notify() noexcept;

  // A descriptor that is readable from Notify() to Clear(), for poll(). (Seldom
  // once more, after a Clear() that came during a Notify().) It must not be
  // read. Owned by this object. -1 if the process had no descriptors left for a
  // pipe: then look at notified() now and then.
  int fd() const { return read_fd_.get(); }

  // Whether there was a Notify() after the last Clear().
  bool notified() const noexcept {
    return notified_.load(std::memory_order_acquire);
  }

  void Clear();

 private:
  std::atomic<bool> notified_{false};
  transport_internal::UniqueFd read_fd_;
  transport_internal::UniqueFd write_fd_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_WAKEUP_H_
