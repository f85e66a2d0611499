// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Transports over sockets: TCP and Unix domain.

#ifndef KEVY_REPLICA_TRANSPORT_SOCKET_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_SOCKET_TRANSPORT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// A connected stream socket. Reads and writes survive EINTR and partial writes.
// A write to a peer that has gone returns kUnavailable, without SIGPIPE.
class SocketTransport : public Transport {
 public:
  // Takes over `fd` and makes it non-blocking.
  //
  // Precondition: `fd` is a connected stream socket, and `interrupter` is not
  // null.
  SocketTransport(int fd, std::string peer,
                  std::shared_ptr<Interrupter> interrupter);
  ~SocketTransport() override;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  // Async-signal-safe.
  void Interrupt() override;
  void ResumeReads() override;
  void CloseWrite() override;
  void Close() override;
  std::string peer() const override { return peer_; }

  // The socket. Good for getsockopt() too.
  int fd() const override { return fd_.get(); }

 private:
  const transport_internal::UniqueFd fd_;
  const std::string peer_;
  const std::shared_ptr<Interrupter> interrupter_;
  // Takes the place of `interrupter_` for reads after ResumeReads().
  std::unique_ptr<Interrupter> second_interrupter_;
  // The one that Read() heeds.
  std::atomic<Interrupter*> reading_interrupter_;
};

// A TCP connection. Connect() tries the addresses of `host` (a name, an IPv4 or
// an IPv6 address) in the resolver's order, and sets TCP_NODELAY and keepalive.
//
// Returns:
//   the first connection that succeeds
//   kUnavailable       refused, unreachable, or an unknown name
//   kDeadlineExceeded  connect_timeout passed first
//   kCancelled         the interrupter was set
// An error is the last address's error, and names that address.
class TcpTransport : public SocketTransport {
 public:
  // Waits until the connection stands. Errors: see above.
  static absl::StatusOr<std::unique_ptr<TcpTransport>> Connect(
      absl::string_view host, uint16_t port,
      const ConnectOptions& options = ConnectOptions());
  using SocketTransport::SocketTransport;
};

// A Unix domain socket at `path` in the file system. Errors as TcpTransport's:
// a missing path is kUnavailable. kInvalidArgument for a path longer than the
// system takes.
class UnixTransport : public SocketTransport {
 public:
  // Waits until the connection stands. Errors: see above.
  static absl::StatusOr<std::unique_ptr<UnixTransport>> Connect(
      absl::string_view path, const ConnectOptions& options = ConnectOptions());
  using SocketTransport::SocketTransport;
};

// Connects to "host:port", "[v6]:port" or "unix:/path". Errors: those of
// ParseAddress and of the two Connect functions.
absl::StatusOr<std::unique_ptr<Transport>> ConnectTransport(
    absl::string_view address,
    const ConnectOptions& options = ConnectOptions());

// Returns a factory. Each of its calls connects to `address` with `options`.
[[nodiscard]] TransportFactory ConnectTo(
    absl::string_view address,
    const ConnectOptions& options = ConnectOptions());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SOCKET_TRANSPORT_H_
