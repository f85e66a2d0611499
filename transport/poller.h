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

namespace kevy_replica {

// epoll where there is one, else poll(): with epoll a wait costs what is ready,
// not what is watched.
//
//   auto poller = Poller::Create();
//   (*poller)->Set(connection.fd(), POLLIN, /*id=*/7);
//   for (;;) {
//     auto ready = (*poller)->Wait(absl::Seconds(1));
//     for (uint64_t id : *ready) ...
//   }
//
// For one thread at a time. To wake it out of Wait(), let it watch a Wakeup.
class Poller {
 public:
  // kResourceExhausted, if the process has no descriptor left for it.
  static absl::StatusOr<std::unique_ptr<Poller>> Create();
  // By poll(), as Create() does where there is no epoll: so that tests try both
  // on one machine.
  static std::unique_ptr<Poller> CreateWithPoll();

  virtual ~Poller() = default;

  // Watches `fd` for `events` (POLLIN, POLLOUT or both; 0: for errors and
  // hangups alone, which are always watched for). Wait() will call it `id`. If
  // it is watched already, this takes the place of what was set before.
  //
  // Errors: the system's; kFailedPrecondition for an `fd` that is not open,
  // kResourceExhausted where the system watches no more.
  virtual absl::Status Set(int fd, short events, uint64_t id) = 0;

  // Watches `fd` no more. To be called before `fd` is closed, and so before
  // what owns it is destroyed. Harmless for one that is not watched.
  virtual void Remove(int fd) = 0;

  // Waits until one or more are ready, and returns their ids: any number of
  // them, the rest comes with the next call. "Ready" is a state, not a change:
  // what is not dealt with is returned again. An error or a hangup counts.
  // Regular files are always ready, as poll() has it, for all that epoll does
  // not take them.
  //
  // An id is in there still if its descriptor was removed since.
  //
  // Nothing at all: `timeout` has passed, or a signal came. The ids are valid
  // until the next call of Wait(). Errors: the system's; none is to be
  // expected.
  virtual absl::StatusOr<absl::Span<const uint64_t>> Wait(
      absl::Duration timeout) ABSL_ATTRIBUTE_LIFETIME_BOUND = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_POLLER_H_
