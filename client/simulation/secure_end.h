// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The primary's end of a secure link, without a network of its own.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_SECURE_END_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_SECURE_END_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace simulation {

// Opens the bytes that the network brings, and seals those that the primary
// sends. The keys are random, the number of bytes is not: a run depends on its
// seed alone.
class SecureEnd {
 public:
  SecureEnd();

  // Takes bytes from the network, appends the opened ones to `plain` and an
  // answer, if there is one, to `sealed`. Returns whether the link still
  // stands.
  bool Receive(absl::string_view bytes, std::string* plain,
               std::string* sealed);

  // Appends the sealed `bytes` to `sealed`.
  void Send(absl::string_view bytes, std::string* sealed);

 private:
  void TakeSealed(std::string* sealed);

  std::unique_ptr<InMemoryTransport> wire_;
  std::unique_ptr<NoiseTransport> link_;
};

// Makes a secure link over the replica's end. An error of its first write is
// returned.
absl::StatusOr<std::unique_ptr<Transport>> SecureReplicaEnd(
    std::unique_ptr<Transport> end);

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_SECURE_END_H_
