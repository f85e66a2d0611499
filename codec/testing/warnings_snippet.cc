// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// All public headers, for warnings_test, and templates that only a use
// instantiates.

#include <cstddef>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

size_t Sizes(const FrameView& frame) {
  size_t sum = frame.argv()[0].size();
  for (const absl::string_view arg : frame.argv()) sum += arg.size();
#ifdef CHANGES_SIGN
  const int sign = -1;
  sum += sign;
#endif
  return sum;
}

bool Equal(const FrameView& a, const FrameView& b) {
  return a == b && a.argv() == b.argv();
}

}  // namespace kevy_replica
