// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Many shards on one thread against one shard: time a frame, and memory a
// shard.

#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_benchmarks.h"
#include "kevy_replica/benchmarks/fleet_primary.h"
#include "kevy_replica/benchmarks/run.h"

int main(int argc, char** argv) {
  namespace benchmarks = kevy_replica::benchmarks;
  benchmarks::RaiseDescriptorLimit();
  for (const benchmarks::Corpus& corpus : benchmarks::Corpora()) {
    benchmarks::RegisterFleetInMemory(corpus);
    benchmarks::RegisterFleetOverTcp(corpus);
    if (corpus.name == "value1k") benchmarks::RegisterSlowHandler(corpus);
  }
  benchmarks::RegisterIdleFleet(benchmarks::Corpora().front());
  return benchmarks::Run(argc, argv);
}
