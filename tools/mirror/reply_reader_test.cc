// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/reply_reader.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// "[1, null, 'text', error 'ERR x', [2 elements]]".
std::string Text(const TargetReply& reply) {
  switch (reply.type) {
    case TargetReply::Type::kText:
      return absl::StrCat("'", reply.text, "'");
    case TargetReply::Type::kInteger:
      return absl::StrCat(reply.integer);
    case TargetReply::Type::kNull:
      return "null";
    case TargetReply::Type::kError:
      return absl::StrCat("error '", reply.text, "'");
    case TargetReply::Type::kArray:
      break;
  }
  std::string text = absl::StrCat("[", reply.integer, ":");
  for (const TargetReply& element : reply.elements) {
    absl::StrAppend(&text, " ", Text(element));
  }
  return text + "]";
}

// Reads all replies of `wire`, which comes in pieces of `piece` bytes.
std::string ReadAll(ReplyReader* reader, ReplyDetail detail,
                    absl::string_view wire, size_t piece) {
  std::string text;
  while (!wire.empty()) {
    absl::string_view bytes = wire.substr(0, piece);
    wire.remove_prefix(bytes.size());
    while (true) {
      TargetReply reply;
      const absl::StatusOr<bool> taken = reader->Take(detail, &bytes, &reply);
      if (!taken.ok()) return absl::StrCat(text, taken.status().message());
      if (!*taken) break;
      absl::StrAppend(&text, Text(reply), "\n");
    }
  }
  return text;
}

constexpr absl::string_view kWire =
    "+OK\r\n:-7\r\n$-1\r\n*-1\r\n$3\r\na\r\n\r\n-ERR \x1b[2J\r\n*0\r\n"
    "*4\r\n:0\r\n$0\r\n\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n-WRONGTYPE no\r\n";

// HPEXPIREAT of one field answers so.
TEST(ReplyReaderTest, KeepsOnlyElementOfInnerArray) {
  ReplyReader reader;
  EXPECT_EQ(
      ReadAll(&reader, ReplyDetail::kBrief,
              "*3\r\n*1\r\n:-2\r\n*2\r\n:1\r\n:2\r\n*1\r\n*1\r\n:1\r\n", 100),
      "[3: [1: -2] [2:] [1: [1:]]]\n");
}

// The replies to most transactions are short.
TEST(ReplyReaderTest, ReadsShortElementsInAnyPieces) {
  const std::string wire =
      "*7\r\n:0\r\n+OK\r\n:123456789012345678\r\n:1234567890123456789\r\n"
      "+OKAY\r\n-ERR x\r\n:5\r\n*1\r\n:-1\r\n+OK\r\n";
  for (size_t piece = 1; piece <= wire.size(); ++piece) {
    ReplyReader reader;
    EXPECT_EQ(ReadAll(&reader, ReplyDetail::kBrief, wire, piece),
              "[7: 0 '' 123456789012345678 1234567890123456789 '' error 'ERR "
              "x' 5]\n[1: -1]\n''\n");
  }
  for (const char* line : {"*2\r\n:\r\n", "*2\r\n:1x\r\n", "*2\r\n:1\rx"}) {
    ReplyReader reader;
    EXPECT_NE(
        ReadAll(&reader, ReplyDetail::kBrief, absl::StrCat(line, "\n"), 100)
            .find("is not RESP"),
        std::string::npos)
        << line;
  }
}

TEST(ReplyReaderTest, StringsThatLookLikeElementsAreNone) {
  const std::string wire =
      "*3\r\n$4\r\n:1\r\n\r\n$10\r\n+OK\r\n+OK\r\n\r\n:2\r\n";
  for (size_t piece = 1; piece <= wire.size(); ++piece) {
    ReplyReader reader;
    EXPECT_EQ(ReadAll(&reader, ReplyDetail::kBrief, wire, piece),
              "[3: '' '' 2]\n")
        << piece;
  }
}

TEST(ReplyReaderTest, SkipsQueuedBetweenReplies) {
  ReplyReader reader;
  absl::string_view bytes = "+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n-ERR x\r\n+QU";
  EXPECT_EQ(reader.SkipQueued(2, &bytes), 2u);
  EXPECT_EQ(reader.SkipQueued(2, &bytes), 1u);
  EXPECT_EQ(reader.SkipQueued(2, &bytes), 0u);
  TargetReply reply;
  EXPECT_TRUE(*reader.Take(ReplyDetail::kBrief, &bytes, &reply));
  EXPECT_EQ(Text(reply), "error 'ERR x'");
  EXPECT_EQ(reader.SkipQueued(2, &bytes), 0u);
  EXPECT_FALSE(*reader.Take(ReplyDetail::kBrief, &bytes, &reply));
  // Within a reply nothing is skipped.
  bytes = "+QUEUED\r\n";
  EXPECT_EQ(reader.SkipQueued(2, &bytes), 0u);
}

