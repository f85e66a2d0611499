// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What clients and listeners do alike with sockets.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_SOCKET_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_SOCKET_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {
namespace transport_internal {

// An address as the system wants it.
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
  // Of an IPv4 or IPv6 address. In the host's byte order.
  uint16_t port() const;
  // "127.0.0.1:16004", "[::1]:16004", "unix:/path".
  std::string ToString() const;
};

// All socket addresses of a host name, in the resolver's order, or that of a
// path: at least one. kUnavailable if the name has none, kInvalidArgument if
// the path is too long.
absl::StatusOr<std::vector<SocketAddress>> Resolve(const Address& address);

// A non-blocking stream socket of the family that `address` has.
absl::StatusOr<UniqueFd> OpenSocket(const SocketAddress& address);

absl::Status SetSocketOption(int fd, int level, int option, int value);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_SOCKET_H_
