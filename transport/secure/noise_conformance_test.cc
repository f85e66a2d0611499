// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contract of Transport, for Noise over memory and over sockets.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/random.h"
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

INSTANTIATE_TEST_SUITE_P(
    Noise, TransportConformance,
    testing::Values(
        ConformancePair{"Memory", [] { return Memory(size_t{1} << 30); },
                        /*bounded=*/false},
        ConformancePair{"MemoryBounded", [] { return Memory(1000); }},
        ConformancePair{"MemoryPrimary", [] { return Swapped(Memory(1000)); }},
        ConformancePair{"Tcp", [] { return Sockets("127.0.0.1:0"); }},
        ConformancePair{"TcpPrimary",
                        [] { return Swapped(Sockets("127.0.0.1:0")); }},
        ConformancePair{"TcpShortReads", ShortReads},
        ConformancePair{"Unix", Unix}),
    ConformancePairName);

}  // namespace
}  // namespace kevy_replica
