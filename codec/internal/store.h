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

// Numbers into bytes, the same on every machine.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_STORE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_STORE_H_

#include <cstdint>
#include <cstring>

#include "absl/base/config.h"

namespace kevy_replica {
namespace internal {

// Each writes `number` at `p`, its lowest byte first, whatever the machine's
// byte order and whatever the alignment of `p`, and returns the end.
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
