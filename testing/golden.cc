// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/golden.h"

#include <dirent.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/testing/replay.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kBytes = ".resp";
constexpr absl::string_view kText = ".expected";
constexpr absl::string_view kLeastHead = "decode handler\n";

// Takes a line of the head. Empty: the line belongs to the body.
std::optional<bool> ParseOption(absl::string_view line,
                                ReplayOptions* options) {
  if (absl::StartsWith(line, "//")) return true;
  if (line == "decode handler") return true;
  if (line == "snapshots records") {
    options->snapshots.policy = SnapshotPolicy::kRecords;
    return true;
  }
  if (line == "snapshots in_place") return options->snapshots.in_place = true;
  if (absl::ConsumePrefix(&line, "from ")) {
    options->from = ParseFeedPosition(line);
    return options->from.has_value();
  }
  if (absl::ConsumePrefix(&line, "now_ms ")) {
    uint64_t now_ms = 0;
    if (!absl::SimpleAtoi(line, &now_ms)) return false;
    options->snapshots.now_ms = [now_ms] { return now_ms; };
    return true;
  }
  return std::nullopt;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)),
                    std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  return bytes;
}

// Returns the sorted names of the files that end in `suffix`, without it.
std::set<std::string> NamesIn(const std::string& folder,
                              absl::string_view suffix) {
  std::set<std::string> names;
  DIR* const dir = opendir(folder.c_str());
  if (dir == nullptr) return names;
  while (const dirent* const entry = readdir(dir)) {
    absl::string_view name = entry->d_name;
    if (absl::ConsumeSuffix(&name, suffix)) names.emplace(name);
  }
  closedir(dir);
  return names;
}

class GoldenTest : public ::testing::Test {
 public:
  GoldenTest(std::string path, const GoldenRun* run)
      : path_(std::move(path)), run_(*run) {}

  void TestBody() override {
    const auto bytes = ReadFile(absl::StrCat(path_, kBytes));
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto text = ReadFile(absl::StrCat(path_, kText));
    ASSERT_TRUE(text.ok()) << text.status() << ": --update writes it";
    const auto expected = ParseGoldenExpectation(*text);
    ASSERT_TRUE(expected.ok()) << path_ << kText << ": " << expected.status();
    EXPECT_EQ(GoldenBody(*bytes, expected->options, run_), expected->body)
        << path_ << kText << ": --update writes it anew";
  }

 private:
  const std::string path_;
  const GoldenRun& run_;
};

absl::Status Update(const std::string& path, const GoldenRun& run) {
  const auto bytes = ReadFile(absl::StrCat(path, kBytes));
  if (!bytes.ok()) return bytes.status();
  const std::string target = absl::StrCat(path, kText);
  const std::string text = ReadFile(target).value_or(std::string(kLeastHead));
  const auto expected = ParseGoldenExpectation(text);
  if (!expected.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(target, ": ", expected.status().message()));
  }
  const std::string updated =
      absl::StrCat(expected->head, GoldenBody(*bytes, expected->options, run));
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  file << updated << std::flush;
  if (!file.good()) {
    return absl::InternalError(absl::StrCat("cannot write ", target));
  }
  std::cout << target << (updated == text ? ": unchanged" : ": written")
            << std::endl;
  return absl::OkStatus();
}

int UpdateAll(const std::string& folder, const GoldenRun& run) {
  const std::set<std::string> names = NamesIn(folder, kBytes);
  if (names.empty()) {
    std::cerr << folder << ": no " << kBytes << " file" << std::endl;
    return 2;
  }
  int exit_status = 0;
  for (const std::string& name : names) {
    const absl::Status status = Update(absl::StrCat(folder, "/", name), run);
    if (status.ok()) continue;
    std::cerr << status << std::endl;
    exit_status = 2;
  }
  return exit_status;
}

// Fails, so that an empty folder is not a passed test.
class NoFilesTest : public ::testing::Test {
 public:
  explicit NoFilesTest(std::string folder) : folder_(std::move(folder)) {}
  void TestBody() override {
    FAIL() << folder_ << ": no " << kBytes << " file: is it in `data`?";
  }

 private:
  const std::string folder_;
};

}  // namespace

absl::StatusOr<GoldenExpectation> ParseGoldenExpectation(
    absl::string_view text) {
  GoldenExpectation expectation;
  bool is_handler = false;
  size_t begin = 0;
  for (int number = 1; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const absl::string_view line = text.substr(begin, end - begin);
    const std::optional<bool> taken = ParseOption(line, &expectation.options);
    if (!taken.has_value()) break;
    if (!*taken) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " is malformed: ", line));
    }
    is_handler = is_handler || line == "decode handler";
    begin = std::min(end + 1, text.size());
  }
  if (!is_handler) {
    return absl::InvalidArgumentError(
        "the text lacks the line \"decode handler\" in front of the first "
        "printed one");
  }
  expectation.head = std::string(text.substr(0, begin));
  expectation.body = std::string(text.substr(begin));
  return expectation;
}

std::string GoldenBody(absl::string_view recording,
                       const ReplayOptions& options, const GoldenRun& run) {
  std::string body;
  const absl::Status status = run(recording, options, &body);
  const std::optional<ReplicaErrorKind> kind = ReplicaErrorKindOf(status);
  if (status.ok()) {
    absl::StrAppend(&body, "end\n");
  } else if (kind.has_value()) {
    absl::StrAppend(&body, "error ", ReplicaErrorKindName(*kind), "\n");
  } else {
    absl::StrAppend(&body, "error ", status.ToString(), "\n");
  }
  return body;
}

int GoldenMain(int argc, char** argv, absl::string_view folder,
               const GoldenRun& run) {
  ::testing::InitGoogleTest(&argc, argv);
  std::string path(folder);
  if (argc == 2 && absl::string_view(argv[1]) == "--update") {
    if (const char* const root = std::getenv("BUILD_WORKSPACE_DIRECTORY")) {
      path = absl::StrCat(root, "/", folder);
    }
    return UpdateAll(path, run);
  }
  if (argc > 1) {
    std::cerr << argv[1] << ": the flags are --update and GoogleTest's"
              << std::endl;
    return 2;
  }
  std::set<std::string> names = NamesIn(path, kBytes);
  names.merge(NamesIn(path, kText));  // One without its partner fails.
  for (const std::string& name : names) {
    ::testing::RegisterTest(
        "Golden", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [file = absl::StrCat(path, "/", name), &run]() -> ::testing::Test* {
          return new GoldenTest(file, &run);
        });
  }
  if (names.empty()) {
    ::testing::RegisterTest(
        "Golden", "NoFiles", nullptr, nullptr, __FILE__, __LINE__,
        [path]() -> ::testing::Test* { return new NoFilesTest(path); });
  }
  return RUN_ALL_TESTS();
}

}  // namespace kevy_replica
