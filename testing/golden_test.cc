// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/golden.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/testing/replay.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::client_testing::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::string_view kRecording =
    "+ACK 7 8\r\n*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\na\r\n";
constexpr absl::string_view kExpected =
    "// A write.\n"
    "decode handler\n"
    "from 7:8\n"
    "up 7:8\nframe 8 a\ndown closed\nend\n";

std::string ErrorOf(absl::string_view text) {
  return std::string(ParseGoldenExpectation(text).status().message());
}

TEST(GoldenExpectationTest, HeadEndsAtFirstPrintedLine) {
  const auto parsed = ParseGoldenExpectation(
      "// About it.\ndecode handler\nsnapshots records\nsnapshots in_place\n"
      "from 7:8\nnow_ms 9\nSET foo bar\n// Printed, too.\nfrom 1:1\nend\n");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->head,
            "// About it.\ndecode handler\nsnapshots records\n"
            "snapshots in_place\nfrom 7:8\nnow_ms 9\n");
  EXPECT_EQ(parsed->body, "SET foo bar\n// Printed, too.\nfrom 1:1\nend\n");
  EXPECT_EQ(parsed->options.snapshots.policy, SnapshotPolicy::kRecords);
  EXPECT_TRUE(parsed->options.snapshots.in_place);
  EXPECT_EQ(parsed->options.from, (FeedPosition{7, 8}));
  ASSERT_TRUE(parsed->options.snapshots.now_ms);
  EXPECT_EQ(parsed->options.snapshots.now_ms(), 9u);

  const auto least = ParseGoldenExpectation("decode handler");
  ASSERT_TRUE(least.ok());
  EXPECT_EQ(least->head, "decode handler");
  EXPECT_THAT(least->body, IsEmpty());
  EXPECT_EQ(least->options.snapshots.policy, SnapshotPolicy::kChunks);
  EXPECT_FALSE(least->options.snapshots.in_place);
  EXPECT_FALSE(least->options.from.has_value());
}

TEST(GoldenExpectationTest, MalformedTextNamesItsLine) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("lacks the line \"decode handler\""));
  EXPECT_THAT(ErrorOf("end\ndecode handler\n"), HasSubstr("lacks the line"));
  EXPECT_EQ(ErrorOf("decode handler\nfrom 7\n"), "line 2 is malformed: from 7");
  EXPECT_EQ(ErrorOf("decode handler\n//\nnow_ms x\n"),
            "line 3 is malformed: now_ms x");
}

TEST(GoldenBodyTest, EndTellsKindOrHandlersError) {
  absl::Status status;
  const auto body = [&] {
    return GoldenBody(
        "", {}, [&](absl::string_view, const ReplayOptions&, std::string* out) {
          *out += "line\n";
          return status;
        });
  };
  EXPECT_EQ(body(), "line\nend\n");
  status = OffsetGapError({8, 9}, "text");
  EXPECT_EQ(body(), "line\nerror offset_gap\n");
  status = absl::AbortedError("full");
  EXPECT_EQ(body(), "line\nerror ABORTED: full\n");
}

class GoldenMainTest : public ::testing::Test {
 protected:
  void Write(absl::string_view name, absl::string_view bytes) {
    std::ofstream(folder_.File(name), std::ios::binary) << bytes;
  }
  std::string Read(absl::string_view name) {
    std::ifstream file(folder_.File(name), std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)),
                       std::istreambuf_iterator<char>());
  }
  // Runs the golden test. Returns its exit status, and sets out_ to all that it
  // prints.
  int Run(absl::string_view flags = "") {
    const int status = std::system(
        absl::StrCat("env -i GOLDEN_FOLDER=", folder_.path(), " ",
                     codec_testing::RunfilePath("testing/testing/golden_child"),
                     " ", flags, " >", log_.File("out"), " 2>&1")
            .c_str());
    std::ifstream file(log_.File("out"));
    out_.assign((std::istreambuf_iterator<char>(file)),
                std::istreambuf_iterator<char>());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TempFolder folder_;
  TempFolder log_;
  std::string out_;
};

TEST_F(GoldenMainTest, PairsPassAndFail) {
  Write("a.resp", kRecording);
  Write("a.expected", kExpected);
  EXPECT_EQ(Run(), 0) << out_;
  EXPECT_THAT(out_, HasSubstr("Golden.a"));

  Write("b.resp", kRecording);
  Write("b.expected", "decode handler\nframe 8 b\nend\n");
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_, AllOf(HasSubstr("1 FAILED TEST"), HasSubstr("Golden.b"),
                          HasSubstr("--update writes it anew")));
}

TEST_F(GoldenMainTest, LoneFilesAndEmptyFoldersFail) {
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_, HasSubstr("no .resp file: is it in `data`?"));
  Write("a.resp", kRecording);
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_, HasSubstr("a.expected: --update writes it"));
  Write("b.expected", kExpected);
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_, HasSubstr("2 FAILED TESTS"));
}

TEST_F(GoldenMainTest, UpdateWritesBodiesAndKeepsHeads) {
  Write("a.resp", kRecording);
  Write("a.expected", "// A write.\ndecode handler\nfrom 7:8\nwrong\n");
  Write("b.resp", "");
  EXPECT_EQ(Run("--update"), 0) << out_;
  EXPECT_THAT(out_, HasSubstr("a.expected: written"));
  EXPECT_EQ(Read("a.expected"), kExpected);
  EXPECT_EQ(Read("b.expected"),
            "decode handler\ndown handshake_rejected\n"
            "error handshake_rejected\n");
  EXPECT_EQ(Run(), 0) << out_;
  EXPECT_EQ(Run("--update"), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("a.expected: unchanged"),
                          HasSubstr("b.expected: unchanged")));
}

TEST_F(GoldenMainTest, UpdateOfBrokenFilesFails) {
  EXPECT_EQ(Run("--update"), 2);
  EXPECT_THAT(out_, HasSubstr("no .resp file"));
  Write("a.resp", kRecording);
  Write("a.expected", "no head\n");
  EXPECT_EQ(Run("--update"), 2);
  EXPECT_EQ(Read("a.expected"), "no head\n");
  EXPECT_EQ(Run("--updates"), 2);
  EXPECT_THAT(out_, HasSubstr("--updates: the flags are"));
}

}  // namespace
}  // namespace kevy_replica
