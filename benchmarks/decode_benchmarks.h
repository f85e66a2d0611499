// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What //benchmarks:decode is made of.

#ifndef KEVY_REPLICA_BENCHMARKS_DECODE_BENCHMARKS_H_
#define KEVY_REPLICA_BENCHMARKS_DECODE_BENCHMARKS_H_

#include "kevy_replica/benchmarks/corpus.h"

namespace kevy_replica {
namespace benchmarks {

// Stream/session_... and Stream/client_...: what Session and ReplicaClient add
// to the stream decoder. `corpus` must outlive the run.
void RegisterClient(const Corpus& corpus);

// Arguments/... and Value/...: the cost per byte against the number of
// arguments and the size of a value. `large`: values of 128 and 512 MiB, too,
// which take seconds and some 2 GiB of memory.
void RegisterShapes(bool large);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_DECODE_BENCHMARKS_H_
