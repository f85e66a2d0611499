// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/socket_transport.h"

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/internal/connect.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/io.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

using transport_internal::ConnectAttempts;
using transport_internal::Connection;
using transport_internal::Deadline;
using transport_internal::ErrnoStatus;
using transport_internal::InterruptedStatus;
using transport_internal::Operation;
using transport_internal::RetryOnEintr;
using transport_internal::WaitFor;

namespace {

ssize_t SendWithoutSigpipe(int fd, const void* data, size_t size) {
#ifdef MSG_NOSIGNAL
  return ::send(fd, data, size, MSG_NOSIGNAL);
#else
  return ::send(fd, data, size, 0);  // The constructor set SO_NOSIGPIPE.
#endif
}

template <typename SomeTransport>
absl::StatusOr<std::unique_ptr<SomeTransport>> Connect(
    const Address& address, const ConnectOptions& options) {
  std::shared_ptr<Interrupter> interrupter = options.interrupter;
  if (interrupter == nullptr) interrupter = std::make_shared<Interrupter>();
  if (interrupter->interrupted()) {
    return InterruptedStatus({"connect to", address.ToString()});
  }
  absl::StatusOr<Connection> connection =
      ConnectAttempts(address, options, *interrupter).Await();
  if (!connection.ok()) return connection.status();
  return std::make_unique<SomeTransport>(connection->fd.release(),
                                         std::move(connection->peer),
                                         std::move(interrupter));
}

}  // namespace

SocketTransport::SocketTransport(int fd, std::string peer,
                                 std::shared_ptr<Interrupter> interrupter)
    : fd_(fd),
      peer_(std::move(peer)),
      interrupter_(std::move(interrupter)),
      reading_interrupter_(interrupter_.get()) {
  transport_internal::SetNonBlocking(fd);
#ifdef SO_NOSIGPIPE
  // It fails only if the peer has gone; Write() then reports that.
  transport_internal::SetSocketOption(fd, SOL_SOCKET, SO_NOSIGPIPE, 1)
      .IgnoreError();
#endif
}

SocketTransport::~SocketTransport() { SocketTransport::Close(); }

absl::StatusOr<size_t> SocketTransport::Read(absl::Span<char> buffer,
                                             absl::Duration timeout) {
  const Operation operation = {"read from", peer_};
  const Deadline deadline(timeout);
  const Interrupter& interrupter = *reading_interrupter_.load();
  while (!interrupter.interrupted()) {
    // recv() before poll(): a read with data there costs one system call.
    const ssize_t size = RetryOnEintr(
        [&] { return ::recv(fd_.get(), buffer.data(), buffer.size(), 0); });
    if (size >= 0) return static_cast<size_t>(size);
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      return ErrnoStatus(errno, operation);
    }
    absl::Status status =
        WaitFor(fd_.get(), POLLIN, &interrupter, deadline, operation);
    if (!status.ok()) return status;
  }
  return InterruptedStatus(operation);
}

absl::Status SocketTransport::Write(absl::string_view bytes,
                                    absl::Duration timeout) {
  return transport_internal::WriteAll(fd_.get(), bytes, SendWithoutSigpipe,
                                      interrupter_.get(), Deadline(timeout),
                                      {"write to", peer_});
}

void SocketTransport::Interrupt() {
  interrupter_->Interrupt();
  reading_interrupter_.load()->Interrupt();
}

void SocketTransport::ResumeReads() {
  if (!interrupter_->interrupted() || second_interrupter_ != nullptr) return;
  second_interrupter_ = std::make_unique<Interrupter>();
  reading_interrupter_ = second_interrupter_.get();
}

void SocketTransport::CloseWrite() { ::shutdown(fd_.get(), SHUT_WR); }

void SocketTransport::Close() {
  ::shutdown(fd_.get(), SHUT_RDWR);
  // The drain. close() of a socket with unread bytes resets the connection, and
  // the peer could lose the last bytes written to it. So read up to 64 KiB. A
  // peer that writes more learns of the end by the reset. Its full window would
  // otherwise keep it waiting as long as the system keeps a closed connection.
  char unread[4096];
  for (int i = 0; i < 16; ++i) {
    if (RetryOnEintr([&] {
          return ::recv(fd_.get(), unread, sizeof(unread), 0);
        }) <= 0) {
      break;
    }
  }
}

absl::StatusOr<std::unique_ptr<TcpTransport>> TcpTransport::Connect(
    absl::string_view host, uint16_t port, const ConnectOptions& options) {
  Address address;
  address.host = std::string(host);
  address.port = port;
  return kevy_replica::Connect<TcpTransport>(address, options);
}

absl::StatusOr<std::unique_ptr<UnixTransport>> UnixTransport::Connect(
    absl::string_view path, const ConnectOptions& options) {
  Address address;
  address.kind = Address::Kind::kUnix;
  address.path = std::string(path);
  return kevy_replica::Connect<UnixTransport>(address, options);
}

absl::StatusOr<std::unique_ptr<Transport>> ConnectTransport(
    absl::string_view address, const ConnectOptions& options) {
  const absl::StatusOr<Address> parsed = ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  if (parsed->kind == Address::Kind::kUnix) {
    return UnixTransport::Connect(parsed->path, options);
  }
  return TcpTransport::Connect(parsed->host, parsed->port, options);
}

TransportFactory ConnectTo(absl::string_view address,
                           const ConnectOptions& options) {
  return [address = std::string(address), options] {
    return ConnectTransport(address, options);
  };
}

}  // namespace kevy_replica
