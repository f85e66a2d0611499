// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints the data of a primary, record by record, and then its writes.
//
//   ./bazelw run //examples:records -- 127.0.0.1:16004

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/payload_event.h"

namespace {

absl::Status PrintAll(absl::string_view address) {
  kevy_replica::ReplicaClientOptions options;
  options.link.replica_id = "search-indexer";
  options.snapshots.policy = kevy_replica::SnapshotPolicy::kRecords;
  options.on_payload = [](const kevy_replica::PayloadEvent& event) {
    std::string line;
    kevy_replica::AppendText(event, &line);
    std::cout << "# " << line << '\n';
    return absl::OkStatus();
  };
  auto client = kevy_replica::ReplicaClient::Connect(address, options);
  if (!client.ok()) return client.status();
  while (const kevy_replica::FrameView* frame = (*client)->NextFrame()) {
    std::string line;
    kevy_replica::AppendText(*frame, &line);
    std::cout << line << '\n';
    (*client)->Applied(frame->offset() + 1);
  }
  return (*client)->status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: records HOST:PORT\n";
    return 2;
  }
  const absl::Status status = PrintAll(argv[1]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
