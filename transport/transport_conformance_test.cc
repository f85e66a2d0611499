// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contract, for every transport of the library.

#include "kevy_replica/transport/transport_conformance.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/recording_transport.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/socket_pair.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using Ends = ConformancePair::Ends;
using transport_testing::CanListen;
using transport_testing::ConnectPair;
using transport_testing::RandomSizes;
using transport_testing::SocketPair;
using transport_testing::TempDir;

Ends InMemory(size_t capacity = std::numeric_limits<size_t>::max()) {
  auto pair = InMemoryTransport::CreatePair(capacity);
  return {std::move(pair.first), std::move(pair.second)};
}

Ends Sockets(const std::string& address, int receive_buffer_bytes = 0) {
  ConnectOptions options;
  options.receive_buffer_bytes = receive_buffer_bytes;
  SocketPair pair = ConnectPair(address, options);
  return {std::move(pair.client), std::move(pair.server)};
}

Ends Unix() {
  const TempDir dir;
  return Sockets(absl::StrCat("unix:", dir.File("a")));
}

Ends Faulty(Ends ends, Faults faults) {
  return {std::make_unique<FaultyTransport>(std::move(ends.first),
                                            std::move(faults)),
          std::move(ends.second)};
}

Ends Recording(Ends ends) {
  auto recording =
      RecordingTransport::Create(std::move(ends.first), "/dev/null");
  EXPECT_TRUE(recording.ok()) << recording.status();
  return {*std::move(recording), std::move(ends.second)};
}

std::vector<ConformancePair> AllTransports() {
  std::vector<ConformancePair> all = {
      {"InMemory", [] { return InMemory(); }, /*bounded=*/false},
      {"InMemoryBounded", [] { return InMemory(1000); }},
      {"TcpV4", [] { return Sockets("127.0.0.1:0"); }},
      {"TcpSmallBuffer", [] { return Sockets("127.0.0.1:0", 4096); }},
      {"Unix", Unix},
      {"FaultyWithoutFaults", [] { return Faulty(InMemory(1000), {}); }},
      {"FaultyShortReads",
       [] {
         Faults faults;
         faults.read_size = RandomSizes(5000, 7);
         return Faulty(Sockets("127.0.0.1:0"), std::move(faults));
       }},
      {"RecordingOverInMemory", [] { return Recording(InMemory(1000)); }},
      {"RecordingOverUnix", [] { return Recording(Unix()); }},
  };
  if (CanListen("localhost:0")) {
    all.push_back({"TcpByName", [] { return Sockets("localhost:0"); }});
  }
  if (CanListen("[::1]:0")) {
    all.push_back({"TcpV6", [] { return Sockets("[::1]:0"); }});
  }
  return all;
}

// The contract leaves a transport free to close both sides; these do not.
TEST(CloseWriteTest, LeavesReading) {
  for (const ConformancePair& pair : AllTransports()) {
    SCOPED_TRACE(pair.name);
    const Ends ends = pair.make();
    ends.first->CloseWrite();
    ASSERT_TRUE(ends.second->Write("late", absl::InfiniteDuration()).ok());
    EXPECT_EQ(transport_testing::ReadBytes(*ends.first, 4), "late");
  }
}

// Nor may one do without a descriptor, which the tests of it would skip.
TEST(FdTest, IsThere) {
  for (const ConformancePair& pair : AllTransports()) {
    EXPECT_GE(pair.make().first->fd(), 0) << pair.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TransportConformance,
                         testing::ValuesIn(AllTransports()),
                         ConformancePairName);

}  // namespace
}  // namespace kevy_replica
