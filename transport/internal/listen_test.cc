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

bool Accepts(const UniqueFd& fd) {
  int accepts = 0;
  socklen_t size = sizeof(accepts);
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) ==
             0 &&
         accepts != 0;
}

TEST(ListenOnFirstTest, PassesOverTakenAddress) {
  RefusingPort taken;
  taken.Listen(1);
  const auto fd = ListenOnFirst({taken.address(), AnyPort()});
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Accepts(*fd));
  EXPECT_NE(PortOf(*fd), taken.address().port());
}

TEST(ListenOnFirstTest, StopsAtFirstFreeAddress) {
  RefusingPort taken;
  taken.Listen(1);
  const auto fd = ListenOnFirst({AnyPort(), taken.address()});
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Accepts(*fd));
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

}  // namespace
}  // namespace transport_internal
}  // namespace kevy_replica
