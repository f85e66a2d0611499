// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_BENCHMARKS_RUN_H_
#define KEVY_REPLICA_BENCHMARKS_RUN_H_

namespace kevy_replica {
namespace benchmarks {

// The rest of main(): runs the registered benchmarks. The results name the
// compiler, the optimisation, and the libraries of the comparison.
int Run(int argc, char** argv);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_RUN_H_
