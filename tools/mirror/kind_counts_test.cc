// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/kind_counts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(KindCountsTest, TellsFirstOfAKindThenCounts) {
  KindCounts passed_over("passed over", "kevy_mirror_passed_over_total",
                         "Help.");
  EXPECT_TRUE(passed_over.Count("data", "SET", "WRONGTYPE"));
  EXPECT_FALSE(passed_over.Count("data", "set", "WRONGTYPE"));
  EXPECT_TRUE(passed_over.Count("data", "set", "syntax"));
  EXPECT_TRUE(passed_over.Count("unable", "eval", "script"));
  EXPECT_FALSE(passed_over.Count("data", "Set", "WRONGTYPE"));
  EXPECT_EQ(passed_over.NewCounts(), "passed over: 2 data set (WRONGTYPE)");
  EXPECT_EQ(passed_over.NewCounts(), "");
  EXPECT_FALSE(passed_over.Count("unable", "eval", "script"));
  EXPECT_FALSE(passed_over.Count("data", "set", "syntax"));
  EXPECT_EQ(passed_over.NewCounts(),
            "passed over: 1 data set (syntax), 1 unable eval (script)");
  EXPECT_EQ(passed_over.total(), 7u);
  EXPECT_THAT(
      passed_over.MetricsText(),
      HasSubstr(
          "\nkevy_mirror_passed_over_total{class=\"data\",name=\"set\"} 5\n"
          "kevy_mirror_passed_over_total{class=\"unable\",name=\"eval\"} 2\n"));
}

TEST(KindCountsTest, InventedNamesStayBoundedAndPlain) {
  KindCounts passed_over("passed over", "kevy_mirror_passed_over_total",
                         "Help.");
  size_t told = 0;
  for (int i = 0; i < 10000; ++i) {
    told +=
        passed_over.Count("unable", absl::StrCat(i, "\x1b\"\n"), "") ? 1 : 0;
  }
  EXPECT_EQ(told, KindCounts::kMaxKinds);
  const std::string text = passed_over.MetricsText();
  EXPECT_LT(text.size(), 100 * KindCounts::kMaxKinds);
  EXPECT_THAT(text, HasSubstr("name=\"7???\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("name=\"other\"} 9745\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(KindCountsTest, NamesArePlainAndCut) {
  const auto name_of = [](absl::string_view name) {
    KindCounts counts("counted", "kevy_mirror_counted_total", "Help.");
    EXPECT_TRUE(counts.Count("data", name, ""));
    EXPECT_FALSE(counts.Count("data", name, ""));
    return counts.NewCounts();
  };
  EXPECT_EQ(name_of("A.b_c|9-"), "counted: 1 data a.b_c|9?");
  EXPECT_EQ(name_of(""), "counted: 1 data ?");
  EXPECT_EQ(name_of(std::string(32, 'a')),
            "counted: 1 data " + std::string(32, 'a'));
  EXPECT_EQ(name_of(std::string(33, 'a')),
            "counted: 1 data " + std::string(32, 'a'));
}

}  // namespace
}  // namespace kevy_replica
