// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/listen.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

absl::StatusOr<UniqueFd> ListenOn(const SocketAddress& address) {
  absl::StatusOr<UniqueFd> fd = OpenSocket(address);
  if (!fd.ok()) return fd;
  if (address.is_tcp()) {
    // Allows a port whose last connections are still in TIME_WAIT.
    absl::Status status =
        SetSocketOption(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (!status.ok()) return status;
  }
  const auto listen_error = [&address](int error) {
    return ErrnoStatus(error, {"listen on", address.ToString()});
  };
  if (::bind(fd->get(), address.get(), address.size) != 0) {
    return listen_error(errno);
  }
  if (::listen(fd->get(), SOMAXCONN) != 0) {
    const int error = errno;
    // bind() has made the file, which would be in the way of the next try.
    if (!address.is_tcp()) ::unlink(address.path().c_str());
    return listen_error(error);
  }
  return fd;
}

}  // namespace

absl::StatusOr<UniqueFd> ListenOnFirst(
    absl::Span<const SocketAddress> addresses) {
  absl::StatusOr<UniqueFd> fd;
  for (const SocketAddress& address : addresses) {
    fd = ListenOn(address);
    if (fd.ok()) break;
  }
  return fd;
}

}  // namespace transport_internal
}  // namespace kevy_replica
