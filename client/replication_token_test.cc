// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/replication_token.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"

namespace kevy_replica {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const ReplicationToken kToken = {
    {{6799436635099686, 5}, {5215537618849369, 1}}};

TEST(ReplicationTokenTest, ReadsReplyOfKevy) {
  // kevy 5.4.0.
  const auto token = ParseReplicationToken(
      "*4\r\n:6799436635099686\r\n:5\r\n:5215537618849369\r\n:1\r\n");
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(*token, kToken);
}

TEST(ReplicationTokenTest, ReadsNumbers) {
  for (const absl::string_view text :
       {"6799436635099686 5 5215537618849369 1",
        "6799436635099686,5,5215537618849369,1",
        " 6799436635099686, 5,\t5215537618849369, 1\r\n"}) {
    const auto token = ParseReplicationToken(text);
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(*token, kToken);
  }
}

TEST(ReplicationTokenTest, PrintsTextThatIsReadAgain) {
  EXPECT_EQ(ToString(kToken), "6799436635099686 5 5215537618849369 1");
  EXPECT_EQ(*ParseReplicationToken(ToString(kToken)), kToken);
  EXPECT_EQ(ToString(ReplicationToken()), "");
}

TEST(ReplicationTokenTest, RejectsOtherText) {
  for (const absl::string_view text :
       {"", " ", "*", "*0\r\n", "*x\r\n", "*4\r\n:1\r\n:5\r\n",
        "*2\r\n:1\r\n5\r\n", "*2\r\n:1\r\n:5\r\n:6\r\n:7\r\n", "1", "1 2 3",
        "1 -2", "1 2x", "0 5", "1:5", "1 18446744073709551616",
        "-ERR unknown command\r\n", ":1\r\n:5\r\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseReplicationToken(text).status()))
        << text;
  }
}

TEST(ReplicationTokenTest, ReadsUpTo65536Shards) {
  std::string text;
  for (int i = 0; i < 65'536; ++i) text += "7 8 ";
  const auto most = ParseReplicationToken(text);
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_EQ(most->shards.size(), 65'536u);
  EXPECT_THAT(
      std::string(ParseReplicationToken(text + "7 8").status().message()),
      HasSubstr("too many numbers"));
}

TEST(ReplicationTokenTest, ErrorsEscapeAndCutText) {
  const absl::Status status =
      ParseReplicationToken("1 5\x1b" + std::string(1000, 'x')).status();
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("\"1 5\\x1b"), HasSubstr("...")));
  EXPECT_LT(status.message().size(), 300u);
}

}  // namespace
}  // namespace kevy_replica
