// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/verify_report.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/verify/key_comparison.h"
#include "kevy_replica/tools/verify/key_walk.h"

namespace kevy_replica {
namespace {

VerifyReport Example() {
  VerifyReport report;
  report.is_complete = true;
  report.primary_keys = 12;
  report.target_keys = 11;
  report.CountsOf("string") = {8, 2, 1, 0};
  report.CountsOf("hash") = {0, 0, 0, 1};
  report.differences = {
      {"a\x1b", "string", "byte 0: \"\\x1b\", target \"b\"", true, ""},
      {"b\xff", "string", "missing on the target", false, "no right"}};
  report.repaired = 1;
  report.not_repaired = 1;
  report.AddNotCompared("the target: HSCAN: NOPERM", 1);
  return report;
}

TEST(VerifyReportTest, PrintsText) {
  EXPECT_EQ(ReportText(Example()),
            "type            equal    different     changing not compared\n"
            "hash                0            0            0            1\n"
            "string              8            2            1            0\n"
            "different: string \"a\\x1b\": byte 0: \"\\x1b\", target \"b\" "
            "(repaired)\n"
            "different: string \"b\\xff\": missing on the target "
            "(not repaired: no right)\n"
            "not compared: the target: HSCAN: NOPERM (1)\n"
            "keys read: 12 of the primary, 11 of the target\n"
            "repaired: 1, not repaired: 1\n"
            "result: different\n");
}

TEST(VerifyReportTest, PrintsJson) {
  EXPECT_EQ(ReportJson(Example()),
            "{\"result\":\"different\",\"primary_keys\":12,\"target_keys\":11,"
            "\"repaired\":1,\"not_repaired\":1,\"types\":{"
            "\"hash\":{\"equal\":0,\"different\":0,\"changing\":0,"
            "\"not_compared\":1},"
            "\"string\":{\"equal\":8,\"different\":2,\"changing\":1,"
            "\"not_compared\":0}},\"differences\":["
            "{\"key\":\"a\\u001b\",\"type\":\"string\",\"difference\":"
            "\"byte 0: \\\"\\\\x1b\\\", target \\\"b\\\"\",\"repaired\":true},"
            "{\"key\":{\"base64\":\"Yv8=\"},\"type\":\"string\",\"difference\":"
            "\"missing on the target\",\"repaired\":false,"
            "\"not_repaired\":\"no right\"}],\"not_compared\":["
            "{\"reason\":\"the target: HSCAN: NOPERM\",\"keys\":1}]}\n");
}

TEST(VerifyReportTest, ResultTellsWorst) {
  VerifyReport report;
  EXPECT_EQ(report.result(), "incomplete");
  report.is_complete = true;
  EXPECT_EQ(report.result(), "equal");
  report.CountsOf("list").different = 2;
  EXPECT_EQ(report.result(), "different");
  report.repaired = 1;
  EXPECT_EQ(report.result(), "different");
  report.repaired = 2;
  EXPECT_EQ(report.result(), "repaired");
  report.CountsOf("hash").not_compared = 1;
  EXPECT_EQ(report.result(), "partial");
  report.repaired = 1;
  EXPECT_EQ(report.result(), "different");
}

TEST(VerifyReportTest, ForeignTextsStayBounded) {
  VerifyReport report;
  for (int i = 0; i < 100; ++i) {
    report.CountsOf(absl::StrCat("\x1b", i)).equal += 1;
    report.AddNotCompared(absl::StrCat(i), 1);
  }
  EXPECT_EQ(report.types.size(), 1u);
  EXPECT_EQ(report.types.at("other").equal, 100u);
  EXPECT_EQ(report.not_compared.size(), VerifyReport::kMaxReasons + 1);
  EXPECT_EQ(report.not_compared.at("other reasons"),
            100 - VerifyReport::kMaxReasons);
}

TEST(KeyWalkTest, NextStreamIdCarries) {
  EXPECT_EQ(NextStreamId("5-1"), "5-2");
  EXPECT_EQ(NextStreamId("5-18446744073709551615"), "6-0");
  EXPECT_EQ(NextStreamId("18446744073709551615-18446744073709551615"), "");
  EXPECT_EQ(NextStreamId("5"), "");
  EXPECT_EQ(NextStreamId(""), "");
}

TEST(KeyComparisonTest, ScoresCompareAsNumbers) {
  EXPECT_TRUE(SameScore("1", "1.0"));
  EXPECT_TRUE(SameScore("inf", "+inf"));
  EXPECT_TRUE(SameScore("0.30000000000000004", "0.30000000000000004"));
  EXPECT_FALSE(SameScore("0.3", "0.30000000000000004"));
  EXPECT_FALSE(SameScore("inf", "-inf"));
  EXPECT_FALSE(SameScore("x", "x"));
}

}  // namespace
}  // namespace kevy_replica
