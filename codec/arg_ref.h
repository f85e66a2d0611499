// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The place of an argument in its frame.

#ifndef KEVY_REPLICA_CODEC_ARG_REF_H_
#define KEVY_REPLICA_CODEC_ARG_REF_H_

#include <cstddef>
#include <string>
#include <tuple>

#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// The place of one argument, counted from the first byte of its frame. A
// relative place stays right when the buffer of a half-received frame moves.
// Decoders fill in a list of these. It is public because ArgvView and FrameView
// are made from one, so that your own decoder or test can make them, too.
struct ArgRef {
  size_t offset;  // In bytes. (Not the frame's offset in the stream.)
  size_t size;    // In bytes.

  template <typename T>
  static auto ValueFields(const T& ref) {
    return std::tie(ref.offset, ref.size);
  }
};

// Appends `offset=3 size=5`.
void AppendText(const ArgRef& ref, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_ARG_REF_H_
