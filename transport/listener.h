// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The accepting side of a socket, for primaries in tests and tools.

#ifndef KEVY_REPLICA_TRANSPORT_LISTENER_H_
#define KEVY_REPLICA_TRANSPORT_LISTENER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Listens on one address. Thread-safe in this: Interrupt() from any thread.
class Listener {
 public:
  // Listens on "host:port" (port 0: a free one), "[v6]:port" or "unix:/path" (a
  // path that exists already is an error). kInvalidArgument; kUnavailable,
  // above all for an address in use; or else the system's error.
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(
      absl::string_view address);
  ~Listener();  // Closes; removes the path of a Unix socket.

  // Waits for the next connection. Errors: kDeadlineExceeded, kCancelled, or
  // the system's (kResourceExhausted: no descriptors left).
  absl::StatusOr<std::unique_ptr<Transport>> Accept(absl::Duration timeout);

  // Ends Accept(), now and later, with kCancelled. Accepted transports are not
  // touched.
  void Interrupt() { interrupter_.Interrupt(); }

  // Where it listens, with the port that it really has: fit for ConnectTo().
  std::string address() const { return address_.ToString(); }

 private:
  Listener(transport_internal::UniqueFd fd, Address address);

  const transport_internal::UniqueFd fd_;
  const Address address_;
  Interrupter interrupter_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_LISTENER_H_
