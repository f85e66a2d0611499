// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The Transport contract as tests, for the library's transports and for yours.
//
//   #include "kevy_replica/transport/transport_conformance.h"
//
//   using kevy_replica::TransportConformance;
//   kevy_replica::ConformancePair::Ends MakeMine() { ... }
//   INSTANTIATE_TEST_SUITE_P(
//       Mine, TransportConformance,
//       testing::Values(kevy_replica::ConformancePair{"Mine", MakeMine}),
//       kevy_replica::ConformancePairName);
//
// The results are independent of timing. A test that waits for 120 s ends the
// program with a message.

#ifndef KEVY_REPLICA_TRANSPORT_TRANSPORT_CONFORMANCE_H_
#define KEVY_REPLICA_TRANSPORT_TRANSPORT_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/watchdog.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

struct ConformancePair {
  using Ends =
      std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>>;

  std::string name;  // Letters and digits.
  // Makes two connected ends. The first is under test, the second is its peer.
  std::function<Ends()> make;
  // Whether Write() waits for the peer once many bytes are unread. Default:
  // true.
  bool bounded = true;
  // Whether Close() drains: see Transport::Close(). Otherwise an end whose peer
  // left bytes unread may read kUnavailable in place of the end. Default: true.
  bool drains = true;

  friend void PrintTo(const ConformancePair& pair, std::ostream* out) {
    *out << pair.name;
  }
};

// A test's name, for INSTANTIATE_TEST_SUITE_P: the name of its pair.
inline std::string ConformancePairName(
    const testing::TestParamInfo<ConformancePair>& info) {
  return info.param.name;
}

// The suite: each test gets a new pair.
class TransportConformance : public testing::TestWithParam<ConformancePair> {
 protected:
  TransportConformance();

  void SetUp() override;

  // Whether a Read() without waiting finds nothing.
  bool ReadsNothing();
  // The next Read() finds the end.
  void ExpectEnd();

  static constexpr absl::Duration kForEver = absl::InfiniteDuration();

  const transport_testing::Watchdog watchdog_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Transport> peer_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TRANSPORT_CONFORMANCE_H_
