// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// bazel run -c opt //:index_benchmark

#include <memory>

#include "benchmark/benchmark.h"
#include "index.h"
#include "kevy_replica/benchmarks/apply.h"

static const bool registered = kevy_replica::benchmarks::RegisterApply(
    [] { return std::make_unique<Index>(); });

BENCHMARK_MAIN();
