// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Transports over sockets: TCP and Unix domain.

#ifndef KEVY_REPLICA_TRANSPORT_SOCKET_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_SOCKET_TRANSPORT_H_

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

// A connected stream socket. Reads and writes survive EINTR and partial writes;
// a peer that is gone is an error, never SIGPIPE.
class SocketTransport : public Transport {
 public:
  // Takes over `fd`, a connected stream socket, and makes it non-blocking.
  // `interrupter` must not be null.
  SocketTransport(int fd, std::string peer,
                  std::shared_ptr<Interrupter> interrupter);
  ~SocketTransport() override;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  // Async-signal-safe.
  void Interrupt() override { interrupter_->Interrupt(); }
  void CloseWrite() override;
  void Close() override;
  std::string peer() const override { return peer_; }

  // The socket: for getsockopt() too.
  int fd() const override { return fd_.get(); }

 private:
  const transport_internal::UniqueFd fd_;
  const std::string peer_;
  const std::shared_ptr<Interrupter> interrupter_;
};

// TCP. Connect tries all addresses of `host` (a name or an IPv4 or IPv6
// address) in the resolver's order, sets TCP_NODELAY and keepalive, and returns
// the first connection that stands. Otherwise the last address's error, which
// names it: kUnavailable (refused, unreachable, no such name),
// kDeadlineExceeded, kCancelled.
class TcpTransport : public SocketTransport {
 public:
  static absl::StatusOr<std::unique_ptr<TcpTransport>> Connect(
      absl::string_view host, uint16_t port,
      const ConnectOptions& options = ConnectOptions());
  using SocketTransport::SocketTransport;
};

// A Unix domain socket at `path` in the file system. Errors: as TcpTransport's
// (a path that is missing is kUnavailable), and kInvalidArgument for one that
// is longer than the system takes.
class UnixTransport : public SocketTransport {
 public:
  static absl::StatusOr<std::unique_ptr<UnixTransport>> Connect(
      absl::string_view path, const ConnectOptions& options = ConnectOptions());
  using SocketTransport::SocketTransport;
};

// Connects to "host:port", "[v6]:port" or "unix:/path". Errors: those of
// ParseAddress and of the two Connect functions.
absl::StatusOr<std::unique_ptr<Transport>> ConnectTransport(
    absl::string_view address,
    const ConnectOptions& options = ConnectOptions());

// A factory that connects to `address`, each time anew, with these options.
TransportFactory ConnectTo(absl::string_view address,
                           const ConnectOptions& options = ConnectOptions());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SOCKET_TRANSPORT_H_
