// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/command_line.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/tools/common/flags.h"

ABSL_FLAG(std::string, word, "", "Any text.\nIn two lines.");
ABSL_FLAG(uint64_t, number, 7, "A number.");
ABSL_FLAG(bool, loud, false, "Yes or no.");
ABSL_FLAG(bool, november, false, "Begins with no.");
ABSL_FLAG(kevy_replica::FeedPosition, place, {}, "A position.");

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CommandLineTest : public ::testing::Test {
 protected:
  static CommandLine Parse(const std::vector<const char*>& arguments) {
    const absl::StatusOr<CommandLine> result = ParseArguments(arguments);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : CommandLine();
  }

  static std::string Error(const std::vector<const char*>& arguments) {
    const absl::StatusOr<CommandLine> result = ParseArguments(arguments);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(result.status().message());
  }

  absl::FlagSaver saver_;
};

TEST_F(CommandLineTest, EmptyCommandLineSetsNoFlag) {
  const CommandLine result = Parse({});
  EXPECT_FALSE(result.help);
  EXPECT_THAT(result.given, IsEmpty());
}

TEST_F(CommandLineTest, ReadsValues) {
  EXPECT_THAT(Parse({"--word=a=b", "-number", "12", "--place=3:4"}).given,
              ElementsAre("number", "place", "word"));
  EXPECT_EQ(absl::GetFlag(FLAGS_word), "a=b");
  EXPECT_EQ(absl::GetFlag(FLAGS_number), 12u);
  EXPECT_EQ(absl::GetFlag(FLAGS_place), (FeedPosition{3, 4}));
  EXPECT_THAT(Parse({"--word", "--loud", "--number=1", "--number=2"}).given,
              ElementsAre("number", "word"));
  EXPECT_EQ(absl::GetFlag(FLAGS_word), "--loud");
  EXPECT_EQ(absl::GetFlag(FLAGS_number), 2u);
}

TEST_F(CommandLineTest, RejectsEmptyValues) {
  const std::string error = " has an empty value: is a variable unset?";
  EXPECT_EQ(Error({"--word="}), "--word" + error);
  EXPECT_EQ(Error({"--word", ""}), "--word" + error);
  EXPECT_EQ(Error({"--number="}), "--number" + error);
  EXPECT_EQ(Error({"--loud="}), "--loud" + error);
}

TEST_F(CommandLineTest, ReadsBooleans) {
  EXPECT_THAT(Parse({"--loud"}).given, ElementsAre("loud"));
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
  EXPECT_THAT(Parse({"--noloud", "--november"}).given,
              ElementsAre("loud", "november"));
  EXPECT_FALSE(absl::GetFlag(FLAGS_loud));
  EXPECT_TRUE(absl::GetFlag(FLAGS_november));
  Parse({"--loud=yes", "--nonovember"});
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
  EXPECT_FALSE(absl::GetFlag(FLAGS_november));
}

TEST_F(CommandLineTest, ReadsHelp) {
  EXPECT_TRUE(Parse({"--help"}).help);
  EXPECT_TRUE(Parse({"--number=1", "-h"}).help);
  EXPECT_TRUE(Parse({"-help"}).help);
}

TEST_F(CommandLineTest, ReadsVersion) {
  EXPECT_FALSE(Parse({"--help"}).version);
  EXPECT_TRUE(Parse({"--number=1", "--version"}).version);
}

TEST_F(CommandLineTest, ErrorsNameFlagAndValue) {
  EXPECT_EQ(Error({"word"}), R"(unexpected argument "word")");
  EXPECT_EQ(Error({"-"}), R"(unexpected argument "-")");
  EXPECT_EQ(Error({"--", "x"}), R"(unexpected argument "--")");
  EXPECT_EQ(Error({""}), R"(unexpected argument "")");
  EXPECT_EQ(Error({"--wrod=x\ny"}), R"(unknown flag "--wrod=x\ny")");
  EXPECT_EQ(Error({"---word=x"}), R"(unknown flag "---word=x")");
  EXPECT_EQ(Error({"--noword"}), R"(unknown flag "--noword")");
  EXPECT_EQ(Error({"--noloud=true"}), R"(unknown flag "--noloud=true")");
  EXPECT_EQ(Error({"--word"}), "--word needs a value");
  EXPECT_EQ(Error({"--loud=maybe"}), R"(--loud: bad value "maybe")");
  EXPECT_EQ(Error({"--number=1; \n2"}), R"(--number: bad value "1; \n2")");
  EXPECT_EQ(Error({"--place", "3"}),
            R"(--place: bad value "3"; )"
            "must be GENERATION:OFFSET, two decimal numbers");
}

TEST_F(CommandLineTest, FlagsHelpListsFlagsWithDefaults) {
  const std::string help = FlagsHelp();
  EXPECT_THAT(help, HasSubstr("  --number (default: 7)\n      A number.\n"));
  EXPECT_THAT(help, HasSubstr("  --place (default: 0:0)\n"));
  EXPECT_THAT(help, HasSubstr("  --word (default: none)\n"
                              "      Any text.\n      In two lines.\n"));
  EXPECT_LT(help.find("--loud"), help.find("--number"));
}

}  // namespace
}  // namespace kevy_replica
