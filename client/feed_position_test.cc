// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/feed_position.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(FeedPositionTest, TextRoundTrips) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  const struct {
    absl::string_view text;
    FeedPosition position;
  } cases[] = {
      {"0:0", {0, 0}},
      {"7270893326363503:8", {7270893326363503, 8}},
      {"18446744073709551615:18446744073709551615", {kMax, kMax}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ParseFeedPosition(c.text), c.position);
    EXPECT_EQ(ToString(c.position), c.text);
    std::ostringstream out;
    out << c.position;
    EXPECT_EQ(out.str(), c.text);
  }
}

TEST(FeedPositionTest, MalformedTextIsRejected) {
  for (const char* text :
       {"", ":", "1", "1:", ":1", "1:2:3", "-1:2", "1:-2", "+1:2", " 1:2",
        "1:2 ", "1: 2", "a:1", "1:0x2", "18446744073709551616:0"}) {
    EXPECT_EQ(ParseFeedPosition(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kevy_replica
