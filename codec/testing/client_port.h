// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The recorded replies of testdata/client_port. A test that uses them needs
// //testdata:client_port as data.

#ifndef KEVY_REPLICA_CODEC_TESTING_CLIENT_PORT_H_
#define KEVY_REPLICA_CODEC_TESTING_CLIENT_PORT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace codec_testing {

// One command and its reply.
struct ClientPortExchange {
  std::string node;  // "primary", "replica" or "primary with a replica".
  std::vector<std::string> command;
  std::string reply;  // The bytes.
};

// Returns the names of all recordings, such as "kevy-5.4.0".
std::vector<std::string> ClientPortRecordings();

// Returns the exchanges of one recording, in order. Aborts if it is malformed.
std::vector<ClientPortExchange> ClientPortExchanges(absl::string_view name);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_CLIENT_PORT_H_
