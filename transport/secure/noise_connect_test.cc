// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_connect.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using secure_testing::InitiatorOptions;
using secure_testing::Must;
using secure_testing::PrimaryKey;
using secure_testing::TestKey;
using transport_testing::CodeOf;

// A primary that serves each connection on a thread.
class SecureNode {
 public:
  ~SecureNode() {
    for (std::thread& thread : threads_) thread.join();
  }

  // The factory of plain connections to it. Must not outlive it.
  TransportFactory Connections() {
    return [this]() -> absl::StatusOr<std::unique_ptr<Transport>> {
      auto ends = InMemoryTransport::CreatePair();
      threads_.emplace_back([end = std::move(ends.second)]() mutable {
        auto link = Must(NoiseTransport::Respond(
            std::move(end), secure_testing::ResponderOptions()));
        if (!link->Handshake(absl::InfiniteDuration()).ok()) return;
        link->Write("hello", absl::InfiniteDuration()).IgnoreError();
      });
      return std::move(ends.first);
    };
  }
  size_t connections() const { return threads_.size(); }

 private:
  std::vector<std::thread> threads_;
};

TEST(NoiseConnectTest, KeysAreTriedInTurnOnNewConnections) {
  SecureNode node;
  const TransportFactory factory = NoiseConnectTo(
      node.Connections(),
      InitiatorOptions({TestKey('3'), TestKey('4'), PrimaryKey()}));
  const auto link = factory();
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_EQ(transport_testing::ReadBytes(**link, 5), "hello");
  EXPECT_EQ(node.connections(), size_t{3});
  // The key that worked comes first from now on.
  EXPECT_TRUE(factory().ok());
  EXPECT_EQ(node.connections(), size_t{4});
}

TEST(NoiseConnectTest, EachKeyIsTriedOnce) {
  SecureNode node;
  const TransportFactory factory = NoiseConnectTo(
      node.Connections(), InitiatorOptions({TestKey('3'), TestKey('4')}));
  for (const size_t connections : {2, 4}) {
    EXPECT_EQ(CodeOf(factory()), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(node.connections(), connections);
  }
}

TEST(NoiseConnectTest, ConnectErrorIsReturned) {
  const TransportFactory factory =
      NoiseConnectTo([] { return absl::UnavailableError("refused"); },
                     InitiatorOptions({TestKey('3'), PrimaryKey()}));
  EXPECT_EQ(factory().status(), absl::UnavailableError("refused"));
}

TEST(NoiseConnectTest, MissingKeysFail) {
  SecureNode node;
  EXPECT_EQ(CodeOf(NoiseConnectTo(node.Connections(), {})()),
            absl::StatusCode::kInvalidArgument);
}

// A factory that is asked for a link to a silent primary must come back.
TEST(NoiseConnectTest, SilentPrimaryTimesOut) {
  std::vector<std::unique_ptr<Transport>> silent;
  NoiseInitiatorOptions options = InitiatorOptions();
  options.handshake_timeout = absl::Milliseconds(10);
  const TransportFactory factory = NoiseConnectTo(
      [&silent]() -> absl::StatusOr<std::unique_ptr<Transport>> {
        auto ends = InMemoryTransport::CreatePair();
        silent.push_back(std::move(ends.second));
        return std::move(ends.first);
      },
      options);
  EXPECT_EQ(CodeOf(factory()), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace kevy_replica
