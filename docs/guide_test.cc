// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The table of docs/guide.md has the rows of client/command_semantics.h.

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAreArray;

// "7.0", "5.4.1".
std::string Short(const KevyVersion& version) {
  std::string text = absl::StrCat(version.major, ".", version.minor);
  if (version.patch != 0) absl::StrAppend(&text, ".", version.patch);
  return text;
}

std::string Versions(const SemanticsRow& row) {
  if (row.end != kNoEnd) return absl::StrCat("before ", Short(row.end));
  if (row.first != KevyVersion()) return absl::StrCat(Short(row.first), " on");
  return "all";
}

std::string Line(const SemanticsRow& row) {
  const std::string effect =
      absl::StrReplaceAll(CommandEffectName(row.effect), {{"_", " "}});
  return absl::StrCat("| `", row.name, "` | ", row.commands, " | ",
                      Versions(row), " | ", effect, " | ", row.reason, " | ",
                      row.source, " |");
}

TEST(GuideTest, TableHasRowsOfCode) {
  const std::string page = codec_testing::ReadFile("docs/guide.md");
  const size_t begin = page.find("| row | commands |");
  ASSERT_NE(begin, std::string::npos);
  const std::string table =
      page.substr(begin, page.find("\n\n", begin) - begin);
  std::vector<std::string> lines = absl::StrSplit(table, '\n');
  ASSERT_GT(lines.size(), 2u);
  lines.erase(lines.begin(), lines.begin() + 2);  // The head.
  std::vector<std::string> rows;
  for (const SemanticsRow& row : SemanticsRows()) rows.push_back(Line(row));
  EXPECT_THAT(lines, ElementsAreArray(rows));
}

}  // namespace
}  // namespace kevy_replica
