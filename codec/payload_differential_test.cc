// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Compares the decoder with the reference decoder on random payloads, sound and
// broken.

#include <cstdint>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/testing/random_payload.h"
#include "kevy_replica/codec/testing/reference_payload.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::kEveryPayloadBy;
using ::kevy_replica::codec_testing::MutatePayload;
using ::kevy_replica::codec_testing::PayloadBy;
using ::kevy_replica::codec_testing::PayloadRun;
using ::kevy_replica::codec_testing::PayloadWay;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::Random;
using ::kevy_replica::codec_testing::RandomAlikePayload;
using ::kevy_replica::codec_testing::RandomPayload;
using ::kevy_replica::codec_testing::RandomPieces;
using ::kevy_replica::codec_testing::ReferencePayload;
using ::kevy_replica::codec_testing::RunPayload;
using ::kevy_replica::codec_testing::Whole;

// Decodes in several ways. All must give the result of the reference.
PayloadRun DecodeAll(const std::string& bytes, PayloadWay way, uint64_t seed) {
  const PayloadRun expected = ReferencePayload(bytes, way);
  way.guard = seed % 2 == 0 ? Guard::kBefore : Guard::kAfter;
  for (const auto& cuts :
       {Whole(), Pieces(1), RandomPieces(seed), Pieces(1 + seed % 50)}) {
    for (const PayloadBy by : kEveryPayloadBy) {
      way.cuts = cuts;
      way.by = by;
      way.max_records = seed % 3 == 0 ? 1 + seed % 5 : PayloadDecoder::kBatch;
      const PayloadRun run = RunPayload(bytes, way);
      EXPECT_EQ(run, expected) << "seed " << seed << ": " << Escaped(bytes);
    }
  }
  return expected;
}

TEST(PayloadDifferentialTest, SoundPayloadsDecodeAlike) {
  int stubs = 0;
  for (uint64_t seed = 1; seed <= 2000 && !HasFailure(); ++seed) {
    Random random(seed);
    const std::string bytes = RandomPayload(&random);
    PayloadWay way;
    way.now_ms = random();
    const PayloadRun run = DecodeAll(bytes, way, seed);
    if (run.error == WireError::kRowSegment) {
      ++stubs;
    } else {
      ASSERT_EQ(run.error, WireError::kNone) << "seed " << seed;
    }
  }
  EXPECT_GT(stubs, 10);
}

TEST(PayloadDifferentialTest, BrokenPayloadsDecodeAlike) {
  std::set<WireError> seen;
  for (uint64_t seed = 1; seed <= 6000 && !HasFailure(); ++seed) {
    Random random(seed);
    std::string bytes = RandomPayload(&random);
    MutatePayload(&random, &bytes);
    PayloadWay way;
    if (seed % 3 == 0) {
      way.limits.max_bulk_bytes = random() % 40;
    } else if (seed % 3 == 1) {
      way.limits.max_snapshot_bytes = random() % 200;
      way.limits.max_trailer_bytes = random() % 40;
    }
    seen.insert(DecodeAll(bytes, way, seed).error);
  }
  for (const WireError error :
       {WireError::kNone, WireError::kBadMagic, WireError::kBadVersion,
        WireError::kBadOpcode, WireError::kBadExpiryFlag,
        WireError::kRowSegment, WireError::kTruncatedPayload,
        WireError::kBulkTooLong, WireError::kSnapshotTooLong,
        WireError::kTrailerTooLong}) {
    EXPECT_EQ(seen.count(error), 1u) << error << " never came";
  }
}

// Long rows, for the guesses of NextRecords(): by lengths, by the bounds of a
// batch, and where the guesses are wrong.
TEST(PayloadDifferentialTest, AlikePayloadsDecodeAlike) {
  for (uint64_t seed = 1; seed <= 100 && !HasFailure(); ++seed) {
    Random random(seed);
    std::string bytes = RandomAlikePayload(&random);
    PayloadWay way;
    way.now_ms = random();
    if (seed % 2 == 0) MutatePayload(&random, &bytes);
    if (seed % 5 == 0) way.limits.max_bulk_bytes = random() % 20;
    const PayloadRun run = DecodeAll(bytes, way, seed);
    if (seed % 2 != 0 && seed % 5 != 0) {
      ASSERT_EQ(run.error, WireError::kNone) << "seed " << seed;
    }
  }
}

// Alike records behind a collection that nearly fills a batch.
TEST(PayloadDifferentialTest, FullBatchesDecodeAlike) {
  constexpr uint32_t kBatchStrings = 1024;
  for (uint32_t last = kBatchStrings - 60; last <= kBatchStrings; ++last) {
    for (const bool lists : {false, true}) {
      PayloadEncoder encoder;
      std::string bytes;
      const auto append = [&](const PayloadEvent& event) {
        ASSERT_EQ(encoder.Append(event, &bytes), WireError::kNone);
      };
      const auto append_alike = [&](int records) {
        for (; records > 0; --records) {
          append(RecordBegin{lists ? RecordType::kList : RecordType::kString,
                             "key",
                             {},
                             lists ? 10u : 0u});
          for (int i = 0; lists && i < 10; ++i) append(ListItem{"item"});
          if (!lists) append(StringValue{"value"});
          append(RecordEnd());
        }
      };
      append(PayloadHeader{6, 7, 8});
      // Lists in front take 50 strings of the first batch, so that only the
      // second part of the collection nearly fills one.
      uint32_t count = last;
      if (lists) {
        append_alike(5);
        count += kBatchStrings - 50;
      }
      append(RecordBegin{RecordType::kSortedSet, "key", {}, count});
      for (uint32_t i = 0; i < count; ++i) append(ScoredMember{"m", i + 0.5});
      append(RecordEnd());
      append_alike(50);
      append(PayloadEnd());
      PayloadWay way;
      const PayloadRun expected = ReferencePayload(bytes, way);
      way.by = PayloadBy::kRecords;
      ASSERT_EQ(RunPayload(bytes, way), expected) << last << " " << lists;
    }
  }
}

// Sound payloads encode to the same bytes, if their version can be encoded.
TEST(PayloadDifferentialTest, SoundPayloadsEncodeBack) {
  int round_trips = 0;
  for (uint64_t seed = 1; seed <= 3000 && !HasFailure(); ++seed) {
    Random random(seed);
    std::string bytes = RandomPayload(&random);
    if (bytes[8] < 4 || bytes[8] > 6) continue;
    if (seed % 2 == 0) MutatePayload(&random, &bytes);
    PayloadWay way;
    way.cuts = RandomPieces(seed);
    PayloadEncoder encoder;
    std::string encoded;
    WireError error = WireError::kNone;
    const PayloadRun run =
        RunPayload(bytes, way, [&](const PayloadEvent& event) {
          if (error == WireError::kNone)
            error = encoder.Append(event, &encoded);
        });
    if (run.error != WireError::kNone || error == WireError::kBadVersion) {
      continue;
    }
    EXPECT_EQ(error, WireError::kNone) << "seed " << seed;
    EXPECT_EQ(encoded, bytes) << "seed " << seed;
    EXPECT_TRUE(encoder.ended());
    ++round_trips;
  }
  EXPECT_GT(round_trips, 500);
}

}  // namespace
}  // namespace kevy_replica
