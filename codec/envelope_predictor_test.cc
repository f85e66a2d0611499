// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A prediction fits exactly the bytes of its envelope.

#include "kevy_replica/codec/internal/envelope_predictor.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace internal {
namespace {

constexpr uint64_t kMostOffset = 9'999'999'999'999'999;  // 16 digits.

std::string EnvelopeOf(uint64_t offset) {
  return absl::StrCat("*2\r\n:", offset, "\r\n*");
}

// The envelope, and other bytes up to the number that Matches() reads.
std::string ReadableOf(uint64_t offset) {
  std::string bytes = EnvelopeOf(offset);
  bytes.resize(EnvelopePredictor::kReadable, '#');
  return bytes;
}

// For each number of digits: the first, the last, and two between.
std::vector<uint64_t> Offsets() {
  std::vector<uint64_t> offsets = {0};
  for (uint64_t power = 1; power <= kMostOffset; power *= 10) {
    offsets.insert(offsets.end(),
                   {power, 3 * power + power / 7, 10 * power - 1});
  }
  return offsets;
}

void ExpectFitsOnly(uint64_t offset, const EnvelopePredictor& envelope) {
  SCOPED_TRACE(offset);
  EXPECT_EQ(envelope.offset(), offset);
  ASSERT_EQ(envelope.size(), EnvelopeOf(offset).size());
  std::string bytes = ReadableOf(offset);
  EXPECT_TRUE(envelope.Matches(bytes.data()));
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 1;
    EXPECT_EQ(envelope.Matches(bytes.data()), i >= envelope.size()) << i;
    bytes[i] ^= 1;
  }
}

TEST(EnvelopePredictorTest, NewOneFitsNothing) {
  const EnvelopePredictor envelope;
  for (const uint64_t offset : Offsets()) {
    EXPECT_FALSE(envelope.Matches(ReadableOf(offset).data()));
  }
  const std::string zeros(EnvelopePredictor::kReadable, '\0');
  EXPECT_FALSE(envelope.Matches(zeros.data()));
}

TEST(EnvelopePredictorTest, SetFitsEveryByteOfTheEnvelope) {
  EnvelopePredictor envelope;
  for (const uint64_t offset : Offsets()) {
    ASSERT_TRUE(envelope.Set(offset));
    ExpectFitsOnly(offset, envelope);
  }
}

TEST(EnvelopePredictorTest, SetRejectsMoreDigitsThanAreReadable) {
  for (const uint64_t offset :
       {kMostOffset + 1, std::numeric_limits<uint64_t>::max()}) {
    EnvelopePredictor envelope;
    ASSERT_TRUE(envelope.Set(8));
    EXPECT_FALSE(envelope.Set(offset));
    EXPECT_FALSE(envelope.Matches(ReadableOf(8).data()));
    EXPECT_FALSE(envelope.Matches(ReadableOf(offset).data()));
  }
}

TEST(EnvelopePredictorTest, AdvanceFitsTheNextOffset) {
  for (const uint64_t first : Offsets()) {
    if (first == kMostOffset) continue;
    EnvelopePredictor envelope;
    ASSERT_TRUE(envelope.Set(first));
    envelope.Advance();
    ExpectFitsOnly(first + 1, envelope);
  }
  // Every number of nines at the end, and of digits before them.
  EnvelopePredictor envelope;
  ASSERT_TRUE(envelope.Set(0));
  for (uint64_t offset = 1; offset <= 11'000; ++offset) {
    envelope.Advance();
    const std::string bytes = ReadableOf(offset);
    ASSERT_TRUE(envelope.Matches(bytes.data())) << offset;
    ASSERT_EQ(envelope.offset(), offset);
  }
}

TEST(EnvelopePredictorTest, AdvanceBeyondTheMostDigitsFitsNothing) {
  EnvelopePredictor envelope;
  ASSERT_TRUE(envelope.Set(kMostOffset));
  envelope.Advance();
  EXPECT_FALSE(envelope.Matches(ReadableOf(kMostOffset).data()));
  EXPECT_FALSE(envelope.Matches(ReadableOf(kMostOffset + 1).data()));
}

TEST(EnvelopePredictorTest, AdvanceDigitChangesTheLastDigitAlone) {
  EnvelopePredictor envelope;
  ASSERT_TRUE(envelope.Set(1238));
  EXPECT_TRUE(envelope.AdvanceDigit());
  ExpectFitsOnly(1239, envelope);
  EXPECT_FALSE(envelope.AdvanceDigit());
  ExpectFitsOnly(1239, envelope);
}

}  // namespace
}  // namespace internal
}  // namespace kevy_replica
