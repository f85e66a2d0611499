// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// How much work a scanner does, counted where somebody asks.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_METER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_METER_H_

#include <cstddef>

namespace kevy_replica {
namespace internal {

// The meter of all but the tests: counts nothing, costs nothing. A test's own
// adds up `bytes`, each time that a scanner looks at some.
struct NoMeter {
  void Examined(size_t bytes) { static_cast<void>(bytes); }
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_METER_H_
