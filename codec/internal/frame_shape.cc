// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/frame_shape.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/internal/load.h"

namespace kevy_replica {
namespace internal {

void FrameShape::Learn(const char* frame, size_t size, size_t envelope_size,
                       const ArgRef* args, size_t argc) {
  if (argc > kMaxArguments) return;
  checks_ = 0;
  size_t at = envelope_size;
  for (size_t i = 0; i <= argc; ++i) {
    const size_t end = i < argc ? args[i].offset : size;
    while (at < end) {
      const size_t n = std::min<size_t>(end - at, 8);
      // The load stays inside the frame, which has more than 8 bytes.
      const size_t from = std::min(at, size - 8);
      const uint64_t mask = FirstBytes(n) << (8 * (at - from));
      assert(checks_ < kMaxChecks);
      check_[checks_++] = {from, LoadLittleEndian64(frame + from) & mask, mask};
      at += n;
    }
    if (i < argc) {
      args_[i] = args[i];
      at = args[i].offset + args[i].size;
    }
  }
  if (checks_ % 2 != 0) check_[checks_++] = {0, 0, 0};  // Fits any frame.
  size_ = size;
  envelope_size_ = envelope_size;
  argc_ = argc;
  misses_ = 0;
}

}  // namespace internal
}  // namespace kevy_replica
