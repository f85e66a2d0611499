// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The reference decoder of snapshot payloads: strict and simple.

#ifndef KEVY_REPLICA_CODEC_TESTING_REFERENCE_PAYLOAD_H_
#define KEVY_REPLICA_CODEC_TESTING_REFERENCE_PAYLOAD_H_

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/payload_run.h"

namespace kevy_replica {
namespace codec_testing {

// Decodes a whole payload in memory, with the limits and the time of `way`. It
// shares only the escaping of text with the codec.
PayloadRun ReferencePayload(absl::string_view bytes, const PayloadWay& way);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_REFERENCE_PAYLOAD_H_
