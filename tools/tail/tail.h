// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints one link's events.

#ifndef KEVY_REPLICA_TOOLS_TAIL_TAIL_H_
#define KEVY_REPLICA_TOOLS_TAIL_TAIL_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/tail/snapshot_printer.h"
#include "kevy_replica/tools/tail/tail_printer.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

struct TailOptions {
  ReplicaClientOptions client;
  TailFormat format = TailFormat::kText;
  SnapshotMode snapshot = SnapshotMode::kRecords;
  // Acknowledge frames once they are written to the output. Default: false.
  bool ack = false;
  // End after so many frames. Default: 0, no limit.
  uint64_t max_frames = 0;
  // Show a status line on stderr, a terminal. Default: false.
  bool status_line = false;
  // Applied to the link, above its encryption: sees the plain bytes. Default:
  // null.
  TransportWrapper wrap;
  // Called before `output` is flushed. An error ends the tail. Default: null.
  std::function<absl::Status()> before_flush;
};

// Connects once to a replication listener and prints events until the link
// ends.
//
// Returns:
//   OK            the primary closed the link between two elements,
//                 `max_frames` were printed, an interrupt came, or the reader
//                 is gone
//   other errors  ReplicaClient's, or those of `output`
absl::Status Tail(absl::string_view address, const TailOptions& options,
                  Output* output);

// The same over a transport that stands already, without options.wrap.
absl::Status Tail(std::unique_ptr<Transport> transport,
                  const TailOptions& options, Output* output);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_TAIL_H_
