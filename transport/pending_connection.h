// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Connecting without waiting.

#ifndef KEVY_REPLICA_TRANSPORT_PENDING_CONNECTION_H_
#define KEVY_REPLICA_TRANSPORT_PENDING_CONNECTION_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/socket_transport.h"

namespace kevy_replica {
namespace transport_internal {
class ConnectAttempts;
}  // namespace transport_internal

// What ConnectTransport() does, a step at a time, for a thread that has other
// things to do meanwhile:
//
//   PendingConnection pending("127.0.0.1:16004", options);
//   for (;;) {
//     auto transport = pending.Poll();
//     if (!transport.ok()) return transport.status();
//     if (*transport != nullptr) return Follow(*std::move(transport));
//     poller->Set(pending.fd(), POLLOUT, id);
//     poller->Wait(pending.timeout());
//     poller->Remove(pending.fd());
//   }
//
// For one thread at a time.
class PendingConnection {
 public:
  // Looks up the name in `address` ("host:port", "[v6]:port" or "unix:/path"):
  // the system's resolver does that, and it waits. Give the address itself
  // where that matters. From here on `options.connect_timeout` runs.
  explicit PendingConnection(absl::string_view address,
                             const ConnectOptions& options = ConnectOptions());
  PendingConnection(PendingConnection&&) noexcept;
  PendingConnection& operator=(PendingConnection&&) noexcept;
  ~PendingConnection();  // Gives up.

  // Begins, and goes on, without waiting. Null: undecided; call again once fd()
  // is writable or timeout() is over. The transport, once connected; it has
  // `options.interrupter`, or one of its own.
  //
  // Errors: those of ConnectTransport(), each of them for ever. (kCancelled at
  // the first call after an interrupt: who waits, waits for the interrupter's
  // fd() too.) kFailedPrecondition, once the transport has been returned.
  absl::StatusOr<std::unique_ptr<SocketTransport>> Poll();

  // To wait for POLLOUT. Owned by this object. Poll() may close it and open
  // another, of the same number even: so remove it from a Poller before each
  // Poll(), and set it anew after. -1 before the first Poll() and once all is
  // decided.
  int fd() const;

  // How long to wait for fd() at most. Zero before the first Poll() and once
  // all is decided.
  absl::Duration timeout() const;

 private:
  absl::Status status_;  // What Poll() returns, unless there are `attempts_`.
  std::shared_ptr<Interrupter> interrupter_;
  std::unique_ptr<transport_internal::ConnectAttempts> attempts_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_PENDING_CONNECTION_H_
