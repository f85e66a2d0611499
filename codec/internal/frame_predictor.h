// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CODEC_INTERNAL_FRAME_PREDICTOR_H_
#define KEVY_REPLICA_CODEC_INTERNAL_FRAME_PREDICTOR_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/internal/envelope_predictor.h"
#include "kevy_replica/codec/internal/frame_shape.h"
#include "kevy_replica/codec/limits.h"

namespace kevy_replica {
namespace internal {

// What the last frames of a stream looked like, so that the next, which mostly
// look the same, are compared instead of parsed.
struct FramePredictor {
  // To be called before frames are read under limits that may be others than
  // before: what is foreseen is not held against them again.
  void UseLimits(const Limits& limits) {
    if (ABSL_PREDICT_TRUE(limits.max_arguments == max_arguments &&
                          limits.max_bulk_bytes == max_bulk_bytes &&
                          limits.max_frame_bytes == max_frame_bytes)) {
      return;
    }
    *this = FramePredictor();
    max_arguments = limits.max_arguments;
    max_bulk_bytes = limits.max_bulk_bytes;
    max_frame_bytes = limits.max_frame_bytes;
  }

  // A frame was read that was not of `shape`. Two of one size and count in a
  // row are taken for the shape of what follows; not while `shape` is in use.
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Observe(const char* frame, size_t size,
                                            size_t command_begin,
                                            const ArgRef* args, size_t argc) {
    if (ABSL_PREDICT_TRUE(size != last_size || argc != last_argc)) {
      last_size = size;
      last_argc = argc;
    } else if (!shape_in_use && !shape.active()) {
      shape.Learn(frame, size, command_begin + 1, args, argc);
    }
  }

  EnvelopePredictor envelope;
  FrameShape shape;
  bool shape_in_use = false;  // Frames that are valid still view it.
  size_t last_size = 0;
  size_t last_argc = 0;
  uint64_t max_arguments = 0;
  uint64_t max_bulk_bytes = 0;
  uint64_t max_frame_bytes = 0;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_FRAME_PREDICTOR_H_
