// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Connects to the first of several addresses that accepts.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_CONNECT_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_CONNECT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/resolver.h"

namespace kevy_replica {
namespace transport_internal {

struct Connection {
  UniqueFd fd;
  std::string peer;
};

// Looks a name up and tries its addresses in turn, without waiting. Each
// address gets an equal share of the remaining time, so that a silent one
// leaves time for the next.
//
//   ConnectAttempts attempts(...);
//   for (;;) {
//     absl::StatusOr<std::optional<Connection>> result = attempts.Poll();
//     if (!result.ok() || result->has_value()) return result;
//     // Wait until attempts.fd() is writable, but attempts.timeout() at most.
//   }
class ConnectAttempts {
 public:
  // Starts the time of `options.connect_timeout` and the lookup.
  // `interrupter` replaces `options.interrupter`, and must outlive this object.
  ConnectAttempts(const Address& address, const ConnectOptions& options,
                  const Interrupter& interrupter);
  // The same without a lookup. Precondition: there is at least one address.
  ConnectAttempts(absl::Span<const SocketAddress> addresses,
                  const ConnectOptions& options,
                  const Interrupter& interrupter);

  // Begins to connect, or goes on, without waiting.
  //
  // Returns:
  //   nullopt      undecided
  //   the socket   connected
  //   kCancelled   interrupted
  //   other error  the lookup failed, all addresses failed, or the time is
  //                over: the last error
  //
  // Precondition: earlier calls returned nullopt.
  absl::StatusOr<std::optional<Connection>> Poll();

  // Returns the descriptor to wait for: the lookup's, then the socket of the
  // current address. Each Poll() may replace it.
  //
  // Precondition of this and timeout(): Poll() was called.
  int fd() const { return lookup_.has_value() ? lookup_->fd() : fd_.get(); }

  // Returns how long to wait for it: all of the time for the lookup, then the
  // rest of the current address's share.
  absl::Duration timeout() const {
    return lookup_.has_value() ? deadline_.remaining() : share_.remaining();
  }

  // Polls and waits until it is decided.
  absl::StatusOr<Connection> Await();

  // Returns "connect to" and the current address.
  Operation operation() const { return {"connect to", peer_}; }

 private:
  // Returns whether the addresses are known.
  absl::StatusOr<bool> TakeLookup();
  absl::Status Begin(const SocketAddress& address);
  absl::StatusOr<bool> IsConnected() const;

  absl::Status status_;  // The error of the constructor.
  Address address_;      // To look up.
  std::optional<Resolver::Lookup> lookup_;
  std::vector<SocketAddress> addresses_;
  const ConnectOptions options_;
  const Interrupter& interrupter_;
  const Deadline deadline_;
  size_t current_ = 0;  // An index of `addresses_`.
  UniqueFd fd_;         // -1 until Begin() for the current address.
  std::string peer_;
  Deadline share_;
};

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_CONNECT_H_
