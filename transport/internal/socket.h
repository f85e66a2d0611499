// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Socket addresses and options, shared by clients and listeners.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_SOCKET_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_SOCKET_H_

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {
namespace transport_internal {

// An address in the form of the system.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  bool is_tcp() const {
    return storage.ss_family == AF_INET || storage.ss_family == AF_INET6;
  }
  // Returns the port in host byte order.
  //
  // Precondition: is_tcp().
  uint16_t port() const;
  // Returns "127.0.0.1", "::1", or "fe80::1%eth0".
  //
  // Precondition: is_tcp().
  std::string host() const;
  // Returns the path of a Unix socket.
  //
  // Precondition: !is_tcp().
  std::string path() const;
  // Returns "127.0.0.1:16004", "[::1]:16004" or "unix:/path".
  std::string ToString() const;
};

// Returns the socket addresses of a host name in the resolver's order, or the
// one of a path. There is at least one. kUnavailable for an unknown name,
// kInvalidArgument for a path that is too long. The system's resolver may take
// long: see Resolver.
absl::StatusOr<std::vector<SocketAddress>> Resolve(const Address& address);

// The same without asking a resolver: nullopt for a host that is a name. An
// error tells nothing of the host, as at a lack of memory.
absl::StatusOr<std::optional<SocketAddress>> ResolveNumeric(
    const Address& address);

// Opens a non-blocking stream socket of the family of `address`.
absl::StatusOr<UniqueFd> OpenSocket(const SocketAddress& address);

absl::Status SetSocketOption(int fd, int level, int option, int value);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_SOCKET_H_