TEST(ReplyReaderTest, ReadsEveryTypeInAnyPieces) {
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, kWire.size()}) {
    ReplyReader reader;
    EXPECT_EQ(ReadAll(&reader, ReplyDetail::kWhole, kWire, piece),
              "'OK'\n-7\nnull\nnull\n'a\r\n'\nerror 'ERR \\x1b[2J'\n[0:]\n"
              "[4: 0 '' [2: 1 [1: 'x']] error 'WRONGTYPE no']\n");
    EXPECT_EQ(ReadAll(&reader, ReplyDetail::kBrief, kWire, piece),
              "''\n-7\nnull\nnull\n''\nerror 'ERR \\x1b[2J'\n[0:]\n"
              "[4: 0 '' [2:] error 'WRONGTYPE no']\n");
  }
}

TEST(ReplyReaderTest, ReplyOverLimitIsError) {
  TargetReplyLimits limits;
  limits.whole_bytes = 40;
  limits.brief_bytes = 60;
  limits.elements = 3;
  limits.error_bytes = 5;
  const std::string long_text = absl::StrCat("$50\r\n", std::string(50, 'x'));
  for (const size_t piece : {size_t{1}, size_t{100}}) {
    ReplyReader whole(limits);
    EXPECT_EQ(ReadAll(&whole, ReplyDetail::kWhole, long_text, piece),
              "a reply of the server is over 40 bytes");
    ReplyReader brief(limits);
    EXPECT_EQ(ReadAll(&brief, ReplyDetail::kBrief, long_text + "\r\n", piece),
              "''\n");
    // The limit counts each reply by itself.
    EXPECT_EQ(ReadAll(&brief, ReplyDetail::kBrief,
                      long_text + "\r\n-ERR no\r\n", piece),
              "''\nerror 'ERR n'\n");
    EXPECT_EQ(ReadAll(&brief, ReplyDetail::kBrief, "*4\r\n", piece),
              "a reply of the server has over 3 elements, or arrays of over 16 "
              "levels");
  }
  // Arrays without end.
  ReplyReader reader;
  std::string wire;
  for (int i = 0; i < 20; ++i) wire += "*1\r\n";
  EXPECT_EQ(ReadAll(&reader, ReplyDetail::kBrief, wire, 5),
            "a reply of the server has over 1048576 elements, or arrays of "
            "over 16 levels");
}

TEST(ReplyReaderTest, MalformedLineOverLimitIsOverLimitInAnyPieces) {
  TargetReplyLimits limits;
  limits.whole_bytes = 60;
  const std::string line = std::string(70, 'x') + "\r\n";
  std::string elements = "*99\r\n";
  for (int i = 0; i < 20; ++i) elements += ":1\r\n";
  elements += "x\r\n";
  for (const std::string& wire : {line, elements}) {
    for (const size_t piece : {1, 7, 1000}) {
      ReplyReader reader(limits);
      EXPECT_EQ(ReadAll(&reader, ReplyDetail::kWhole, wire, piece),
                "a reply of the server is over 60 bytes");
    }
  }
}

TEST(ReplyReaderTest, OtherBytesAreError) {
  for (const absl::string_view wire :
       {"HTTP/1.1 400\r\n", "%1\r\n", ":x\r\n", "$-2\r\n", "*-2\r\n", ":1\n",
        ":12\n", "+OK\n", "-ERR\n", "$4294967297\r\n", "\n", "\r\n"}) {
    ReplyReader reader;
    TargetReply reply;
    absl::string_view bytes = wire;
    const absl::StatusOr<bool> taken =
        reader.Take(ReplyDetail::kWhole, &bytes, &reply);
    EXPECT_TRUE(absl::IsUnavailable(taken.status())) << wire;
  }
  ReplyReader reader;
  EXPECT_EQ(ReadAll(&reader, ReplyDetail::kWhole, std::string(70000, 'x'), 9)
                .substr(0, 33),
            "the server's reply is not RESP: \"");
}

}  // namespace
}  // namespace kevy_replica
