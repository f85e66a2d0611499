// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// docs/errors.md has a row for each kind of error, with its status code.

#include "kevy_replica/client/errors.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

// "`kDataLoss`" of "DATA_LOSS" and of "data_loss".
std::string Enumerator(absl::string_view name) {
  std::string text = "`k";
  for (const absl::string_view word : absl::StrSplit(name, '_')) {
    absl::StrAppend(&text, absl::AsciiStrToUpper(word.substr(0, 1)),
                    absl::AsciiStrToLower(word.substr(1)));
  }
  return text + "`";
}

TEST(ErrorsPageTest, TableHasEachKindWithItsCode) {
  const std::vector<std::string> lines =
      absl::StrSplit(codec_testing::ReadFile("docs/errors.md"), '\n');
  for (int i = 0; i <= static_cast<int>(ReplicaErrorKind::kIo); ++i) {
    const auto kind = static_cast<ReplicaErrorKind>(i);
    const std::string name = Enumerator(ReplicaErrorKindName(kind));
    const std::string code = Enumerator(
        absl::StatusCodeToString(ReplicaError(kind, "message").code()));
    bool found = false;
    for (const std::string& line : lines) {
      found |= absl::StartsWith(line, "|") && absl::StrContains(line, name) &&
               absl::StrContains(line, code);
    }
    EXPECT_TRUE(found) << "no row has " << code << " and " << name;
  }
}

}  // namespace
}  // namespace kevy_replica
