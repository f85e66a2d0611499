// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/status.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

absl::StatusOr<SocketAddress> UnixSocketAddress(const Address& address) {
  sockaddr_un un = {};
  // The path needs room for its final NUL.
  if (address.path.size() >= sizeof(un.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat(address.ToString(), ": the path is longer than the ",
                     sizeof(un.sun_path) - 1, " bytes that the system takes"));
  }
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, address.path.data(), address.path.size());
  SocketAddress result;
  std::memcpy(&result.storage, &un, sizeof(un));
  result.size = sizeof(un);
  return result;
}

// Appends the addresses of the host, at least one. Returns getaddrinfo()'s
// error, or 0.
int GetAddresses(const Address& address, int flags,
                 std::vector<SocketAddress>* result) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(
      address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &list);
  if (error != 0) return error;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list,
                                                             ::freeaddrinfo);
  for (; list != nullptr; list = list->ai_next) {
    SocketAddress& back = result->emplace_back();
    std::memcpy(&back.storage, list->ai_addr, list->ai_addrlen);
    back.size = list->ai_addrlen;
  }
  return 0;
}

absl::Status ResolveError(int error, const std::string& host) {
  if (error == EAI_SYSTEM) return ErrnoStatus(errno, {"resolve", host});
  return absl::UnavailableError(
      absl::StrCat("resolve ", host, ": ", ::gai_strerror(error)));
}

}  // namespace

uint16_t SocketAddress::port() const {
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &storage, sizeof(in6));
    return ntohs(in6.sin6_port);
  }
  sockaddr_in in;
  std::memcpy(&in, &storage, sizeof(in));
  return ntohs(in.sin_port);
}

std::string SocketAddress::host() const {
  char host[NI_MAXHOST] = "?";
  ::getnameinfo(get(), size, host, sizeof(host), nullptr, 0, NI_NUMERICHOST);
  return host;
}

std::string SocketAddress::path() const {
  sockaddr_un un;
  std::memcpy(&un, &storage, sizeof(un));
  return std::string(un.sun_path, strnlen(un.sun_path, sizeof(un.sun_path)));
}

std::string SocketAddress::ToString() const {
  Address address;
  if (storage.ss_family == AF_UNIX) {
    address.kind = Address::Kind::kUnix;
    address.path = path();
    return address.ToString();
  }
  address.host = host();
  address.port = port();
  return address.ToString();
}

absl::StatusOr<std::vector<SocketAddress>> Resolve(const Address& address) {
  std::vector<SocketAddress> result;
  if (address.kind == Address::Kind::kUnix) {
    absl::StatusOr<SocketAddress> unix_address = UnixSocketAddress(address);
    if (!unix_address.ok()) return unix_address.status();
    result.push_back(*unix_address);
    return result;
  }
  const int error = GetAddresses(address, /*flags=*/0, &result);
  if (error != 0) return ResolveError(error, address.host);
  return result;
}

absl::StatusOr<std::optional<SocketAddress>> ResolveNumeric(
    const Address& address) {
  if (address.kind == Address::Kind::kUnix) return UnixSocketAddress(address);
  std::vector<SocketAddress> result;
  const int error = GetAddresses(address, AI_NUMERICHOST, &result);
  // Other errors tell nothing of the host: memory is short, say.
  if (error == EAI_NONAME) return std::nullopt;
  if (error != 0) return ResolveError(error, address.host);
  return result.front();
}

absl::StatusOr<UniqueFd> OpenSocket(const SocketAddress& address) {
  UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM, 0));
  if (fd.get() < 0) {
    const int error = errno;
    return ErrnoStatus(error, {"open a socket for", address.ToString()});
  }
  SetCloseOnExec(fd.get());
  SetNonBlocking(fd.get());
  return fd;
}

absl::Status SetSocketOption(int fd, int level, int option, int value) {
  if (::setsockopt(fd, level, option, &value, sizeof(value)) != 0) {
    const int error = errno;
    return ErrnoStatus(error,
                       {"set socket option", absl::StrCat(level, "/", option)});
  }
  return absl::OkStatus();
}

}  // namespace transport_internal
}  // namespace kevy_replica
