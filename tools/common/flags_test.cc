// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/flags.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/link_options.h"

namespace kevy_replica {
namespace {

// Parses `text`, and expects that the value is shown as `text` again.
template <typename T>
T Parsed(absl::string_view text) {
  T value{};
  std::string error;
  EXPECT_TRUE(AbslParseFlag(text, &value, &error)) << text;
  EXPECT_EQ(error, "");
  EXPECT_EQ(AbslUnparseFlag(value), text);
  return value;
}

template <typename T>
std::string ParseError(absl::string_view text) {
  T value{};
  std::string error;
  EXPECT_FALSE(AbslParseFlag(text, &value, &error)) << text;
  return error;
}

TEST(FlagsTest, PositionIsTwoNumbers) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(Parsed<FeedPosition>("0:0"), (FeedPosition{0, 0}));
  EXPECT_EQ(Parsed<FeedPosition>("7270893326363503:8"),
            (FeedPosition{7270893326363503, 8}));
  EXPECT_EQ(Parsed<FeedPosition>("18446744073709551615:18446744073709551615"),
            (FeedPosition{kMax, kMax}));
  for (const char* text :
       {"", ":", "1", "1:", ":1", "1:2:3", "-1:2", "1:-2", "+1:2", " 1:2",
        "1:2 ", "1: 2", "a:1", "1:0x2", "18446744073709551616:0"}) {
    EXPECT_EQ(ParseError<FeedPosition>(text),
              "must be GENERATION:OFFSET, two decimal numbers");
  }
}

TEST(FlagsTest, StartIsPositionOrNow) {
  const auto position = Parsed<StartFlag>("7:8");
  EXPECT_EQ(position.start_at, StartAt::kPosition);
  EXPECT_EQ(position.position, (FeedPosition{7, 8}));
  const auto now = Parsed<StartFlag>("now");
  EXPECT_EQ(now.start_at, StartAt::kNow);
  EXPECT_EQ(now.position, FeedPosition());
  EXPECT_EQ(ParseError<StartFlag>("then"),
            "must be GENERATION:OFFSET, two decimal numbers, or now");
}

TEST(FlagsTest, ProtocolIsOneOfThreeNames) {
  EXPECT_EQ(Parsed<ProtocolChoice>("auto"), ProtocolChoice::kAuto);
  EXPECT_EQ(Parsed<ProtocolChoice>("1"), ProtocolChoice::kV1);
  EXPECT_EQ(Parsed<ProtocolChoice>("2"), ProtocolChoice::kV2);
  for (const char* text : {"", "0", "3", "Auto", "v1"}) {
    EXPECT_EQ(ParseError<ProtocolChoice>(text), "must be one of: auto 1 2");
  }
}

}  // namespace
}  // namespace kevy_replica
