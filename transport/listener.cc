// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/io.h"
#include "kevy_replica/transport/internal/listen.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

using transport_internal::Deadline;
using transport_internal::ErrnoStatus;
using transport_internal::InterruptedStatus;
using transport_internal::Operation;
using transport_internal::RetryOnEintr;
using transport_internal::SetSocketOption;
using transport_internal::SocketAddress;
using transport_internal::UniqueFd;

namespace {

// Whether the error concerns one connection only, so that accept() may go on:
// the connection has gone, or had a network error, which Linux reports here.
bool IsOfOneConnection(int error) {
  return error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
         error == ENETUNREACH || error == EHOSTUNREACH || error == ETIMEDOUT;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Listen(
    absl::string_view text) {
  absl::StatusOr<Address> address = ParseAddress(text);
  if (!address.ok()) return address.status();
  const absl::StatusOr<std::vector<SocketAddress>> candidates =
      transport_internal::Resolve(*address);
  if (!candidates.ok()) return candidates.status();

  absl::StatusOr<UniqueFd> fd = transport_internal::ListenOnFirst(*candidates);
  if (!fd.ok()) return fd.status();

  if (address->kind == Address::Kind::kTcp) {
    SocketAddress bound;
    if (::getsockname(fd->get(), bound.get(), &bound.size) != 0) {
      return ErrnoStatus(errno, {"listen on", text});
    }
    address->port = bound.port();
  }
  return absl::WrapUnique(new Listener(*std::move(fd), *std::move(address)));
}

Listener::Listener(UniqueFd fd, Address address)
    : fd_(std::move(fd)), address_(std::move(address)) {}

Listener::~Listener() {
  if (address_.kind == Address::Kind::kUnix) ::unlink(address_.path.c_str());
}

absl::StatusOr<std::unique_ptr<Transport>> Listener::Accept(
    absl::Duration timeout) {
  const std::string name = address();
  const Operation operation = {"accept on", name};
  const Deadline deadline(timeout);
  while (!interrupter_.interrupted()) {
    SocketAddress peer;
    UniqueFd fd(RetryOnEintr(
        [&] { return ::accept(fd_.get(), peer.get(), &peer.size); }));
    if (fd.get() >= 0) {
      transport_internal::SetCloseOnExec(fd.get());
      if (peer.is_tcp()) {
        // It fails only if the peer has gone; Read() then reports that.
        SetSocketOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1).IgnoreError();
      }
      // A client of a Unix socket is unnamed: use the path.
      return std::make_unique<SocketTransport>(
          fd.release(), peer.is_tcp() ? peer.ToString() : name,
          std::make_shared<Interrupter>());
    }
    if (IsOfOneConnection(errno)) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      return ErrnoStatus(errno, operation);
    }
    absl::Status status = transport_internal::WaitFor(
        fd_.get(), POLLIN, &interrupter_, deadline, operation);
    if (!status.ok()) return status;
  }
  return InterruptedStatus(operation);
}

}  // namespace kevy_replica
