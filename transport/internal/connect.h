// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Connecting to the first of several addresses that lets one.

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
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace transport_internal {

struct Connection {
  UniqueFd fd;
  std::string peer;
};

// Tries addresses in turn, without waiting. Each may take its equal share of
// the time that is left, so that one that never answers leaves time for the
// next.
//
//   ConnectAttempts attempts(...);
//   for (;;) {
//     absl::StatusOr<std::optional<Connection>> result = attempts.Poll();
//     if (!result.ok() || result->has_value()) return result;
//     // Wait until attempts.fd() is writable, but attempts.timeout() at most.
//   }
class ConnectAttempts {
 public:
  // `addresses`: at least one. `interrupter`, the one to heed in place of
  // `options.interrupter`, must outlive this object. The time begins to run.
  ConnectAttempts(absl::Span<const SocketAddress> addresses,
                  const ConnectOptions& options,
                  const Interrupter& interrupter);

  // Nothing, as long as it is undecided. If all addresses fail, or once the
  // time is over, the last error; kCancelled, interrupted. Not to be called
  // once it is decided.
  absl::StatusOr<std::optional<Connection>> Poll();

  // The socket of the address that is being tried: another after each Poll().
  // -1 before the first one.
  int fd() const { return fd_.get(); }

  // Until the share of that address is over.
  absl::Duration timeout() const { return share_.remaining(); }

  // "connect to", and that address.
  Operation operation() const { return {"connect to", peer_}; }

 private:
  absl::Status Begin(const SocketAddress& address);
  absl::StatusOr<bool> IsConnected() const;

  const std::vector<SocketAddress> addresses_;
  const ConnectOptions options_;
  const Interrupter& interrupter_;
  const Deadline deadline_;
  size_t current_ = 0;  // Of `addresses_`.
  UniqueFd fd_;         // None unless Begin() has been called for it.
  std::string peer_;
  Deadline share_;
};

// The same, but waits.
absl::StatusOr<Connection> ConnectToFirst(
    absl::Span<const SocketAddress> addresses, const ConnectOptions& options,
    const Interrupter& interrupter);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_CONNECT_H_
