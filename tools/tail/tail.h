// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints a primary's stream.

#ifndef KEVY_REPLICA_TOOLS_TAIL_TAIL_H_
#define KEVY_REPLICA_TOOLS_TAIL_TAIL_H_

#include <cstdint>

#include "absl/status/status.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/tail/tail_printer.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

struct TailOptions {
  ReplicaClientOptions client;
  TailFormat format = TailFormat::kText;
  bool ack = false;          // Acknowledge what was written to the output.
  uint64_t max_frames = 0;   // End after that many; 0: go on.
  bool status_line = false;  // Keep one on stderr, a terminal.
};

// Connects and prints until the stream ends, an interrupt comes, or
// `max_frames` were printed: all of these are OK. Otherwise the client's error,
// or `output`'s.
absl::Status Tail(const TransportFactory& connect, const TailOptions& options,
                  Output* output);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_TAIL_H_
