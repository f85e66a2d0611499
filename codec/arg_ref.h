// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

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
