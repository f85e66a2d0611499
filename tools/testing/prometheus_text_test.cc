// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/prometheus_text.h"

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(PrometheusTextTest, ReadsSamples) {
  const PrometheusSamples samples = ReadPrometheusText(
      "# HELP a_total An a.\n# TYPE a_total counter\n"
      "a_total{x=\"1\",y=\"\\\"\\\\\\n\"} 3\na_total 4\n"
      "# HELP b B.\n# TYPE b gauge\nb 0.5\n");
  EXPECT_EQ(samples.fault, "");
  EXPECT_EQ(samples.values.size(), 3u);
  EXPECT_EQ(samples.values.at("b"), "0.5");
  EXPECT_EQ(samples.types.at("a_total"), "counter");
}

TEST(PrometheusTextTest, NamesFaults) {
  for (const char* text : {
           "b 1\n",
           "# HELP b B.\n# TYPE b gauge\nb 1",
           "# TYPE b gauge\nb 1\n",
           "# HELP b B.\n# TYPE b counter\nb 1\n",
           "# HELP b B.\n# TYPE b gauge\nb 1\nb 1\n",
           "# HELP b B.\n# TYPE b gauge\nc 1\n",
           "# HELP b B.\n# TYPE b gauge\nb x\n",
           "# HELP b B.\n# TYPE b gauge\nb{x=\"\\q\"} 1\n",
           "# HELP b B.\n# TYPE b gauge\nb{x=\"1} 1\n",
           "# HELP b B.\n# TYPE b gauge\nb{1x=\"1\"} 1\n",
           "# HELP b B.\n# TYPE b gauge\nb{x=\"a\nb\"} 1\n",
       }) {
    EXPECT_NE(ReadPrometheusText(text).fault, "") << text;
  }
}

}  // namespace
}  // namespace kevy_replica
