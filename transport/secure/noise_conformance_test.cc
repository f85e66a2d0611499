// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contract of Transport, for Noise over memory and over sockets.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/socket_pair.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/transport.h"
#include "kevy_replica/transport/transport_conformance.h"

namespace kevy_replica {
namespace {

using Ends = ConformancePair::Ends;
using secure_testing::NoisePair;

// The replica is under test, its primary is the peer.
Ends Secure(std::unique_ptr<Transport> replica,
            std::unique_ptr<Transport> primary) {
  NoisePair pair =
      secure_testing::MakeNoisePair(std::move(replica), std::move(primary));
  return {std::move(pair.replica), std::move(pair.primary)};
}

Ends Swapped(Ends ends) {
  return {std::move(ends.second), std::move(ends.first)};
}

// A write of the handshake, 98 bytes, must fit.
Ends Memory(size_t capacity) {
  auto ends = InMemoryTransport::CreatePair(capacity);
  return Secure(std::move(ends.first), std::move(ends.second));
}

Ends Sockets(absl::string_view address) {
  auto ends = transport_testing::ConnectPair(address);
  return Secure(std::move(ends.client), std::move(ends.server));
}

Ends Unix() {
  const transport_testing::TempDir dir;
  return Sockets("unix:" + dir.File("a"));
}

Ends ShortReads() {
  auto ends = transport_testing::ConnectPair("127.0.0.1:0");
  Faults faults;
  faults.read_size = transport_testing::RandomSizes(5000, 7);
  return Secure(std::make_unique<FaultyTransport>(std::move(ends.client),
                                                  std::move(faults)),
                std::move(ends.server));
}

std::vector<ConformancePair> AllLinks() {
  return {
      {"Memory", [] { return Memory(size_t{1} << 30); }, /*bounded=*/false},
      {"MemoryBounded", [] { return Memory(1000); }},
      {"MemoryPrimary", [] { return Swapped(Memory(1000)); }},
      {"Tcp", [] { return Sockets("127.0.0.1:0"); }},
      {"TcpPrimary", [] { return Swapped(Sockets("127.0.0.1:0")); }},
      {"TcpShortReads", ShortReads},
      {"Unix", Unix},
  };
}

// The contract makes these three optional. A link over the library's transports
// has them all.
TEST(NoiseLinkTest, HasDescriptor) {
  for (const ConformancePair& link : AllLinks()) {
    EXPECT_GE(link.make().first->fd(), 0) << link.name;
  }
}

TEST(NoiseLinkTest, CloseWriteKeepsReadDirection) {
  for (const ConformancePair& link : AllLinks()) {
    SCOPED_TRACE(link.name);
    const Ends ends = link.make();
    ends.first->CloseWrite();
    ASSERT_TRUE(ends.second->Write("late", absl::InfiniteDuration()).ok());
    EXPECT_EQ(transport_testing::ReadBytes(*ends.first, 4), "late");
  }
}

TEST(NoiseLinkTest, ResumedReadsGoOn) {
  for (const ConformancePair& link : AllLinks()) {
    SCOPED_TRACE(link.name);
    const Ends ends = link.make();
    ends.first->Interrupt();
    EXPECT_EQ(
        transport_testing::CodeOf(transport_testing::ReadOnce(*ends.first)),
        absl::StatusCode::kCancelled);
    ends.first->ResumeReads();
    ASSERT_TRUE(ends.second->Write("late", absl::InfiniteDuration()).ok());
    EXPECT_EQ(transport_testing::ReadBytes(*ends.first, 4), "late");
    EXPECT_EQ(ends.first->Write("x", absl::ZeroDuration()).code(),
              absl::StatusCode::kCancelled);
  }
}

INSTANTIATE_TEST_SUITE_P(Noise, TransportConformance,
                         testing::ValuesIn(AllLinks()), ConformancePairName);

}  // namespace
}  // namespace kevy_replica
