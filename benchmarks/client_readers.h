// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// ReplicaClient, read in each of the ways that it offers.

#ifndef KEVY_REPLICA_BENCHMARKS_CLIENT_READERS_H_
#define KEVY_REPLICA_BENCHMARKS_CLIENT_READERS_H_

#include <cstddef>

#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/client/replica_client.h"

namespace kevy_replica {
namespace benchmarks {

// For a client that reads `corpus` again and again: it reads past Joint().
ReplicaClientOptions ClientOptionsFor(const Corpus& corpus);

// Each reads `frames` frames, or fewer if the client ends.

// By NextEvent().
Tally ReadEvents(ReplicaClient* client, size_t frames);

// By NextFrame().
Tally ReadFrames(ReplicaClient* client, size_t frames);

// By NextFrames(), as many at once as there are.
Tally ReadBatches(ReplicaClient* client, size_t frames);

// By going through Frames().
Tally ReadRange(ReplicaClient* client, size_t frames);

// By NextFrame(), and says of each frame that it was applied, which also makes
// the client send acknowledgements, ten a second.
Tally ReadAndApply(ReplicaClient* client, size_t frames);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_CLIENT_READERS_H_
