// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/rejection.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

std::string Resp(const std::vector<std::string>& argv) {
  std::string resp = absl::StrCat("*", argv.size(), "\r\n");
  for (const std::string& arg : argv) {
    absl::StrAppend(&resp, "$", arg.size(), "\r\n", arg, "\r\n");
  }
  return resp;
}

TEST(RejectionTest, ArgumentsAreFoundByIndex) {
  const std::string command = Resp({"SET", "", "a\r\nb"});
  EXPECT_EQ(ArgumentOf(command, 0), "SET");
  EXPECT_EQ(ArgumentOf(command, 1), "");
  EXPECT_EQ(ArgumentOf(command, 2), "a\r\nb");
  EXPECT_EQ(ArgumentOf(command, 3), "");
}

TEST(RejectionTest, MalformedCommandsHaveNoFurtherArguments) {
  EXPECT_EQ(ArgumentOf("", 0), "");
  EXPECT_EQ(ArgumentOf("*1", 0), "");
  EXPECT_EQ(ArgumentOf("*1\r\n$x\r\na\r\n", 0), "");
  EXPECT_EQ(ArgumentOf("*2\r\n\r\n$1\r\na\r\n", 0), "");
  EXPECT_EQ(ArgumentOf("*2\r\n$9\r\nab", 0), "ab");
  EXPECT_EQ(ArgumentOf("*2\r\n$9\r\nab", 1), "");
}

TEST(RejectionTest, ExcerptNamesFourArguments) {
  EXPECT_EQ(CommandExcerpt(Resp({"DEL", "a"})), R"("DEL" "a")");
  EXPECT_EQ(CommandExcerpt(Resp({"DEL", "a", "b", "\x1b"})),
            R"("DEL" "a" "b" "\x1b")");
  EXPECT_EQ(CommandExcerpt(Resp({"DEL", "a", "b", "c", "d"})),
            R"("DEL" "a" "b" "c" ...)");
}

TEST(RejectionTest, ExcerptCutsLongArguments) {
  const std::string most(48, 'x');
  EXPECT_EQ(CommandExcerpt(Resp({"GET", most})),
            absl::StrCat("\"GET\" \"", most, "\""));
  EXPECT_EQ(CommandExcerpt(Resp({"GET", most + "y"})),
            absl::StrCat("\"GET\" \"", most, "\"..."));
}

}  // namespace
}  // namespace kevy_replica
