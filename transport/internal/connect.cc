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

#include "kevy_replica/transport/internal/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/io.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/socket_transport.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

#ifdef TCP_KEEPIDLE
constexpr int kKeepIdleOption = TCP_KEEPIDLE;
#else
constexpr int kKeepIdleOption = TCP_KEEPALIVE;  // macOS's name for it.
#endif

absl::Status SetTcpOptions(int fd, absl::Duration keepalive_idle) {
  absl::Status status = SetSocketOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepalive_idle > absl::ZeroDuration()) {
    // Linux takes 1 to 32767 seconds.
    const auto seconds = [](absl::Duration duration) {
      return static_cast<int>(std::clamp<int64_t>(
          absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))), 1,
          32767));
    };
    status.Update(SetSocketOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
    status.Update(SetSocketOption(fd, IPPROTO_TCP, kKeepIdleOption,
                                  seconds(keepalive_idle)));
    status.Update(SetSocketOption(fd, IPPROTO_TCP, TCP_KEEPINTVL,
                                  seconds(keepalive_idle / 3)));
    status.Update(SetSocketOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3));
  }
  return status;
}

absl::StatusOr<Connection> ConnectToOne(const SocketAddress& address,
                                        const ConnectOptions& options,
                                        const Interrupter& interrupter,
                                        const Deadline& deadline) {
  Connection connection = {UniqueFd(), address.ToString()};
  const Operation operation = {"connect to", connection.peer};
  if (interrupter.interrupted()) return InterruptedStatus(operation);

  absl::StatusOr<UniqueFd> fd = OpenSocket(address);
  if (!fd.ok()) return fd.status();
  absl::Status status;
  if (address.is_tcp()) {
    status.Update(SetTcpOptions(fd->get(), options.keepalive_idle));
  }
  if (options.receive_buffer_bytes > 0) {
    status.Update(SetSocketOption(fd->get(), SOL_SOCKET, SO_RCVBUF,
                                  options.receive_buffer_bytes));
  }
  if (!status.ok()) return status;

  int error = 0;
  if (::connect(fd->get(), address.get(), address.size) != 0) error = errno;
  // Begun, and going on by itself.
  if (error == EINPROGRESS || error == EINTR) {
    status = WaitFor(fd->get(), POLLOUT, &interrupter, deadline, operation);
    if (!status.ok()) return status;
    socklen_t size = sizeof(error);
    if (::getsockopt(fd->get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
      error = errno;
    }
  }
  if (error != 0) {
    // Whatever the reason, a Unix socket's missing path included, the peer may
    // be there later.
    return absl::UnavailableError(ErrnoStatus(error, operation).message());
  }
  connection.fd = *std::move(fd);
  return connection;
}

}  // namespace

absl::StatusOr<Connection> ConnectToFirst(
    absl::Span<const SocketAddress> addresses, const ConnectOptions& options,
    const Interrupter& interrupter) {
  const Deadline deadline(options.connect_timeout);
  for (size_t left = addresses.size();; --left) {
    const Deadline share(deadline.remaining() / static_cast<int64_t>(left));
    absl::StatusOr<Connection> connection = ConnectToOne(
        addresses[addresses.size() - left], options, interrupter, share);
    if (connection.ok() || left == 1 ||
        deadline.remaining() == absl::ZeroDuration()) {
      return connection;
    }
  }
}

}  // namespace transport_internal
}  // namespace kevy_replica
