// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The assertion of the decoding runs, which tests and fuzz targets share.

#ifndef KEVY_REPLICA_CODEC_TESTING_CHECK_H_
#define KEVY_REPLICA_CODEC_TESTING_CHECK_H_

#include <cstdio>
#include <cstdlib>

namespace kevy_replica {
namespace codec_testing {

// Aborts with the broken rule if `condition` is false, in every build.
inline void Check(bool condition, const char* rule) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", rule);
  std::abort();
}

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_CHECK_H_
