// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Each block of C++ in the README and the documents stands word for word in a
// source that the build compiles.

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::ReadFile;

// The documents that may hold code.
constexpr const char* kDocuments[] = {"README.md", "docs/secure.md",
                                      "docs/transports.md", "docs/tutorial.md"};

constexpr const char* kSources[] = {
    "docs/snippets.cc",
    "examples/apply_benchmark.cc",
    "examples/exactly_once.cc",
    "examples/fleet.cc",
    "examples/follow.cc",
    "examples/fuzz_handler.cc",
    "examples/golden_handler_test.cc",
    "examples/handler_test.cc",
    "examples/own_transport_test.cc",
    "examples/pipe_transport.h",
    "examples/records.cc",
    "examples/tail.cc",
};

// The C++ blocks of a document, without their fences.
std::vector<std::string> BlocksOf(const std::string& text) {
  std::vector<std::string> blocks;
  for (const char* const fence : {"```cpp\n", "```c++\n"}) {
    size_t at = 0;
    while ((at = text.find(fence, at)) != std::string::npos) {
      const size_t begin = at + absl::string_view(fence).size();
      at = text.find("```", begin);
      blocks.push_back(text.substr(begin, at - begin));
    }
  }
  return blocks;
}

// The lines without their indentation, which a document leaves out.
std::string Unindented(absl::string_view text) {
  std::string lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&lines, absl::StripLeadingAsciiWhitespace(line), "\n");
  }
  return lines;
}

// Takes the includes off the block: a document shows some of them.
std::vector<std::string> TakeIncludes(std::string* block) {
  std::vector<std::string> includes;
  std::string code;
  for (const absl::string_view line : absl::StrSplit(*block, '\n')) {
    if (absl::StartsWith(line, "#include ")) {
      includes.emplace_back(line);
    } else {
      absl::StrAppend(&code, line, "\n");
    }
  }
  *block = std::string(absl::StripAsciiWhitespace(code));
  return includes;
}

TEST(DocumentsCodeTest, BlocksStandInCompiledSources) {
  std::string sources;
  for (const char* const path : kSources) {
    absl::StrAppend(&sources, Unindented(ReadFile(path)));
  }
  int blocks = 0;
  for (const char* const path : kDocuments) {
    for (std::string block : BlocksOf(ReadFile(path))) {
      ++blocks;
      for (const std::string& include : TakeIncludes(&block)) {
        EXPECT_TRUE(absl::StrContains(sources, include)) << path << include;
      }
      EXPECT_TRUE(absl::StrContains(sources, Unindented(block)))
          << path << " has code that no source has:\n"
          << block;
    }
  }
  EXPECT_GE(blocks, 10);
}

}  // namespace
}  // namespace kevy_replica
