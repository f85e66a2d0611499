// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The assertion of fuzz targets.

#ifndef KEVY_REPLICA_FUZZ_CHECK_H_
#define KEVY_REPLICA_FUZZ_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Aborts if `condition` is false, in every build.
#define FUZZ_CHECK(condition)                                              \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)

#endif  // KEVY_REPLICA_FUZZ_CHECK_H_
