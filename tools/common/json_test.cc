// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/json.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

std::string Json(absl::string_view bytes) {
  std::string out = "[";
  AppendJson(bytes, &out);
  return out.substr(1);
}

TEST(JsonTest, EscapesSpecialCharacters) {
  EXPECT_EQ(Json(""), R"("")");
  EXPECT_EQ(Json("foo bar"), R"("foo bar")");
  EXPECT_EQ(Json(R"(a"b\c/d)"), R"("a\"b\\c/d")");
  EXPECT_EQ(Json("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(Json(absl::string_view("\0\x01\x1b\x1f\x7f", 5)),
            R"("\u0000\u0001\u001b\u001f\u007f")");
}

TEST(JsonTest, KeepsUtf8) {
  // 2, 3 and 4 bytes a character, the first and the last of each.
  EXPECT_EQ(Json("\u00a0\u00e9\u07ff"), "\"\u00a0\u00e9\u07ff\"");
  EXPECT_EQ(Json("\u0800\u20ac\uffff"), "\"\u0800\u20ac\uffff\"");
  EXPECT_EQ(Json("\U00010000\U0001f600\U0010ffff"),
            "\"\U00010000\U0001f600\U0010ffff\"");
}

TEST(JsonTest, EscapesControlCharactersAndLineSeparators) {
  EXPECT_EQ(Json("\u0080\u0085\u009b\u009f"), R"("\u0080\u0085\u009b\u009f")");
  EXPECT_EQ(Json("a\u2028b\u2029"), R"("a\u2028b\u2029")");
  EXPECT_EQ(Json("\u2027\u202a"), "\"\u2027\u202a\"");
}

TEST(JsonTest, EncodesOtherBytesAsBase64) {
  EXPECT_EQ(Json("\xff"), R"({"base64":"/w=="})");
  EXPECT_EQ(Json("b\r\n\xff"), R"({"base64":"Yg0K/w=="})");
  EXPECT_EQ(Json("\xfb\xef\xbe"), R"({"base64":"++++"})");
  EXPECT_EQ(Json("\xc2"), R"({"base64":"wg=="})");
  EXPECT_EQ(Json("\xe2\x80"), R"({"base64":"4oA="})");
  EXPECT_EQ(Json("\xed\xa0\x80"), R"({"base64":"7aCA"})");  // A surrogate.
  EXPECT_EQ(Json("\xc0\x80"), R"({"base64":"wIA="})");      // Overlong.
}

}  // namespace
}  // namespace kevy_replica
