// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/tls_security.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"
#include "kevy_replica/transport/secure/testing/tls_server.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using transport_testing::ReadBytes;
using transport_testing::TestAuthority;
using transport_testing::TlsServer;

TEST(TlsSecurityTest, WrapsEachConnection) {
  const TestAuthority authority;
  const TlsServer server({authority.Issue({})});
  TlsOptions options;
  options.server_name = "localhost";
  options.ca_file = authority.file();
  const absl::StatusOr<TransportWrapper> wrap = TlsSecurity(options)({});
  ASSERT_TRUE(wrap.ok()) << wrap.status();
  for (int i = 0; i < 2; ++i) {
    auto ends = InMemoryTransport::CreatePair();
    const auto client = (*wrap)(std::move(ends.first));
    ASSERT_TRUE(client.ok()) << client.status();
    std::thread accept([&] {
      const auto end = server.Accept(std::move(ends.second));
      ASSERT_TRUE(end.ok()) << end.status();
      EXPECT_TRUE((*end)->Write("hello", absl::InfiniteDuration()).ok());
    });
    EXPECT_EQ(ReadBytes(**client, 5), "hello");
    accept.join();
  }
}

TEST(TlsSecurityTest, RejectsKeysAndMissingName) {
  TlsOptions options;
  EXPECT_TRUE(absl::IsInvalidArgument(TlsSecurity(options)({}).status()));
  options.server_name = "localhost";
  EXPECT_TRUE(TlsSecurity(options)({}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(
      TlsSecurity(options)({std::string(64, 'a')}).status()));
  options.server_name.clear();
  options.verify = false;
  EXPECT_TRUE(TlsSecurity(options)({}).ok());
}

}  // namespace
}  // namespace kevy_replica
