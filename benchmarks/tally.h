// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

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
