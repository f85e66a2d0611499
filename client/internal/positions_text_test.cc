// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/positions_text.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"

namespace kevy_replica {
namespace client_internal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

PositionMap Positions() {
  return {{"shard-0", {7270893326363503, 39}},
          {"shard-1", {7270893326363503, 1002}}};
}

// The text of two positions. Another implementation computed the hash.
constexpr absl::string_view kText =
    "kevy_replica positions 1\n"
    "shard-0 7270893326363503:39\n"
    "shard-1 7270893326363503:1002\n"
    "end 2 10247940529964133859\n";

// `lines` with the right hash in the end line.
std::string WithHash(absl::string_view lines) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : lines) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return absl::StrCat(lines, hash, "\n");
}

std::string ErrorOf(absl::string_view text) {
  const auto positions = ParsePositions(text);
  EXPECT_FALSE(positions.ok()) << text;
  EXPECT_EQ(positions.status().code(), absl::StatusCode::kDataLoss) << text;
  return std::string(positions.status().message());
}

auto TellsOfDamage(absl::string_view what) {
  return AllOf(HasSubstr(std::string(what)), HasSubstr("Restore"),
               HasSubstr("delete it to begin again with a snapshot"));
}

TEST(PositionsTextTest, FormatMatchesDocumentedText) {
  EXPECT_EQ(FormatPositions(Positions()), kText);
  EXPECT_EQ(FormatPositions({}), WithHash("kevy_replica positions 1\nend 0 "));
}

TEST(PositionsTextTest, TextRoundTrips) {
  for (const PositionMap& positions :
       {PositionMap{}, Positions(),
        PositionMap{{"end", {1, 2}}, {"~!#:", {0, 0}}, {"z", {kMax, kMax}}}}) {
    const auto parsed = ParsePositions(FormatPositions(positions));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, positions);
  }
}

TEST(PositionsTextTest, CutTextIsDamaged) {
  // One name makes its line look like the last line.
  PositionMap positions = Positions();
  positions["end"] = {1, 2};
  positions["zend"] = {3, 4};
  const std::string text = FormatPositions(positions);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(ErrorOf(text.substr(0, size)), TellsOfDamage("is cut short"))
        << size;
  }
}

TEST(PositionsTextTest, ChangedByteIsDataLoss) {
  std::string text = FormatPositions(Positions());
  for (char& c : text) {
    const char good = c;
    for (int byte = 0; byte < 256; ++byte) {
      c = static_cast<char>(byte);
      if (c != good) ErrorOf(text);
    }
    c = good;
  }
}

TEST(PositionsTextTest, MissingOrRepeatedByteIsDataLoss) {
  const std::string text = FormatPositions({{"a", {12, 345}}, {"b", {0, 6}}});
  for (size_t i = 0; i < text.size(); ++i) {
    ErrorOf(text.substr(0, i) + text.substr(i + 1));
    ErrorOf(text.substr(0, i + 1) + text.substr(i));
  }
}

TEST(PositionsTextTest, ForeignTextIsNamed) {
  for (const char* text :
       {"\n", "x", "hello\n",
        "\x7f"
        "ELF",
        "KEVY_REPLICA positions 1\n", "kevy_replica recording 1\n",
        "shard-0 1:2\nend 1 3\n"}) {
    // The user may have mistaken the path: do not suggest deleting the file.
    EXPECT_THAT(ErrorOf(text), AllOf(HasSubstr("is not a positions file"),
                                     Not(HasSubstr("delete"))));
  }
}

TEST(PositionsTextTest, LaterVersionIsNamed) {
  for (const char* version : {"2", "10", "18446744073709551615"}) {
    EXPECT_THAT(ErrorOf(WithHash(absl::StrCat("kevy_replica positions ",
                                              version, "\nend 0 "))),
                HasSubstr(absl::StrCat("has format version ", version, ",")));
  }
  for (const char* version : {"0", "01", "", "x", "1 ", "-2"}) {
    EXPECT_THAT(ErrorOf(WithHash(absl::StrCat("kevy_replica positions ",
                                              version, "\nend 0 "))),
                TellsOfDamage("was changed"));
  }
}

TEST(PositionsTextTest, RepeatedNameIsNamed) {
  EXPECT_THAT(
      ErrorOf(WithHash("kevy_replica positions 1\na 1:2\na 1:3\nend 2 ")),
      TellsOfDamage("has the name a twice"));
}

// Each text has the right hash.
TEST(PositionsTextTest, UnusualSpellingIsDamaged) {
  for (const char* lines : {"b 1:2\na 1:2\nend 2 ",  // Not sorted.
                            "a 1:2\nend 2 ",         // A wrong number.
                            "a 1:2\nend 01 ",        // Leading zeros.
                            "a 01:2\nend 1 ",        //
                            "a 1:2\nend 1 0",        //
                            "a 1:\nend 1 ",          // Not a position.
                            "a  1:2\nend 1 ",        //
                            "a 1:2 \nend 1 ",        //
                            "a 18446744073709551616:2\nend 1 ",
                            " 1:2\nend 1 ",     // Not a name.
                            "a'b 1:2\nend 1 ",  //
                            "a\t 1:2\nend 1 ",  //
                            "a\nend 1 ",        // Not a line.
                            "\nend 0 ",         //
                            "end 0 0\nend 0 "}) {
    EXPECT_THAT(
        ErrorOf(WithHash(absl::StrCat("kevy_replica positions 1\n", lines))),
        TellsOfDamage("was changed"))
        << lines;
  }
  EXPECT_THAT(ErrorOf(std::string(kText) + "a 1:2\n"),
              TellsOfDamage("is damaged"));
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
