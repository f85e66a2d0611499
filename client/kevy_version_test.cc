// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/kevy_version.h"

#include <cstddef>
#include <iterator>
#include <optional>
#include <sstream>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(KevyVersionTest, VersionsParse) {
  const struct {
    absl::string_view text;
    KevyVersion version;
    absl::string_view printed;
  } cases[] = {
      {"5.4.0", {5, 4, 0}, "5.4.0"},
      {"7.0", {7, 0, 0}, "7.0.0"},
      {"7", {7, 0, 0}, "7.0.0"},
      {"2.0.20", {2, 0, 20}, "2.0.20"},
      {"7.0.0-rc.1", {7, 0, 0}, "7.0.0"},
      {"5.4.1+build.7-x", {5, 4, 1}, "5.4.1"},
      {"4294967295.0.1", {4294967295, 0, 1}, "4294967295.0.1"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ParseKevyVersion(c.text), c.version);
    std::ostringstream out;
    out << c.version;
    EXPECT_EQ(out.str(), c.printed);
  }
}

TEST(KevyVersionTest, MalformedTextIsRejected) {
  for (const absl::string_view text :
       {"", ".", "5.", ".4", "5..0", "5.4.", "5.4.0.", "5.4.0.1", "v5.4.0",
        " 5.4.0", "5.4.0 ", "5.4.0\r", "5.x", "-5.4", "+5.4", "5.-4",
        "4294967296.0.0", "5.4.0\x1b[31m"}) {
    EXPECT_EQ(ParseKevyVersion(text), std::nullopt) << text;
  }
}

TEST(KevyVersionTest, VersionsCompareByNumber) {
  const KevyVersion ascending[] = {{1, 18, 0}, {2, 0, 20}, {3, 18, 0},
                                   {5, 0, 0},  {5, 0, 1},  {5, 1, 0},
                                   {5, 4, 0},  {5, 10, 0}, {7, 0, 0}};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_EQ(ascending[i] < ascending[j], i < j);
      EXPECT_EQ(ascending[i] > ascending[j], i > j);
      EXPECT_EQ(ascending[i] <= ascending[j], i <= j);
      EXPECT_EQ(ascending[i] >= ascending[j], i >= j);
      EXPECT_EQ(ascending[i] == ascending[j], i == j);
    }
  }
}

}  // namespace
}  // namespace kevy_replica
