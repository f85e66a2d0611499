// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Waits for many descriptors at once.

#ifndef KEVY_REPLICA_TRANSPORT_POLLER_H_
#define KEVY_REPLICA_TRANSPORT_POLLER_H_

#include <cstdint>
#include <memory>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/cxx17.h"

namespace kevy_replica {

// Uses epoll on Linux and poll() elsewhere. The cost of a wait grows with the
// ready descriptors under epoll, and with all watched ones under poll().
//
//   auto poller = Poller::Create();
//   (*poller)->Set(connection.fd(), POLLIN, /*id=*/7);
//   for (;;) {
//     auto ready = (*poller)->Wait(absl::Seconds(1));
//     for (uint64_t id : *ready) ...
//   }
//
// For one thread at a time. Another thread ends a Wait() through a Wakeup that
// this Poller watches.
class Poller {
 public:
  // kResourceExhausted if the process has reached its limit of descriptors.
  static absl::StatusOr<std::unique_ptr<Poller>> Create();
  // Makes a Poller that uses poll() on every system. Tests try both kinds on
  // one machine.
  [[nodiscard]] static std::unique_ptr<Poller> CreateWithPoll();

  virtual ~Poller() = default;

  // Watches `fd` for `events`: POLLIN, POLLOUT, or both. 0 watches for errors
  // and hangups, which every watch includes. Wait() returns `id` for it. If
  // `fd` is watched already, this call replaces its events and id.
  //
  // Errors: kFailedPrecondition for a closed `fd`, kResourceExhausted at the
  // system's limit of watches, or another error of the system.
  virtual absl::Status Set(int fd, short events, uint64_t id) = 0;

  // Stops watching `fd`. Call it before `fd` is closed, and so before the owner
  // of `fd` is destroyed. Ignores an unwatched `fd`.
  virtual void Remove(int fd) = 0;

  // Waits until a descriptor is ready. Returns the ids of some of the ready
  // ones; the next call returns the others. An empty result means that the
  // timeout has passed or a signal came.
  //
  // Ready is a state: a descriptor is returned again until its owner has read
  // or written. Errors and hangups make it ready. Regular files are always
  // ready, as with poll(), although epoll rejects them. The ids may include one
  // whose descriptor was removed since.
  //
  // The result is valid until the next Wait(). Errors: the system's, after a
  // programming error only.
  virtual absl::StatusOr<absl::Span<const uint64_t>> Wait(
      absl::Duration timeout) ABSL_ATTRIBUTE_LIFETIME_BOUND = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_POLLER_H_
