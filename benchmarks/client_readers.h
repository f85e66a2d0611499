// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reads a ReplicaClient in each of its ways.

#ifndef KEVY_REPLICA_BENCHMARKS_CLIENT_READERS_H_
#define KEVY_REPLICA_BENCHMARKS_CLIENT_READERS_H_

#include <cstddef>

#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/client/replica_client.h"

namespace kevy_replica {
namespace benchmarks {

// Options for a client that reads `corpus` again and again, past each Joint().
ReplicaClientOptions ClientOptionsFor(const Corpus& corpus);

// Each function reads `frames` frames, or fewer if the client ends.

// Uses NextEvent().
Tally ReadEvents(ReplicaClient* client, size_t frames);

// Uses NextFrame().
Tally ReadFrames(ReplicaClient* client, size_t frames);

// Uses NextFrames() without a limit on the batch.
Tally ReadBatches(ReplicaClient* client, size_t frames);

// Iterates over Frames().
Tally ReadRange(ReplicaClient* client, size_t frames);

// Uses NextFrame() and reports each frame as applied. The client then also
// sends ten acknowledgements a second.
Tally ReadAndApply(ReplicaClient* client, size_t frames);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_CLIENT_READERS_H_
