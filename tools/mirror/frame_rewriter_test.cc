// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/frame_rewriter.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

TargetReply TextReply(absl::string_view text) {
  TargetReply reply;
  reply.type = TargetReply::Type::kText;
  reply.text = std::string(text);
  return reply;
}

class FrameRewriterTest : public ::testing::Test {
 protected:
  // "none", "LPOP a", "dropped", "rejected ERR ...", then the reason's class.
  std::string Rewrite(absl::string_view line, KevyVersion version = {5, 4, 0}) {
    FrameRewriter rewriter(version,
                           [this](absl::Span<const absl::string_view> argv)
                               -> absl::StatusOr<TargetReply> {
                             read_ = absl::StrJoin(argv, " ");
                             return answer_;
                           });
    const std::vector<absl::string_view> argv = absl::StrSplit(line, ' ');
    std::string wire;
    EXPECT_EQ(AppendFrame(0, argv, &wire), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    const absl::StatusOr<Rewriting> rewriting =
        rewriter.Rewrite(frame.argv(), table_);
    if (!rewriting.ok()) return std::string(rewriting.status().message());
    std::string text;
    switch (rewriting->kind) {
      case Rewriting::Kind::kNone:
        text = "none";
        break;
      case Rewriting::Kind::kReplaced:
        text = absl::StrJoin(rewriting->argv, " ");
        break;
      case Rewriting::Kind::kDropped:
        text = "dropped";
        break;
      case Rewriting::Kind::kEmpties:
        text = "empties";
        break;
      case Rewriting::Kind::kRejected:
        text = absl::StrCat("rejected ", rewriting->error);
        break;
    }
    if (!rewriting->reason_class.empty()) {
      absl::StrAppend(&text, ", ", rewriting->reason_class);
    }
    return text;
  }

  // Makes the target know `name`.
  void Know(absl::string_view name) {
    TargetReply command = TextReply("");
    command.elements = {TextReply(name), TargetReply(), TargetReply(),
                        TargetReply(),   TargetReply(), TargetReply()};
    TargetReply reply;
    reply.elements = {command};
    table_ = CommandTable(reply);
  }

  CommandTable table_;
  absl::StatusOr<TargetReply> answer_ = TargetReply();
  std::string read_;
};

TEST_F(FrameRewriterTest, RowsOfSemanticsApplyByVersion) {
  EXPECT_EQ(Rewrite("SET a 1"), "none");
  EXPECT_EQ(Rewrite("SET a 1 EX 5"), "none");
  EXPECT_EQ(Rewrite("SET a 1 KEEPTTL"), "dropped, ignored");
  EXPECT_EQ(Rewrite("SET a 1 KEEPTTL", {7, 0, 0}), "none, uncertain");
  EXPECT_EQ(Rewrite("EXPIRE a 100 NX"), "dropped, ignored");
  EXPECT_EQ(Rewrite("XTRIM s MAXLEN ~ 1"), "XTRIM s MAXLEN = 1");
  EXPECT_EQ(Rewrite("XTRIM s MAXLEN ~ 1", {7, 0, 0}), "none");
  EXPECT_EQ(Rewrite("XADD s MAXLEN ~ 1 1-1 f v"), "XADD s MAXLEN = 1 1-1 f v");
  EXPECT_EQ(Rewrite("XADD s * f v"), "none, uncertain");
  EXPECT_EQ(Rewrite("XADD s MAXLEN ~ 1 * f v"),
            "XADD s MAXLEN = 1 * f v, uncertain");
  EXPECT_EQ(Rewrite("XINTERNAL.CATALOG 1 1"), "dropped, ignored");
}

TEST_F(FrameRewriterTest, CommandsThatWaitDoNot) {
  EXPECT_EQ(Rewrite("BLPOP l 1"), "LPOP l");
  EXPECT_EQ(Rewrite("BRPOP l 0"), "RPOP l");
  EXPECT_EQ(Rewrite("bzpopmin z 1"), "ZPOPMIN z");
  EXPECT_EQ(Rewrite("BZPOPMAX z 1"), "ZPOPMAX z");
  EXPECT_EQ(Rewrite("BRPOPLPUSH l m 1"), "RPOPLPUSH l m");
  EXPECT_EQ(Rewrite("BLMOVE l m LEFT RIGHT 1"), "LMOVE l m LEFT RIGHT");
  // The first key with an element gives it.
  EXPECT_EQ(Rewrite("BLPOP l m 1"), "LMPOP 2 l m LEFT");
  EXPECT_EQ(Rewrite("BRPOP l m n 0.5"), "LMPOP 3 l m n RIGHT");
  EXPECT_EQ(Rewrite("BZPOPMIN y z 1"), "ZMPOP 2 y z MIN");
  EXPECT_EQ(Rewrite("BZPOPMAX y z 1"), "ZMPOP 2 y z MAX");
  EXPECT_EQ(Rewrite("BLMPOP 1 2 l m LEFT COUNT 9"), "LMPOP 2 l m LEFT COUNT 9");
  EXPECT_EQ(Rewrite("bzmpop 0 1 z MIN"), "ZMPOP 1 z MIN");
  EXPECT_EQ(Rewrite("XREADGROUP GROUP block c COUNT 1 BLOCK 5 STREAMS s >"),
            "XREADGROUP GROUP block c COUNT 1 STREAMS s >");
  EXPECT_EQ(Rewrite("XREADGROUP BLOCK 5 GROUP g c block 0 BLOCK 9 STREAMS s >"),
            "XREADGROUP GROUP g c STREAMS s >");
  EXPECT_EQ(Rewrite("XREADGROUP GROUP g block STREAMS block >"), "none");
  EXPECT_EQ(Rewrite("XREADGROUP GROUP g c COUNT block STREAMS s >"), "none");
  EXPECT_EQ(Rewrite("XREADGROUP GROUP g c BLOCK 5 STREAMS s >", {7, 0, 0}),
            "XREADGROUP GROUP g c STREAMS s >");
}

// The primary has refused them, too.
TEST_F(FrameRewriterTest, WrongTimeoutIsRejected) {
  for (const char* line : {"BLPOP", "BLPOP l", "BRPOPLPUSH l 1", "BLMPOP 1 1 l",
                           "BLMOVE l m LEFT 1", "BRPOPLPUSH l m n 1"}) {
    EXPECT_EQ(Rewrite(line), "rejected ERR wrong number of arguments") << line;
  }
  for (const char* line : {"BLPOP l x", "BLPOP l m -1", "BZPOPMIN z nan",
                           "BLMPOP x 1 l LEFT", "XREADGROUP GROUP g c BLOCK",
                           "XREADGROUP GROUP g c BLOCK x STREAMS s >",
                           "XREADGROUP GROUP g c BLOCK 1 BLOCK -1 STREAMS s >",
                           "XREADGROUP GROUP g c BLOCK -1 STREAMS s >"}) {
    EXPECT_EQ(Rewrite(line),
              "rejected ERR timeout is not a float or out of range")
        << line;
  }
}

TEST_F(FrameRewriterTest, NameAndSizeOfPlainCommandAreRemembered) {
  // Version 7.0 has no row of XREADGROUP.
  FrameRewriter rewriter({7, 0, 0}, nullptr);
  const auto plain = [&rewriter, this](absl::string_view line) {
    const std::vector<absl::string_view> argv = absl::StrSplit(line, ' ');
    std::string wire;
    EXPECT_EQ(AppendFrame(0, argv, &wire), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    const bool is_plain = rewriter.IsPlain(frame.argv());
    EXPECT_TRUE(rewriter.Rewrite(frame.argv(), table_).ok());
    return is_plain;
  };
  EXPECT_FALSE(plain("SET a 1"));
  EXPECT_TRUE(plain("SET b 2"));
  EXPECT_FALSE(plain("SET b 2 KEEPTTL"));
  EXPECT_FALSE(plain("set b 2"));
  EXPECT_FALSE(plain("INCR a"));
  EXPECT_TRUE(plain("INCR b"));
  for (const char* line : {"SET a 1 EX 5", "XADD s 5", "FLUSHALL", "EXPIRE a 1",
                           "BLPOP l 1", "HSET h f v", "XREADGROUP GROUP g"}) {
    EXPECT_FALSE(plain(line)) << line;
    EXPECT_FALSE(plain(line)) << line;
  }
}

TEST_F(FrameRewriterTest, FlushEmptiesShard) {
  for (const char* line :
       {"FLUSHALL", "flushdb", "FLUSHALL ASYNC", "FLUSHDB sync"}) {
    EXPECT_EQ(Rewrite(line), "empties") << line;
  }
  EXPECT_EQ(Rewrite("FLUSHALL NOW"), "rejected ERR syntax error");
  EXPECT_EQ(Rewrite("FLUSHALL ASYNC ASYNC"), "rejected ERR syntax error");
}

TEST_F(FrameRewriterTest, UnknownFieldDeadlineIsLost) {
  EXPECT_EQ(Rewrite("HEXPIRE h 100 FIELDS 1 f"), "dropped, lost");
  EXPECT_EQ(Rewrite("hpersist h FIELDS 1 f"), "dropped, lost");
  Know("hexpire");
  EXPECT_EQ(Rewrite("HEXPIRE h 100 FIELDS 1 f"), "none");
}

TEST_F(FrameRewriterTest, PopBelowRemovesAsManyAsTheTargetHas) {
  answer_->type = TargetReply::Type::kInteger;
  EXPECT_EQ(Rewrite("ZPOPMIN.BELOW z 3"), "dropped");
  EXPECT_EQ(read_, "ZCOUNT z -inf (3");
  answer_->integer = 5;
  EXPECT_EQ(Rewrite("ZPOPMIN.BELOW z 3"), "ZREMRANGEBYRANK z 0 0");
  EXPECT_EQ(Rewrite("zpopmin.below z 3.5 2"), "ZREMRANGEBYRANK z 0 1");
  EXPECT_EQ(read_, "ZCOUNT z -inf (3.5");
  EXPECT_EQ(Rewrite("ZPOPMIN.BELOW z 3 0"), "dropped");
  // No number is too large: the members are not read.
  answer_->integer = 5000000;
  EXPECT_EQ(Rewrite("ZPOPMIN.BELOW z 3 9000000"),
            "ZREMRANGEBYRANK z 0 4999999");
  answer_->type = TargetReply::Type::kError;
  answer_->text = "ERR min or max is not a float";
  EXPECT_EQ(Rewrite("ZPOPMIN.BELOW z x"),
            "rejected ERR min or max is not a float");
  answer_ = absl::CancelledError("interrupted");
  EXPECT_EQ(Rewrite("ZPOPMIN.BELOW z 3"), "interrupted");
  read_ = "";
  for (const char* line : {"ZPOPMIN.BELOW z", "ZPOPMIN.BELOW z 1 2 3"}) {
    EXPECT_EQ(Rewrite(line), "rejected ERR wrong number of arguments");
  }
  for (const char* line : {"ZPOPMIN.BELOW z 3 -1", "ZPOPMIN.BELOW z 3 x"}) {
    EXPECT_EQ(Rewrite(line),
              "rejected ERR value is not an integer or out of range");
  }
  EXPECT_EQ(read_, "");
  Know("zpopmin.below");
  EXPECT_EQ(Rewrite("ZPOPMIN.BELOW z 3"), "none");
}

}  // namespace
}  // namespace kevy_replica
