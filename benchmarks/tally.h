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

// What every reader that is measured does with a frame.

#ifndef KEVY_REPLICA_BENCHMARKS_TALLY_H_
#define KEVY_REPLICA_BENCHMARKS_TALLY_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/frame.h"

namespace kevy_replica {
namespace benchmarks {

// The least that an application does: it reads the offset, the number of
// arguments, and where each one lies and how long it is. It does not read the
// arguments' bytes: what that costs depends on the application, not on who
// decoded them.
struct Tally {
  size_t frames = 0;
  uint64_t offsets = 0;  // Their sum, which wraps.
  size_t arguments = 0;
  size_t argument_bytes = 0;

  void Add(const FrameView& frame) {
    ++frames;
    offsets += frame.offset();
    arguments += frame.argv().size();
    for (const absl::string_view argument : frame.argv()) {
      argument_bytes += argument.size();
    }
  }
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_TALLY_H_
