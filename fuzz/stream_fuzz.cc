// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Streams: the stream decoder in one piece and in random pieces, the functions
// for single elements, and the reference decoder give the same result.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/reference_decoder.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::DecodeRun;
using ::kevy_replica::codec_testing::RandomPieces;
using ::kevy_replica::codec_testing::ReferenceDecode;
using ::kevy_replica::codec_testing::RunOneShot;
using ::kevy_replica::codec_testing::RunStream;
using ::kevy_replica::codec_testing::StreamStart;
using ::kevy_replica::codec_testing::Whole;

// Limits within the reach of short inputs.
Limits Tight() {
  Limits limits;
  limits.max_arguments = 12;
  limits.max_bulk_bytes = 40;
  limits.max_frame_bytes = 150;
  limits.max_chunk_bytes = 30;
  limits.max_snapshot_bytes = 50;
  return limits;
}

void Decode(absl::string_view bytes, const Limits& limits) {
  const StreamStart start = bytes.substr(0, 5) == "+ACK "
                                ? StreamStart::kAnswer
                                : StreamStart::kElements;
  const DecodeRun whole = RunStream(bytes, limits, start, Whole());
  for (const internal::ByteBuffer::Memory memory :
       {internal::ByteBuffer::Memory::kReuse,
        internal::ByteBuffer::Memory::kFresh}) {
    FUZZ_CHECK(RunStream(bytes, limits, start, RandomPieces(bytes.size()),
                         memory) == whole);
    SharedReadBuffer shared;
    FUZZ_CHECK(RunStream(bytes, limits, start, RandomPieces(bytes.size() + 1),
                         memory, &shared) == whole);
  }
  FUZZ_CHECK(RunOneShot(bytes, limits, start) == whole);
  FUZZ_CHECK(ReferenceDecode(bytes, limits, start) == whole);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Decode(bytes, kevy_replica::Limits());
  kevy_replica::Decode(bytes, kevy_replica::Tight());
  return 0;
}
