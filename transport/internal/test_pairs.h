// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Connected ends, for tests.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_TEST_PAIRS_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_TEST_PAIRS_H_

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
namespace transport_internal {

struct SocketPair {
  std::unique_ptr<SocketTransport> client;
  std::unique_ptr<Transport> server;
};

// The two ends of a new connection over `address`.
inline SocketPair ConnectPair(absl::string_view address,
                              const ConnectOptions& options = {}) {
  SocketPair result;
  const auto listener = Listener::Listen(address);
  EXPECT_TRUE(listener.ok()) << listener.status();
  if (!listener.ok()) return result;
  auto client = ConnectTransport((*listener)->address(), options);
  EXPECT_TRUE(client.ok()) << client.status();
  if (!client.ok()) return result;
  auto server = (*listener)->Accept(absl::InfiniteDuration());
  EXPECT_TRUE(server.ok()) << server.status();
  if (!server.ok()) return result;
  // All that ConnectTransport() makes are SocketTransports.
  result.client.reset(static_cast<SocketTransport*>(client->release()));
  result.server = *std::move(server);
  return result;
}

// Whether `address` can be listened on here: some machines have no IPv6, and
// the barest have no /etc/hosts and so no "localhost".
inline bool CanListen(absl::string_view address) {
  return Listener::Listen(address).ok();
}

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_TEST_PAIRS_H_
