// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Replies: the decoder in one piece and in random pieces, the scanner in place,
// and the reference decoder give the same result.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/reply_run.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::DecodeRun;
using ::kevy_replica::codec_testing::RandomPieces;
using ::kevy_replica::codec_testing::ReferenceReplies;
using ::kevy_replica::codec_testing::RunReplies;
using ::kevy_replica::codec_testing::RunRepliesInPlace;
using ::kevy_replica::codec_testing::Whole;

// Limits within the reach of short inputs.
ReplyLimits Tight() {
  ReplyLimits limits;
  limits.max_bulk_bytes = 40;
  limits.max_line_bytes = 20;
  limits.max_elements = 12;
  limits.max_depth = 2;
  limits.max_reply_bytes = 150;
  return limits;
}

void Decode(absl::string_view bytes, const ReplyLimits& limits) {
  const DecodeRun whole = RunReplies(bytes, limits, Whole());
  for (const internal::ByteBuffer::Memory memory :
       {internal::ByteBuffer::Memory::kReuse,
        internal::ByteBuffer::Memory::kFresh}) {
    FUZZ_CHECK(RunReplies(bytes, limits, RandomPieces(bytes.size()), memory) ==
               whole);
  }
  FUZZ_CHECK(RunRepliesInPlace(bytes, limits) == whole);
  FUZZ_CHECK(ReferenceReplies(bytes, limits) == whole);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Decode(bytes, kevy_replica::ReplyLimits());
  kevy_replica::Decode(bytes, kevy_replica::Tight());
  return 0;
}
