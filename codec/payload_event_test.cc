// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/payload_event.h"

#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

std::string Text(const PayloadEvent& event) {
  std::string text = "> ";  // Stays: the text is appended.
  AppendText(event, &text);
  return text;
}

// The golden files have the text of every decoded event. These texts are of
// other events.
TEST(PayloadEventTest, AppendsTextOfUndecodableEvents) {
  EXPECT_EQ(Text(PayloadEvent()), "> header version=0 generation=0 offset=0");
  EXPECT_EQ(Text(RecordBegin{static_cast<RecordType>(9), "k", {}, 0}),
            "> unknown \"k\" count=0");
}

TEST(PayloadEventTest, AppendsTextToTheString) {
  EXPECT_EQ(Text(RecordBegin{RecordType::kHash, "k\r\n\"\xff", 5, 2}),
            R"(> hash "k\r\n\"\xff" count=2 expire_at_ms=5)");
  EXPECT_EQ(Text(RecordBegin{RecordType::kString, "", {}, 0}), "> string \"\"");
  EXPECT_EQ(Text(StreamEntry{{5, 1}, 2}), "> stream_entry 5-1 fields=2");
}

// Enough digits to identify any double.
TEST(PayloadEventTest, ScoresKeepAllDigits) {
  using Limits = std::numeric_limits<double>;
  const auto score = [](double score) {
    return Text(ScoredMember{"m", score}).substr(20);
  };
  EXPECT_EQ(score(1), "1");
  EXPECT_EQ(score(-0.0), "-0");
  EXPECT_EQ(score(0.1), "0.10000000000000001");
  EXPECT_EQ(score(1e100), "1e+100");
  EXPECT_EQ(score(Limits::infinity()), "inf");
  EXPECT_EQ(score(-Limits::infinity()), "-inf");
  EXPECT_EQ(score(Limits::quiet_NaN()), "nan");
}

}  // namespace
}  // namespace kevy_replica
