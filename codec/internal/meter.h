// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The work of a scanner, counted in tests.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_METER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_METER_H_

#include <cstddef>

namespace kevy_replica {
namespace internal {

// The meter of product code: counts nothing. A test's own meter adds up `bytes`
// at each look of a scanner.
struct NoMeter {
  void Examined(size_t bytes) { static_cast<void>(bytes); }
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_METER_H_
