// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CODEC_INTERNAL_FRAME_PREDICTOR_H_
#define KEVY_REPLICA_CODEC_INTERNAL_FRAME_PREDICTOR_H_

#include <cstddef>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/internal/envelope_predictor.h"
#include "kevy_replica/codec/internal/frame_shape.h"

namespace kevy_replica {
namespace internal {

// The form of a stream's last frames: the next ones, which mostly have the same
// form, are compared with it instead of parsed. It is for one set of limits,
// which are not checked again.
struct FramePredictor {
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
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_FRAME_PREDICTOR_H_
