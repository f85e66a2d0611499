// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Stores of numbers, the same on every machine.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_STORE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_STORE_H_

#include <cstdint>
#include <cstring>

#include "absl/base/config.h"

namespace kevy_replica {
namespace internal {

// Each writes `number` at `p`, its lowest byte first, and returns the end. Any
// byte order of the machine and any alignment of `p` will do.
inline char* StoreLittleEndian32(uint32_t number, char* p) {
#ifdef ABSL_IS_BIG_ENDIAN
  number = __builtin_bswap32(number);
#endif
  std::memcpy(p, &number, sizeof number);
  return p + sizeof number;
}
inline char* StoreLittleEndian64(uint64_t number, char* p) {
#ifdef ABSL_IS_BIG_ENDIAN
  number = __builtin_bswap64(number);
#endif
  std::memcpy(p, &number, sizeof number);
  return p + sizeof number;
}

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_STORE_H_
