// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes the replies of one input in many ways, and makes random ones.

#ifndef KEVY_REPLICA_CODEC_TESTING_REPLY_RUN_H_
#define KEVY_REPLICA_CODEC_TESTING_REPLY_RUN_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/random_stream.h"

namespace kevy_replica {
namespace codec_testing {

// Decodes `bytes`, one piece at a time, with a ReplyDecoder. The elements are
// the texts of the replies.
//
// Aborts if the decoder breaks a rule that holds for any input. An error stays.
// The memory follows the received bytes.
//
// `memory` is the policy of its buffer. Default: that of the build.
DecodeRun RunReplies(
    absl::string_view bytes, const ReplyLimits& limits, const Cuts& cuts,
    std::optional<internal::ByteBuffer::Memory> memory = std::nullopt);

// Decodes the same in place, without a buffer. So guards around `bytes` catch a
// read outside them.
DecodeRun RunRepliesInPlace(absl::string_view bytes, const ReplyLimits& limits);

// A strict, simple decoder that shares no decoding code with the codec.
DecodeRun ReferenceReplies(absl::string_view bytes, const ReplyLimits& limits);

// Returns a few well-formed replies.
std::string RandomReplies(Random* random);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_REPLY_RUN_H_
