// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/listen.h"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/testing/ports.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

using ::testing::HasSubstr;
using transport_testing::RefusingPort;

// 127.0.0.1 with a free port.
SocketAddress AnyPort() {
  Address address;
  address.host = "127.0.0.1";
  const auto addresses = Resolve(address);
  EXPECT_TRUE(addresses.ok()) << addresses.status();
  return addresses.ok() ? addresses->front() : SocketAddress();
}

uint16_t PortOf(const UniqueFd& fd) {
  SocketAddress address;
  EXPECT_EQ(::getsockname(fd.get(), address.get(), &address.size), 0);
  return address.port();
}

// Whether the socket has the option `name`.
bool Has(const UniqueFd& fd, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  EXPECT_EQ(::getsockopt(fd.get(), SOL_SOCKET, name, &value, &size), 0);
  return value != 0;
}

TEST(ListenOnFirstTest, PassesOverTakenAddress) {
  RefusingPort taken;
  taken.Listen(1);
  const auto fd = ListenOnFirst({taken.address(), AnyPort()});
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Has(*fd, SO_ACCEPTCONN));
  EXPECT_NE(PortOf(*fd), taken.address().port());
}

TEST(ListenOnFirstTest, StopsAtFirstFreeAddress) {
  RefusingPort taken;
  taken.Listen(1);
  const auto fd = ListenOnFirst({AnyPort(), taken.address()});
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Has(*fd, SO_ACCEPTCONN));
}

TEST(ListenOnFirstTest, ReturnsLastError) {
  RefusingPort first, last;
  first.Listen(1);
  last.Listen(1);
  const auto fd = ListenOnFirst({first.address(), last.address()});
  EXPECT_EQ(fd.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(fd.status().message()),
              HasSubstr(last.address().ToString()));
}

// The port of a listener that has just ended.
TEST(ListenOnFirstTest, AllowsPortWithFormerConnections) {
  const auto fd = ListenOnFirst({AnyPort()});
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Has(*fd, SO_REUSEADDR));
}

}  // namespace
}  // namespace transport_internal
}  // namespace kevy_replica
