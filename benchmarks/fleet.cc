// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Many shards on one thread against one shard alone: time a frame, and memory a
// shard.

#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_benchmarks.h"
#include "kevy_replica/benchmarks/fleet_primary.h"
#include "kevy_replica/benchmarks/measure.h"

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
