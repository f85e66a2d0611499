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
