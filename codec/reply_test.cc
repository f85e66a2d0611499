// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/reply.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/client_port.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::ClientPortExchange;
using ::kevy_replica::codec_testing::ClientPortExchanges;
using ::kevy_replica::codec_testing::ClientPortRecordings;
using ::kevy_replica::codec_testing::ReadFile;

// Decodes one reply that takes up all of `bytes`.
ReplyView Decode(absl::string_view bytes, ReplyDecoder* decoder) {
  decoder->Feed(bytes);
  EXPECT_EQ(decoder->Next(), Outcome::kDone) << Escaped(bytes);
  EXPECT_TRUE(decoder->at_boundary());
  return decoder->reply();
}

std::string Text(ReplyView reply) {
  std::ostringstream out;
  out << reply;
  return out.str();
}

TEST(ReplyTest, EachTypeHasItsParts) {
  struct Case {
    absl::string_view bytes;
    ReplyType type;
    absl::string_view text;
    int64_t integer;
    size_t size;
  };
  for (const Case& expected : {
           Case{"+OK\r\n", ReplyType::kSimpleString, "OK", 0, 0},
           Case{"+\r\n", ReplyType::kSimpleString, "", 0, 0},
           Case{"-ERR no\r\n", ReplyType::kError, "ERR no", 0, 0},
           Case{":8\r\n", ReplyType::kInteger, "", 8, 0},
           Case{":-8\r\n", ReplyType::kInteger, "", -8, 0},
           Case{":9223372036854775807\r\n", ReplyType::kInteger, "",
                std::numeric_limits<int64_t>::max(), 0},
           Case{":-9223372036854775808\r\n", ReplyType::kInteger, "",
                std::numeric_limits<int64_t>::min(), 0},
           Case{"$2\r\n\r\n\r\n", ReplyType::kBulk, "\r\n", 0, 0},
           Case{"$0\r\n\r\n", ReplyType::kBulk, "", 0, 0},
           Case{"$-1\r\n", ReplyType::kNullBulk, "", 0, 0},
           Case{"*0\r\n", ReplyType::kArray, "", 0, 0},
           Case{"*2\r\n:1\r\n*1\r\n:2\r\n", ReplyType::kArray, "", 0, 2},
           Case{"*-1\r\n", ReplyType::kNullArray, "", 0, 0},
       }) {
    ReplyDecoder decoder;
    const ReplyView reply = Decode(expected.bytes, &decoder);
    EXPECT_EQ(reply.type(), expected.type) << Escaped(expected.bytes);
    EXPECT_EQ(reply.text(), expected.text) << Escaped(expected.bytes);
    EXPECT_EQ(reply.integer(), expected.integer) << Escaped(expected.bytes);
    EXPECT_EQ(reply.size(), expected.size) << Escaped(expected.bytes);
    EXPECT_EQ(reply.empty(), expected.size == 0) << Escaped(expected.bytes);
    EXPECT_EQ(std::distance(reply.begin(), reply.end()),
              static_cast<std::ptrdiff_t>(expected.size));
  }
}

TEST(ReplyTest, DefaultIsANullBulk) {
  const ReplyView reply;
  EXPECT_EQ(reply.type(), ReplyType::kNullBulk);
  EXPECT_EQ(reply.text(), "");
  EXPECT_EQ(reply.integer(), 0);
  EXPECT_TRUE(reply.empty());
  EXPECT_TRUE(reply.begin() == reply.end());
  EXPECT_EQ(reply[0], reply);
}

TEST(ReplyTest, IteratesElementsOfNestedArrays) {
  ReplyDecoder decoder;
  const ReplyView reply = Decode(
      "*4\r\n*2\r\n:1\r\n*1\r\n:2\r\n+a\r\n*0\r\n*1\r\n*1\r\n$1\r\nb\r\n",
      &decoder);
  std::vector<std::string> elements;
  for (const ReplyView element : reply) elements.push_back(Text(element));
  EXPECT_EQ(elements, (std::vector<std::string>{"[1, [2]]", "+\"a\"", "[]",
                                                "[[\"b\"]]"}));
  for (size_t i = 0; i != elements.size(); ++i) {
    EXPECT_EQ(Text(reply[i]), elements[i]);
  }
  EXPECT_EQ(reply[0][1][0].integer(), 2);
  EXPECT_EQ(reply[3][0][0].text(), "b");
  ReplyView::Iterator it = reply.begin();
  EXPECT_EQ((*it++).size(), 2u);
  EXPECT_EQ((*it).text(), "a");
}

TEST(ReplyTest, ElementPastTheEndIsANullBulk) {
  ReplyDecoder decoder;
  const ReplyView reply = Decode("*2\r\n*1\r\n:1\r\n:2\r\n", &decoder);
  EXPECT_EQ(reply[2], ReplyView());
  EXPECT_EQ(reply[0][1], ReplyView());
  EXPECT_EQ(reply[1][0], ReplyView());
  EXPECT_EQ(reply[static_cast<size_t>(-1)], ReplyView());
}

TEST(ReplyTest, TextShowsTypesAndNesting) {
  for (const auto& [bytes, text] :
       std::vector<std::pair<absl::string_view, absl::string_view>>{
           {"+O\"K\r\n", "+\"O\\\"K\""},
           {"-ERR \x1b[2J\r\n", "-\"ERR \\x1b[2J\""},
           {":-8\r\n", "-8"},
           {"$3\r\na\r\n\r\n", "\"a\\r\\n\""},
           {"$-1\r\n", "null_bulk"},
           {"*-1\r\n", "null_array"},
           {"*0\r\n", "[]"},
           {"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", "[\"master\", 0, []]"},
           {"*2\r\n*1\r\n*1\r\n:1\r\n:2\r\n", "[[[1]], 2]"},
           {"*1\r\n*2\r\n*0\r\n*1\r\n$0\r\n\r\n", "[[[], [\"\"]]]"},
       }) {
    ReplyDecoder decoder;
    EXPECT_EQ(Text(Decode(bytes, &decoder)), text);
  }
}

TEST(ReplyTest, RecordedRepliesHaveTheExpectedText) {
  size_t replies = 0;
  for (const std::string& name : ClientPortRecordings()) {
    std::string text;
    ReplyDecoder decoder;
    for (const ClientPortExchange& exchange : ClientPortExchanges(name)) {
      const ReplyView reply = Decode(exchange.reply, &decoder);
      absl::StrAppend(
          &text, exchange.node, ": ",
          absl::StrJoin(exchange.command, " ",
                        [](std::string* out, const std::string& arg) {
                          AppendEscaped(arg, out);
                        }),
          ": ", Text(reply), "\n");
      ++replies;
    }
    EXPECT_EQ(text, ReadFile(absl::StrCat("testdata/client_port/", name,
                                          ".expected")));
  }
  EXPECT_EQ(replies, 80u);
}

}  // namespace
}  // namespace kevy_replica
