// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Included before each source file of `--config=coverage`. clang does not count
// the branches of a condition that a system header's macro wraps. So
// ABSL_PREDICT_TRUE(a && b) becomes (a && b).

#ifndef KEVY_REPLICA_BAZEL_COVERAGE_PLAIN_BRANCHES_H_
#define KEVY_REPLICA_BAZEL_COVERAGE_PLAIN_BRANCHES_H_

#include "absl/base/optimization.h"

#undef ABSL_PREDICT_FALSE
#undef ABSL_PREDICT_TRUE
#define ABSL_PREDICT_FALSE
#define ABSL_PREDICT_TRUE

#endif  // KEVY_REPLICA_BAZEL_COVERAGE_PLAIN_BRANCHES_H_
