// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Connects without waiting.

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

// ConnectTransport() in steps, for a thread that has other work meanwhile:
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
  // Begins to look up the name in `address` ("host:port", "[v6]:port" or
  // "unix:/path"), on a thread of `options.resolver`. A numeric address needs
  // no lookup. `options.connect_timeout` starts here.
  explicit PendingConnection(absl::string_view address,
                             const ConnectOptions& options = ConnectOptions());
  PendingConnection(PendingConnection&&) noexcept;
  PendingConnection& operator=(PendingConnection&&) noexcept;
  ~PendingConnection();  // Gives up.

  // Begins to connect, or goes on, without waiting.
  //
  // Returns:
  //   null           undecided: call again once poll() reports fd() for POLLOUT
  //                  or timeout() has passed
  //   the transport  connected. It has `options.interrupter`, or one of its own
  //   an error       as ConnectTransport(). kCancelled comes from the first
  //                  call after an interrupt, so watch the interrupter's fd()
  //                  too
  //
  // Once decided, later calls return the same error, or kFailedPrecondition
  // after a connection.
  absl::StatusOr<std::unique_ptr<SocketTransport>> Poll();

  // Returns the descriptor to watch for POLLOUT, owned by this object: the
  // lookup's, which hangs up, then a socket's. -1 once decided.
  //
  // Poll() may close it and open another one, even with the same number.
  // Therefore remove it from a Poller before each Poll() and set it anew after.
  int fd() const;

  // Returns how long to wait for fd() at most. Zero once decided.
  //
  // Precondition of both: Poll() was called.
  absl::Duration timeout() const;

 private:
  absl::Status status_;  // The result of Poll() once `attempts_` is null.
  std::shared_ptr<Interrupter> interrupter_;
  std::unique_ptr<transport_internal::ConnectAttempts> attempts_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_PENDING_CONNECTION_H_
