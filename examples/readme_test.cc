// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The code in the README is the code of the examples, which are built here.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

std::string Between(const std::string& text, const std::string& begin,
                    const std::string& end) {
  const size_t from = text.find(begin);
  if (from == std::string::npos) return "";
  return text.substr(from, text.find(end, from) - from);
}

struct Example {
  const char* file;
  const char* begins;  // The block in the README starts with it.
  std::vector<const char*> includes;
};

TEST(ReadmeTest, QuotesExamplesExactly) {
  const std::string readme = codec_testing::ReadFile("README.md");
  for (const Example& example :
       {Example{"examples/tail.cc",
                "absl::Status Tail",
                {"#include <iostream>\n", "#include \"absl/status/status.h\"\n",
                 "#include \"kevy_replica/client/replica_client.h\"\n"}},
        Example{"examples/records.cc",
                "  options.snapshot_policy = "
                "kevy_replica::SnapshotPolicy::kDecode",
                {}},
        Example{"examples/fleet.cc", "absl::Status FollowAll", {}},
        Example{"examples/follow.cc",
                "class Printer",
                {"#include \"kevy_replica/client/file_position_store.h\"\n",
                 "#include \"kevy_replica/client/follower.h\"\n"}}}) {
    const std::string code = codec_testing::ReadFile(example.file);
    const std::string shown = Between(readme, example.begins, "```");
    ASSERT_NE(shown, "") << example.file;
    EXPECT_THAT(code, HasSubstr(shown));
    for (const char* include : example.includes) {
      EXPECT_THAT(readme, HasSubstr(include));
      EXPECT_THAT(code, HasSubstr(include));
    }
  }
}

}  // namespace
}  // namespace kevy_replica
