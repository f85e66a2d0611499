// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The strict, simple-minded decoder of a snapshot payload that the real one is
// compared with.

#ifndef KEVY_REPLICA_CODEC_TESTING_REFERENCE_PAYLOAD_H_
#define KEVY_REPLICA_CODEC_TESTING_REFERENCE_PAYLOAD_H_

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/payload_run.h"

namespace kevy_replica {
namespace codec_testing {

// Decodes a whole payload that lies in memory. Of `way`, the limits and the
// time are looked at. It shares no code with the codec but the escaping of
// text.
PayloadRun ReferencePayload(absl::string_view bytes, const PayloadWay& way);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_REFERENCE_PAYLOAD_H_
