// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/decimal.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"

namespace kevy_replica {
namespace internal {
namespace {

using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::GuardedBytes;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

// Every power of ten and of two, and its neighbours.
std::vector<uint64_t> Boundaries() {
  std::vector<uint64_t> all = {0, kMax, kMax - 1};
  for (uint64_t power = 1;; power *= 10) {
    all.insert(all.end(), {power - 1, power, power + 1});
    if (power > kMax / 10) break;
  }
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    all.insert(all.end(), {power - 1, power, power + 1});
  }
  return all;
}

// Gives `text` to a reader. Returns the number of characters that it took.
size_t Take(absl::string_view text, uint64_t max, DecimalReader* reader) {
  size_t taken = 0;
  while (taken < text.size() && reader->Take(text[taken], max)) ++taken;
  return taken;
}

TEST(DecimalTest, WritesAndReadsBack) {
  GuardedBytes room(32);
  for (const uint64_t value : Boundaries()) {
    const std::string text = absl::StrCat(value);
    ASSERT_EQ(DecimalSize(value), text.size());
    for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
      char* const out = room.Room(text.size(), guard).data();
      ASSERT_EQ(WriteDecimal(value, out), out + text.size());
      ASSERT_EQ(absl::string_view(out, text.size()), text);
    }
    ASSERT_EQ(ParseDecimal(text), std::optional<uint64_t>(value));
  }
}

// Every pair of digits, in every place and beside every other.
TEST(DecimalTest, WritesEveryPairOfDigits) {
  for (uint64_t pairs = 0; pairs < 10'000; ++pairs) {
    for (uint64_t shift = 1; shift <= 100'000'000'000'000; shift *= 10) {
      const uint64_t value = pairs * shift + pairs;
      const std::string text = std::to_string(value);
      char out[20];
      ASSERT_EQ(DecimalSize(value), text.size());
      ASSERT_EQ(WriteDecimal(value, out), out + text.size());
      ASSERT_EQ(absl::string_view(out, text.size()), text);
    }
  }
}

TEST(DecimalTest, ParsesLeadingZerosUpToTwentyDigits) {
  EXPECT_EQ(ParseDecimal("00"), std::optional<uint64_t>(0));
  EXPECT_EQ(ParseDecimal("00000000000000000042"), std::optional<uint64_t>(42));
  EXPECT_EQ(ParseDecimal("000000000000000000042"), std::nullopt);
  EXPECT_EQ(ParseDecimal("000000000000000000000"), std::nullopt);
}

TEST(DecimalTest, RejectsOtherText) {
  for (const absl::string_view text : {"",
                                       " ",
                                       "-",
                                       "+",
                                       "-1",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1\n",
                                       "1.0",
                                       "1e3",
                                       "0x1",
                                       "12a",
                                       "a12",
                                       "1-",
                                       "1+",
                                       "18446744073709551616",
                                       "99999999999999999999",
                                       "\xb1",
                                       "1,000",
                                       "/",
                                       ":"}) {
    EXPECT_EQ(ParseDecimal(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseDecimal(absl::string_view("1\0", 2)), std::nullopt);
}

TEST(DecimalTest, IsDigitKnowsAllCharacters) {
  for (int c = 0; c < 256; ++c) {
    EXPECT_EQ(IsDigit(static_cast<char>(c)), '0' <= c && c <= '9') << c;
  }
}

TEST(DecimalReaderTest, StopsAtTheDigitThatPassesTheLimit) {
  for (const uint64_t max : Boundaries()) {
    const std::string text = absl::StrCat(max);
    DecimalReader reader;
    ASSERT_EQ(Take(text, max, &reader), text.size()) << max;
    ASSERT_EQ(reader.value(), max);
    ASSERT_EQ(reader.digits(), static_cast<int>(text.size()));
    // One digit more passes the limit, except behind zeros.
    ASSERT_EQ(reader.Take('0', max), max == 0);
    ASSERT_FALSE(reader.Take('9', max)) << max;
    if (max == kMax) continue;
    const std::string more = absl::StrCat(max + 1);
    reader.Clear();
    ASSERT_EQ(Take(more, max, &reader), more.size() - 1) << max;
  }
}

TEST(DecimalReaderTest, RefusedCharacterLeavesReaderUnchanged) {
  DecimalReader reader;
  EXPECT_EQ(reader.digits(), 0);
  EXPECT_FALSE(reader.Take('x', kMax));
  EXPECT_EQ(reader.digits(), 0);
  ASSERT_TRUE(reader.Take('4', 50));
  EXPECT_FALSE(reader.Take('\r', 50));
  EXPECT_FALSE(reader.Take('-', 50));
  ASSERT_TRUE(reader.Take('2', 50));
  EXPECT_FALSE(reader.Take('0', 50));
  EXPECT_EQ(reader.value(), 42u);
  EXPECT_EQ(reader.digits(), 2);
  reader.Clear();
  EXPECT_EQ(reader.value(), 0u);
  EXPECT_EQ(reader.digits(), 0);
}

TEST(DecimalReaderTest, TakesTwentyDigits) {
  DecimalReader reader;
  EXPECT_EQ(Take(std::string(30, '0'), kMax, &reader), 20u);
  EXPECT_EQ(reader.digits(), DecimalReader::kMaxDigits);
}

}  // namespace
}  // namespace internal
}  // namespace kevy_replica
