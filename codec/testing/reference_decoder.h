// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The reference decoder of streams: strict and simple.

#ifndef KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_
#define KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/decode_run.h"

namespace kevy_replica {
namespace codec_testing {

// Decodes a whole stream in memory, one character at a time. It shares only the
// escaping of text with the codec.
DecodeRun ReferenceDecode(absl::string_view bytes, const Limits& limits,
                          StreamStart start);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_
