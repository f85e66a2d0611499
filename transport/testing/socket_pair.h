// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Two connected sockets, for tests.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_SOCKET_PAIR_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_SOCKET_PAIR_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace transport_testing {

struct SocketPair {
  std::unique_ptr<SocketTransport> client;
  std::unique_ptr<Transport> server;
};

// Connects over `address` and returns both ends. Fails the test and returns
// null ends if it cannot.
inline SocketPair ConnectPair(absl::string_view address,
                              const ConnectOptions& options = {}) {
  SocketPair result;
  const auto listener = Listener::Listen(address);
  EXPECT_TRUE(listener.ok()) << listener.status();
  if (!listener.ok()) return result;
  auto client = ConnectTransport((*listener)->address(), options);
  EXPECT_TRUE(client.ok()) << client.status();
  if (!client.ok()) return result;
  auto server = (*listener)->Accept(absl::Seconds(30));
  EXPECT_TRUE(server.ok()) << server.status();
  if (!server.ok()) return result;
  // ConnectTransport() makes SocketTransports only.
  result.client.reset(static_cast<SocketTransport*>(client->release()));
  result.server = *std::move(server);
  return result;
}

// Whether this machine can listen on `address`. Some machines lack IPv6, and
// the barest lack /etc/hosts, so that "localhost" has no address.
inline bool CanListen(absl::string_view address) {
  return Listener::Listen(address).ok();
}

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_SOCKET_PAIR_H_
