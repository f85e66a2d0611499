// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Ports that accept, refuse or stay silent, for tests.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_PORTS_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_PORTS_H_

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>

#include "gtest/gtest.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/socket_transport.h"

namespace kevy_replica {
namespace transport_testing {

// A loopback port with a plain socket, outside the library.
class RawSocket {
 public:
  RawSocket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (fd_.get() < 0) {
      ADD_FAILURE() << "no socket";
      return;
    }
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&in), sizeof(in)),
              0);
    EXPECT_EQ(::getsockname(fd_.get(), address_.get(), &address_.size), 0);
  }
  void Listen(int backlog) { EXPECT_EQ(::listen(fd_.get(), backlog), 0); }
  transport_internal::UniqueFd Accept() {
    return transport_internal::UniqueFd(::accept(fd_.get(), nullptr, nullptr));
  }

  int fd() const { return fd_.get(); }
  const transport_internal::SocketAddress& address() const { return address_; }

 private:
  transport_internal::UniqueFd fd_;
  transport_internal::SocketAddress address_;
};

// A port that refuses connections: the socket is bound but does not listen.
using RefusingPort = RawSocket;

// A port that leaves connections unanswered: its queue is full.
class BlackHole : public RawSocket {
 public:
  BlackHole() {
    Listen(0);
    first_ = *TcpTransport::Connect("127.0.0.1", address().port());
    // The connection is in the queue as soon as poll() reports it.
    pollfd poll_fd = {fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&poll_fd, 1, 30000), 1) << "not queued within 30 s";
  }

 private:
  std::unique_ptr<TcpTransport> first_;
};

#ifdef __linux__
#define SKIP_WITHOUT_BLACK_HOLE()
#else
#define SKIP_WITHOUT_BLACK_HOLE() \
  GTEST_SKIP() << "a full queue drops connections on Linux only"
#endif

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_PORTS_H_
