// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/io.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/resolver.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

#ifdef TCP_KEEPIDLE
constexpr int kKeepIdleOption = TCP_KEEPIDLE;
#else
constexpr int kKeepIdleOption = TCP_KEEPALIVE;  // The name on macOS.
#endif

absl::Status SetTcpOptions(int fd, absl::Duration keepalive_idle) {
  absl::Status status = SetSocketOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepalive_idle > absl::ZeroDuration()) {
    // Linux accepts 1 to 32767 seconds.
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

// kUnavailable for each reason, since the peer may be there later. That
// includes the missing path of a Unix socket.
absl::Status ConnectError(int error, const Operation& operation) {
  return absl::UnavailableError(ErrnoStatus(error, operation).message());
}

}  // namespace

ConnectAttempts::ConnectAttempts(const Address& address,
                                 const ConnectOptions& options,
                                 const Interrupter& interrupter)
    : address_(address),
      options_(options),
      interrupter_(interrupter),
      deadline_(options.connect_timeout),
      peer_(address.ToString()),
      share_(absl::ZeroDuration()) {
  const absl::StatusOr<std::optional<SocketAddress>> known =
      ResolveNumeric(address);
  if (!known.ok()) {
    status_ = known.status();
  } else if (known->has_value()) {
    addresses_.push_back(**known);
  } else {
    lookup_ =
        (options.resolver != nullptr ? options.resolver : Resolver::Default())
            ->Begin(address.host);
  }
}

ConnectAttempts::ConnectAttempts(absl::Span<const SocketAddress> addresses,
                                 const ConnectOptions& options,
                                 const Interrupter& interrupter)
    : addresses_(addresses.begin(), addresses.end()),
      options_(options),
      interrupter_(interrupter),
      deadline_(options.connect_timeout),
      peer_(addresses_.front().ToString()),
      share_(absl::ZeroDuration()) {}

absl::StatusOr<std::optional<Connection>> ConnectAttempts::Poll() {
  if (!status_.ok()) return status_;
  if (interrupter_.interrupted()) return InterruptedStatus(operation());
  if (lookup_.has_value()) {
    const absl::StatusOr<bool> known = TakeLookup();
    if (!known.ok()) return known.status();
    if (!*known) return std::nullopt;
  }
  for (;;) {
    if (interrupter_.interrupted()) return InterruptedStatus(operation());
    absl::Status status;
    if (fd_.get() < 0) status = Begin(addresses_[current_]);
    if (status.ok()) {
      const absl::StatusOr<bool> connected = IsConnected();
      if (connected.ok() && !*connected) return std::nullopt;
      if (connected.ok()) return Connection{std::move(fd_), std::move(peer_)};
      status = connected.status();
    }
    if (++current_ == addresses_.size() ||
        deadline_.remaining() == absl::ZeroDuration()) {
      return status;
    }
    fd_ = UniqueFd();
  }
}

absl::StatusOr<bool> ConnectAttempts::TakeLookup() {
  // Looked at before the result, so that a Poll() after the deadline decides.
  const bool last = deadline_.remaining() == absl::ZeroDuration();
  const std::optional<Resolver::Addresses> found = lookup_->Poll();
  if (!found.has_value()) {
    if (last) return TimedOutStatus({"resolve", address_.host});
    return false;
  }
  if (!found->ok()) return found->status();
  lookup_.reset();
  for (const std::string& text : **found) {
    Address numeric = address_;
    numeric.host = text;
    const absl::StatusOr<std::optional<SocketAddress>> address =
        ResolveNumeric(numeric);
    if (!address.ok()) return address.status();
    if (!address->has_value()) {
      return absl::UnavailableError(
          absl::StrCat("resolve ", address_.host, ": the resolver returned \"",
                       absl::CHexEscape(text), "\", not a numeric address"));
    }
    addresses_.push_back(**address);
  }
  if (addresses_.empty()) {
    return absl::UnavailableError(
        absl::StrCat("resolve ", address_.host, ": no address"));
  }
  return true;
}

// Opens a socket and begins to connect it.
absl::Status ConnectAttempts::Begin(const SocketAddress& address) {
  peer_ = address.ToString();
  share_ = Deadline(deadline_.remaining() /
                    static_cast<int64_t>(addresses_.size() - current_));
  absl::StatusOr<UniqueFd> fd = OpenSocket(address);
  if (!fd.ok()) return fd.status();
  absl::Status status;
  if (address.is_tcp()) {
    status.Update(SetTcpOptions(fd->get(), options_.keepalive_idle));
  }
  if (options_.receive_buffer_bytes > 0) {
    status.Update(SetSocketOption(fd->get(), SOL_SOCKET, SO_RCVBUF,
                                  options_.receive_buffer_bytes));
  }
  if (!status.ok()) return status;
  // EINPROGRESS and EINTR: the system goes on connecting.
  if (::connect(fd->get(), address.get(), address.size) != 0 &&
      errno != EINPROGRESS && errno != EINTR) {
    return ConnectError(errno, operation());
  }
  fd_ = *std::move(fd);
  return absl::OkStatus();
}

// Returns false while undecided.
absl::StatusOr<bool> ConnectAttempts::IsConnected() const {
  // Looked at before poll(), so that a poll() after the deadline decides.
  const bool last = share_.remaining() == absl::ZeroDuration();
  pollfd poll_fd = {fd_.get(), POLLOUT, 0};
  const int ready = RetryOnEintr([&] { return ::poll(&poll_fd, 1, 0); });
  if (ready < 0) return ErrnoStatus(errno, operation());
  if (ready == 0 && last) return TimedOutStatus(operation());
  if (ready == 0) return false;
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    error = errno;
  }
  if (error != 0) return ConnectError(error, operation());
  return true;
}

absl::StatusOr<Connection> ConnectAttempts::Await() {
  for (;;) {
    absl::StatusOr<std::optional<Connection>> result = Poll();
    if (!result.ok()) return result.status();
    if (result->has_value()) return **std::move(result);
    absl::Status status =
        WaitFor(fd(), POLLOUT, &interrupter_, Deadline(timeout()), operation());
    // Poll() knows whether there is time for another address.
    if (!status.ok() && !absl::IsDeadlineExceeded(status)) return status;
  }
}

}  // namespace transport_internal
}  // namespace kevy_replica
