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

// The form of a stream's last frames. The next frames mostly have the same
// form, so they are compared with it instead of parsed.
//
// One predictor serves one set of limits: a frame of the predicted form is
// within them, as the learned frame was.
struct FramePredictor {
  // Learns from a frame of another form than `shape`. Two frames in a row with
  // one size and one argument count become the new shape, unless the old one is
  // active or in use.
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
  bool shape_in_use = false;  // Valid frames view its arguments.
  size_t last_size = 0;
  size_t last_argc = 0;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_FRAME_PREDICTOR_H_
