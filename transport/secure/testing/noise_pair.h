// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Keys and linked pairs of Noise transports, for tests and benchmarks.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_TESTING_NOISE_PAIR_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_TESTING_NOISE_PAIR_H_

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/primary_keys.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace secure_testing {

// Ends the program with an error.
inline void MustBeOk(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// Returns the value, or ends the program with the error.
template <typename T>
T Must(absl::StatusOr<T> value) {
  MustBeOk(value.status());
  return *std::move(value);
}

// Returns the key whose 64 digits are all `digit`.
inline std::shared_ptr<const PrivateKey> TestKey(char digit) {
  return std::make_shared<PrivateKey>(
      Must(PrivateKey::FromHex(std::string(64, digit))));
}

inline std::shared_ptr<const PrivateKey> ReplicaKey() { return TestKey('1'); }
inline std::shared_ptr<const PrivateKey> PrimaryKey() { return TestKey('2'); }

// The options of a replica that expects one of `primary`.
inline NoiseInitiatorOptions InitiatorOptions(
    const std::vector<std::shared_ptr<const PrivateKey>>& primary = {
        PrimaryKey()}) {
  std::vector<PublicKey> keys;
  for (const auto& key : primary) keys.push_back(key->public_key());
  NoiseInitiatorOptions options;
  options.private_key = ReplicaKey();
  options.primary_keys = Must(PrimaryKeys::Create(std::move(keys)));
  return options;
}

inline NoiseResponderOptions ResponderOptions() {
  NoiseResponderOptions options;
  options.private_key = PrimaryKey();
  return options;
}

struct NoisePair {
  std::unique_ptr<NoiseTransport> replica;
  std::unique_ptr<NoiseTransport> primary;
};

// Makes two Noise transports over two connected ends, and completes their
// handshake on this thread.
inline NoisePair MakeNoisePair(std::unique_ptr<Transport> replica_end,
                               std::unique_ptr<Transport> primary_end) {
  NoisePair pair;
  pair.replica = Must(
      NoiseTransport::Initiate(std::move(replica_end), InitiatorOptions()));
  pair.primary =
      Must(NoiseTransport::Respond(std::move(primary_end), ResponderOptions()));
  for (NoiseTransport* end : {pair.primary.get(), pair.replica.get()}) {
    MustBeOk(end->Handshake(absl::Seconds(60)));
  }
  return pair;
}

inline NoisePair MakeNoisePair() {
  auto ends = InMemoryTransport::CreatePair();
  return MakeNoisePair(std::move(ends.first), std::move(ends.second));
}

}  // namespace secure_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TESTING_NOISE_PAIR_H_
