// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The parts of //benchmarks:decode.

#ifndef KEVY_REPLICA_BENCHMARKS_DECODE_BENCHMARKS_H_
#define KEVY_REPLICA_BENCHMARKS_DECODE_BENCHMARKS_H_

#include "kevy_replica/benchmarks/corpus.h"

namespace kevy_replica {
namespace benchmarks {

// Registers Stream/session_... and Stream/client_...: the cost of Session and
// ReplicaClient on top of the stream decoder. `corpus` must outlive the run.
void RegisterClient(const Corpus& corpus);

// Registers Arguments/... and Value/...: the cost of a byte by the number of
// arguments and by the size of a value. `large` adds values of 128 and 512 MiB,
// which take seconds and about 2 GiB of memory.
void RegisterShapes(bool large);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_DECODE_BENCHMARKS_H_
