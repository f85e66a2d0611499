// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/escape.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

// The escape of one byte, as the header defines it.
std::string Expected(int byte) {
  switch (byte) {
    case '\\':
      return "\\\\";
    case '"':
      return "\\\"";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\a':
      return "\\a";
    case '\b':
      return "\\b";
    default:
      return byte >= ' ' && byte <= '~'
                 ? std::string(1, static_cast<char>(byte))
                 : absl::StrCat("\\x", absl::Hex(byte, absl::kZeroPad2));
  }
}

TEST(EscapeTest, EscapesEveryByte) {
  std::string all;
  std::string expected;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(Escaped(absl::string_view(&c, 1)), "\"" + Expected(byte) + "\"");
    all.push_back(c);
    expected += Expected(byte);
  }
  EXPECT_EQ(Escaped(all), "\"" + expected + "\"");
}

TEST(EscapeTest, AppendsToTheString) {
  std::string out = "SET ";
  AppendEscaped("foo", &out);
  AppendEscaped("", &out);
  EXPECT_EQ(out, "SET \"foo\"\"\"");
}

}  // namespace
}  // namespace kevy_replica
