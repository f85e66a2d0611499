// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0
// A second decoder, to check the first against: as plain as can be.

#ifndef KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_
#define KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/decode_run.h"

namespace kevy_replica {
namespace codec_testing {

// Decodes a whole stream that lies in memory, a character at a time. It shares
// no code with the codec but the escaping of text.
DecodeRun ReferenceDecode(absl::string_view bytes, const Limits& limits,
                          StreamStart start);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_
