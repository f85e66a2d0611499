// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/log.h"

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/testing/json_line.h"

namespace kevy_replica {
namespace {

constexpr absl::Time kTime = absl::UnixEpoch();

TEST(LogTest, TextHasProgramAndMessage) {
  EXPECT_EQ(LogLine(LogFormat::kText, "kevy_tail",
                    {LogLevel::kError, "e", "text", {{"shard", 3u}}}, kTime),
            "kevy_tail: text\n");
}

TEST(LogTest, JsonHasTimeLevelEventAndFields) {
  EXPECT_EQ(LogLine(LogFormat::kJson, "kevy_tail",
                    {LogLevel::kWarning,
                     "link_down",
                     "a \"b\"",
                     {{"shard", 3u}, {"cause", "timeout"}}},
                    kTime + absl::Milliseconds(1234)),
            "{\"time\":\"1970-01-01T00:00:01.234Z\",\"level\":\"warning\","
            "\"program\":\"kevy_tail\",\"event\":\"link_down\","
            "\"message\":\"a \\\"b\\\"\",\"shard\":3,\"cause\":\"timeout\"}\n");
  EXPECT_EQ(LogLine(LogFormat::kJson, "p", "text", kTime),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\","
            "\"program\":\"p\",\"event\":\"message\",\"message\":\"text\"}\n");
}

TEST(LogTest, EveryByteGivesOneValidLine) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'a', static_cast<char>(byte), 'b'};
    std::string line =
        LogLine(LogFormat::kJson, text,
                {LogLevel::kInfo, "e", text, {{"key", text}}}, kTime);
    ASSERT_EQ(line.find('\n'), line.size() - 1) << byte;
    line.pop_back();
    const auto members = ReadJsonLine(line);
    ASSERT_TRUE(members.has_value()) << line;
    EXPECT_EQ(members->at("message"), members->at("key"));
    if (byte < 0x80) {
      EXPECT_EQ(members->at("message"), text);
    }
  }
}

TEST(LogTest, BytesOtherThanUtf8AreEscaped) {
  const std::string line = LogLine(LogFormat::kJson, "p", "a\xff\"\n", kTime);
  EXPECT_NE(line.find("\"message\":\"a\\\\xff\\\\\\\"\\\\n\"}"),
            std::string::npos)
      << line;
}

}  // namespace
}  // namespace kevy_replica
