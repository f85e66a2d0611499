// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

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
