// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Compares the decoder with the reference decoder on random streams.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/codec/testing/reference_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::DecodeRun;
using ::kevy_replica::codec_testing::Mutate;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::Random;
using ::kevy_replica::codec_testing::RandomPieces;
using ::kevy_replica::codec_testing::RandomStream;
using ::kevy_replica::codec_testing::ReferenceDecode;
using ::kevy_replica::codec_testing::RunOneShot;
using ::kevy_replica::codec_testing::RunStream;
using ::kevy_replica::codec_testing::StreamStart;
using ::kevy_replica::codec_testing::Whole;

Limits RandomLimits(Random* random) {
  Limits limits;
  if ((*random)() % 2 == 0) return limits;
  limits.max_arguments = (*random)() % 20;
  limits.max_bulk_bytes = (*random)() % 120;
  limits.max_frame_bytes = (*random)() % 400;
  limits.max_chunk_bytes = (*random)() % 120;
  limits.max_snapshot_bytes = (*random)() % 200;
  return limits;
}

// Compares all decoders on the stream of `seed`. Returns their result.
DecodeRun Compare(uint64_t seed) {
  Random random(seed);
  std::string bytes = RandomStream(&random);
  const Limits limits = RandomLimits(&random);
  const bool mutated = random() % 4 != 0;
  if (mutated) Mutate(&random, &bytes);

  const StreamStart start = StreamStart::kElements;
  const DecodeRun expected = ReferenceDecode(bytes, limits, start);
  EXPECT_EQ(RunOneShot(bytes, limits, start), expected);
  EXPECT_EQ(RunStream(bytes, limits, start, Whole()), expected);
  EXPECT_EQ(RunStream(bytes, limits, start, Pieces(1)), expected);
  for (const internal::ByteBuffer::Memory memory :
       {internal::ByteBuffer::Memory::kReuse,
        internal::ByteBuffer::Memory::kFresh}) {
    EXPECT_EQ(RunStream(bytes, limits, start, RandomPieces(seed), memory),
              expected);
    SharedReadBuffer shared;
    EXPECT_EQ(RunStream(bytes, limits, start,
                        seed % 4 == 0 ? Pieces(1) : RandomPieces(seed), memory,
                        &shared),
              expected);
  }
  if (!mutated && !IsLimit(expected.error)) {
    EXPECT_EQ(expected.error, WireError::kNone);
  }
  if (::testing::Test::HasFailure()) {
    ADD_FAILURE() << "seed " << seed << ": " << Escaped(bytes.substr(0, 4000));
  }
  return expected;
}

TEST(DifferentialTest, RandomStreamsDecodeAlike) {
  constexpr uint64_t kSeeds = 5'000;
  std::set<WireError> seen;
  size_t elements = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const DecodeRun run = Compare(seed);
    if (HasFailure()) return;
    seen.insert(run.error);
    elements += run.elements.size();
  }
  // The streams are worth comparing: they meet every error of a stream, and
  // hold many elements before it.
  EXPECT_GT(elements, kSeeds);
  for (int i = 0; i <= static_cast<int>(WireError::kSnapshotTooLong); ++i) {
    const WireError error = static_cast<WireError>(i);
    if (error == WireError::kBadAnswer || error == WireError::kLineTooLong) {
      continue;
    }
    EXPECT_EQ(seen.count(error), 1u) << error;
  }
}

}  // namespace
}  // namespace kevy_replica
