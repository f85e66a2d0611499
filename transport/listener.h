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

// Listens on one address. Any thread may call Interrupt(); the caller orders
// all other calls.
class Listener {
 public:
  // Listens on "host:port" (port 0: a free port), "[v6]:port" or "unix:/path".
  // A name with several addresses gets the first one that can be bound. The
  // path of a Unix socket must not exist yet.
  //
  // Errors: kInvalidArgument for `address`; kUnavailable, above all for an
  // address in use; or another error of the system.
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(
      absl::string_view address);
  ~Listener();  // Closes the socket, and removes the path of a Unix socket.

  // Waits for the next connection.
  //
  // Returns:
  //   the connection
  //   kDeadlineExceeded   the timeout passed first
  //   kCancelled          Interrupt() was called
  //   kResourceExhausted  the process has reached its limit of descriptors; the
  //                       connection stays in the queue
  //   another error       from the system
  absl::StatusOr<std::unique_ptr<Transport>> Accept(absl::Duration timeout);

  // Makes Accept() return kCancelled, now and later. Accepted transports stay
  // as they are.
  void Interrupt() { interrupter_.Interrupt(); }

  // Returns a descriptor for poll() or a Poller, readable while a connection
  // waits for Accept(). It belongs to this object.
  int fd() const { return fd_.get(); }

  // Returns the address with its real port, ready for ConnectTo().
  std::string address() const { return address_.ToString(); }

 private:
  Listener(transport_internal::UniqueFd fd, Address address);

  const transport_internal::UniqueFd fd_;
  const Address address_;
  Interrupter interrupter_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_LISTENER_H_
