// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contract of Transport, for TLS.

#include <openssl/ssl.h>

#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/testing/tls_server.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/socket_pair.h"
#include "kevy_replica/transport/transport.h"
#include "kevy_replica/transport/transport_conformance.h"

namespace kevy_replica {
namespace {

using Ends = ConformancePair::Ends;
using transport_testing::ConnectPair;
using transport_testing::MakeTlsPair;
using transport_testing::RandomSizes;
using transport_testing::SocketPair;
using transport_testing::TlsPair;

Ends Tls(std::unique_ptr<Transport> client, std::unique_ptr<Transport> server,
         int max_version = 0) {
  TlsPair pair = MakeTlsPair(std::move(client), std::move(server), max_version);
  return {std::move(pair.client), std::move(pair.server)};
}

Ends OverMemory(size_t capacity) {
  auto pair = InMemoryTransport::CreatePair(capacity);
  return Tls(std::move(pair.first), std::move(pair.second));
}

Ends OverTcp(int max_version = 0) {
  SocketPair pair = ConnectPair("127.0.0.1:0");
  return Tls(std::move(pair.client), std::move(pair.server), max_version);
}

Ends ServerOverTcp() {
  Ends ends = OverTcp();
  return {std::move(ends.second), std::move(ends.first)};
}

Ends OverShortReads() {
  SocketPair pair = ConnectPair("127.0.0.1:0");
  Faults faults;
  faults.read_size = RandomSizes(5000, 7);
  return Tls(std::make_unique<FaultyTransport>(std::move(pair.client),
                                               std::move(faults)),
             std::move(pair.server));
}

std::vector<ConformancePair> AllPairs() {
  return {
      {"Memory", [] { return OverMemory(std::numeric_limits<size_t>::max()); },
       /*bounded=*/false},
      // The session tickets, unread at first, take 0.5 KiB.
      {"MemoryBounded", [] { return OverMemory(2000); }},
      {"Tcp", [] { return OverTcp(); }},
      {"TcpTls12", [] { return OverTcp(TLS1_2_VERSION); }},
      {"TcpServer", ServerOverTcp},
      {"TcpShortReads", OverShortReads},
  };
}

TEST(TlsCloseWriteTest, KeepsReadDirection) {
  for (const ConformancePair& pair : AllPairs()) {
    SCOPED_TRACE(pair.name);
    const Ends ends = pair.make();
    ends.first->CloseWrite();
    ASSERT_TRUE(ends.second->Write("late", absl::InfiniteDuration()).ok());
    EXPECT_EQ(transport_testing::ReadBytes(*ends.first, 4), "late");
  }
}

TEST(TlsResumeReadsTest, LaterInterruptCounts) {
  for (const ConformancePair& pair : AllPairs()) {
    SCOPED_TRACE(pair.name);
    const Ends ends = pair.make();
    char byte;
    ends.first->Interrupt();
    EXPECT_TRUE(absl::IsCancelled(
        ends.first->Read({&byte, 1}, absl::InfiniteDuration()).status()));
    ends.first->ResumeReads();
    ASSERT_TRUE(ends.second->Write("late", absl::InfiniteDuration()).ok());
    EXPECT_EQ(transport_testing::ReadBytes(*ends.first, 4), "late");
    EXPECT_TRUE(
        absl::IsCancelled(ends.first->Write("x", absl::ZeroDuration())));
    ends.first->Interrupt();
    EXPECT_TRUE(absl::IsCancelled(
        ends.first->Read({&byte, 1}, absl::InfiniteDuration()).status()));
  }
}

INSTANTIATE_TEST_SUITE_P(Tls, TransportConformance,
                         testing::ValuesIn(AllPairs()), ConformancePairName);

}  // namespace
}  // namespace kevy_replica
