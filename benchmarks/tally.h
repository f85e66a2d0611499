// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The work of each measured reader on a frame.

#ifndef KEVY_REPLICA_BENCHMARKS_TALLY_H_
#define KEVY_REPLICA_BENCHMARKS_TALLY_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/frame.h"

namespace kevy_replica {
namespace benchmarks {

// The least work of an application. It reads the offset, the number of
// arguments, and the place and length of each argument. It leaves the bytes of
// the arguments unread: their cost depends on the application alone.
struct Tally {
  size_t frames = 0;
  uint64_t offsets = 0;  // The sum of the offsets, modulo 2^64.
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
