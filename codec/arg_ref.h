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

#ifndef KEVY_REPLICA_CODEC_ARG_REF_H_
#define KEVY_REPLICA_CODEC_ARG_REF_H_

#include <cstddef>

namespace kevy_replica {

// Where one argument lies, counted from the first byte of its frame. Relative,
// so that it stays true when the buffer behind a half-received frame moves.
struct ArgRef {
  size_t offset;
  size_t size;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_ARG_REF_H_
