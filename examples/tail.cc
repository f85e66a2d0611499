// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The README's example: prints the writes of the primary at an address.
//
//   ./bazelw run //examples:tail -- 127.0.0.1:16004

#include <iostream>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/replica_client.h"

namespace {

absl::Status Tail(absl::string_view address) {
  kevy_replica::ReplicaClientOptions options;
  options.link.replica_id = "search-indexer";
  // A current kevy sends a fresh replica a snapshot first; this reader wants
  // the writes only.
  options.snapshots.policy = kevy_replica::SnapshotPolicy::kSkip;
  auto client = kevy_replica::ReplicaClient::Connect(address, options);
  if (!client.ok()) return client.status();
  for (const kevy_replica::FrameView& frame : (*client)->Frames()) {
    std::cout << frame.offset();
    for (absl::string_view arg : frame.argv()) std::cout << ' ' << arg;
    std::cout << '\n';
    (*client)->Applied(frame.offset() + 1);
  }
  return (*client)->status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: tail HOST:PORT\n";
    return 2;
  }
  const absl::Status status = Tail(argv[1]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
