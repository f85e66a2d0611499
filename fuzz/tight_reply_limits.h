// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_FUZZ_TIGHT_REPLY_LIMITS_H_
#define KEVY_REPLICA_FUZZ_TIGHT_REPLY_LIMITS_H_

#include "kevy_replica/tools/mirror/reply_reader.h"

namespace kevy_replica {

// Limits of a target's replies within the reach of short inputs.
inline TargetReplyLimits TightReplyLimits() {
  TargetReplyLimits limits;
  limits.whole_bytes = 60;
  limits.brief_bytes = 80;
  limits.elements = 6;
  limits.error_bytes = 10;
  return limits;
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_FUZZ_TIGHT_REPLY_LIMITS_H_
