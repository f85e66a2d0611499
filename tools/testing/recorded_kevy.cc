// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A kevy for trials without a server: a client port that answers as a primary
// of one shard, and a replication port that plays the recording of
// embedded_primary.h to each replica. Prints the addresses of both, and runs
// until the end of standard input, or Ctrl-C.
//
//   $ ./bazelw run //tools/testing:recorded_kevy
//   kevy://127.0.0.1:34753
//   127.0.0.1:40523

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/common/embedded_primary.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

absl::Status Run() {
  ScriptedPrimary primary;
  const absl::StatusOr<std::string> replication =
      StartEmbeddedPrimary(nullptr, &primary);
  if (!replication.ok()) return replication.status();
  const absl::StatusOr<Address> address = ParseAddress(*replication);
  if (!address.ok()) return address.status();

  ScriptedNode node;
  node.version = "7.0.0";  // The first one that tells its replication port.
  node.repl_port_base = address->port;
  node.shards = {{7270893326363503, 39}};  // The end of the recording.
  ScriptedClientPort port(node);
  const absl::Status status = port.Listen("127.0.0.1:0");
  if (!status.ok()) return status;
  std::cout << "kevy://" << port.address() << '\n' << *replication << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace kevy_replica

int main() {
  const absl::Status status = kevy_replica::Run();
  if (status.ok()) return 0;
  std::cerr << "recorded_kevy: " << status << '\n';
  return 1;
}
