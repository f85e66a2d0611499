// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/client/feed_position.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(FeedPositionTest, TextThereAndBack) {
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

TEST(FeedPositionTest, WhatIsNoPosition) {
  for (const char* text :
       {"", ":", "1", "1:", ":1", "1:2:3", "-1:2", "1:-2", "+1:2", " 1:2",
        "1:2 ", "1: 2", "a:1", "1:0x2", "18446744073709551616:0"}) {
    EXPECT_EQ(ParseFeedPosition(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kevy_replica
