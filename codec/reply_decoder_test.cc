// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/reply_decoder.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/client_port.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/codec/testing/reply_run.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::ClientPortExchange;
using ::kevy_replica::codec_testing::ClientPortExchanges;
using ::kevy_replica::codec_testing::ClientPortRecordings;
using ::kevy_replica::codec_testing::DecodeRun;
using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::GuardedBytes;
using ::kevy_replica::codec_testing::ManyCuts;
using ::kevy_replica::codec_testing::Mutate;
using ::kevy_replica::codec_testing::NamedCuts;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::Random;
using ::kevy_replica::codec_testing::RandomPieces;
using ::kevy_replica::codec_testing::RandomReplies;
using ::kevy_replica::codec_testing::ReferenceReplies;
using ::kevy_replica::codec_testing::RunReplies;
using ::kevy_replica::codec_testing::RunRepliesInPlace;
using ::kevy_replica::codec_testing::Whole;

// Limits within the reach of short inputs.
ReplyLimits Tight() {
  ReplyLimits limits;
  limits.max_bulk_bytes = 12;
  limits.max_line_bytes = 8;
  limits.max_elements = 4;
  limits.max_depth = 2;
  limits.max_reply_bytes = 40;
  return limits;
}

struct Failure {
  absl::string_view bytes;
  WireError error;
  uint64_t bytes_decoded;
};

// The wrong byte is always the one that shows the error.
void ExpectFailures(const std::vector<Failure>& failures,
                    const ReplyLimits& limits) {
  for (const Failure& failure : failures) {
    for (const NamedCuts& way : ManyCuts(failure.bytes.size())) {
      const DecodeRun run = RunReplies(failure.bytes, limits, way.cuts);
      ASSERT_EQ(run.error, failure.error)
          << Escaped(failure.bytes) << " " << way.name << ": " << run;
      ASSERT_EQ(run.bytes_decoded, failure.bytes_decoded)
          << Escaped(failure.bytes);
    }
    const DecodeRun run = RunReplies(failure.bytes, limits, Pieces(1));
    EXPECT_EQ(run.given, failure.bytes_decoded + 1) << Escaped(failure.bytes);
    EXPECT_EQ(ReferenceReplies(failure.bytes, limits), run)
        << Escaped(failure.bytes);
  }
}

TEST(ReplyDecoderTest, MalformedReplyIsAnError) {
  ExpectFailures(
      {
          {"OK\r\n", WireError::kBadReply, 0},
          {"\r\n", WireError::kBadReply, 0},
          {"_\r\n", WireError::kBadReply, 0},
          {"+OK\n", WireError::kBadReply, 3},
          {"+OK\rX", WireError::kBadReply, 4},
          {"-OK\r\r\n", WireError::kBadReply, 4},
          {":\r\n", WireError::kBadReply, 1},
          {":+1\r\n", WireError::kBadReply, 1},
          {":--1\r\n", WireError::kBadReply, 2},
          {":1-\r\n", WireError::kBadReply, 2},
          {":-\r\n", WireError::kBadReply, 2},
          {":1\n", WireError::kBadReply, 2},
          {":1\r1", WireError::kBadReply, 3},
          {": 1\r\n", WireError::kBadReply, 1},
          {":9223372036854775808\r\n", WireError::kBadReply, 19},
          {":-9223372036854775809\r\n", WireError::kBadReply, 20},
          {":000000000000000000000\r\n", WireError::kBadReply, 21},
          {"$\r\n", WireError::kBadReply, 1},
          {"$-2\r\n", WireError::kBadReply, 2},
          {"$-0\r\n", WireError::kBadReply, 4},
          {"$-11\r\n", WireError::kBadReply, 3},
          {"$1\r\nab\r\n", WireError::kBadReply, 5},
          {"$1\r\na\rb", WireError::kBadReply, 6},
          {"$1\na", WireError::kBadReply, 2},
          {"*-2\r\n", WireError::kBadReply, 2},
          {"*-0\r\n", WireError::kBadReply, 4},
          {"*x\r\n", WireError::kBadReply, 1},
          {"*2\r\n:1\r\n\r\n", WireError::kBadReply, 8},
          {"+OK\r\n*1\r\n?", WireError::kBadReply, 9},
      },
      ReplyLimits());
}

TEST(ReplyDecoderTest, EachLimitHoldsAtItsFirstByte) {
  ExpectFailures(
      {
          {"$13\r\n", WireError::kBulkTooLong, 2},
          {"$00013\r\n", WireError::kBulkTooLong, 5},
          {"$99999999999999999999\r\n", WireError::kBulkTooLong, 2},
          {"+123456\r\n", WireError::kLineTooLong, 8},
          {"-1234567890\r\n", WireError::kLineTooLong, 8},
          {"*5\r\n", WireError::kTooManyElements, 1},
          {"*1000000000\r\n", WireError::kTooManyElements, 2},
          {"*2\r\n*2\r\n:1\r\n:1\r\n*1\r\n", WireError::kTooManyElements, 17},
          {"*1\r\n*1\r\n*0\r\n", WireError::kTooDeep, 8},
          {"*3\r\n$12\r\n012345678901\r\n$12\r\n", WireError::kReplyTooLong,
           27},
          {":1\r\n*4\r\n+12345\r\n+12345\r\n+12345\r\n:1234567890123\r\n",
           WireError::kReplyTooLong, 44},
      },
      Tight());
  ReplyLimits limits;
  EXPECT_EQ(limits.max_bulk_bytes, 16u << 20);
  EXPECT_EQ(limits.max_line_bytes, 64u << 10);
  EXPECT_EQ(limits.max_elements, 65'536u);
  EXPECT_EQ(limits.max_depth, 16u);
  EXPECT_EQ(limits.max_reply_bytes, 64u << 20);
}

TEST(ReplyDecoderTest, ReplyAtEachLimitIsDecoded) {
  for (const absl::string_view bytes :
       {"$12\r\n012345678901\r\n", "+12345\r\n",
        "*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n", "*2\r\n*1\r\n:1\r\n*1\r\n:1\r\n",
        "*2\r\n$12\r\n012345678901\r\n$10\r\n0123456\r\n\r\r\n"}) {
    const DecodeRun run = RunReplies(bytes, Tight(), Pieces(1));
    EXPECT_EQ(run.error, WireError::kNone) << Escaped(bytes) << run;
    EXPECT_EQ(run.elements.size(), 1u) << Escaped(bytes);
    EXPECT_FALSE(run.open);
  }
  // Each reply has the whole of each limit.
  const DecodeRun run =
      RunReplies("*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
                 Tight(), Whole());
  EXPECT_EQ(run.elements.size(), 2u);
}

TEST(ReplyDecoderTest, RecordedRepliesResumeAtEveryByte) {
  for (const std::string& name : ClientPortRecordings()) {
    std::string all;
    size_t replies = 0;
    for (const ClientPortExchange& exchange : ClientPortExchanges(name)) {
      const DecodeRun expected =
          ReferenceReplies(exchange.reply, ReplyLimits());
      ASSERT_EQ(expected.error, WireError::kNone) << Escaped(exchange.reply);
      for (const NamedCuts& way : ManyCuts(exchange.reply.size())) {
        ASSERT_EQ(RunReplies(exchange.reply, ReplyLimits(), way.cuts), expected)
            << way.name << " " << Escaped(exchange.reply);
      }
      all += exchange.reply;
      ++replies;
    }
    const DecodeRun run = RunReplies(all, ReplyLimits(), Pieces(7));
    EXPECT_EQ(run.elements.size(), replies);
    EXPECT_FALSE(run.open);
  }
}

TEST(ReplyDecoderTest, EveryPrefixNeedsMore) {
  const std::string bytes =
      "*5\r\n+OK\r\n-ERR no\r\n:-12\r\n*2\r\n$3\r\nfoo\r\n$-1\r\n*-1\r\n";
  for (size_t size = 1; size < bytes.size(); ++size) {
    const DecodeRun run =
        RunReplies(bytes.substr(0, size), ReplyLimits(), Whole());
    ASSERT_TRUE(run.open) << size;
    ASSERT_EQ(run.bytes_decoded, 0u);
  }
  const DecodeRun run = RunReplies(bytes, ReplyLimits(), Whole());
  EXPECT_EQ(run.elements,
            std::vector<std::string>{"[+\"OK\", -\"ERR no\", -12, "
                                     "[\"foo\", null_bulk], null_array]"});
}

TEST(ReplyDecoderTest, EmptyInputNeedsMore) {
  ReplyDecoder decoder;
  decoder.Feed("");
  EXPECT_EQ(decoder.Next(), Outcome::kNeedMore);
  decoder.Feed("+O");
  decoder.Feed("");
  decoder.Feed("K\r\n");
  EXPECT_EQ(decoder.Next(), Outcome::kDone);
}

TEST(ReplyDecoderTest, ReadsOnlyTheInput) {
  GuardedBytes room(4096);
  for (const std::string& name : ClientPortRecordings()) {
    for (const ClientPortExchange& exchange : ClientPortExchanges(name)) {
      for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
        for (size_t size = 0; size <= exchange.reply.size(); ++size) {
          const absl::string_view bytes = room.Place(
              absl::string_view(exchange.reply).substr(0, size), guard);
          ASSERT_EQ(RunRepliesInPlace(bytes, ReplyLimits()),
                    ReferenceReplies(bytes, ReplyLimits()));
        }
      }
    }
  }
}

TEST(ReplyDecoderTest, DeepestNestingIsBounded) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += "*1\r\n";
  const DecodeRun run = RunReplies(bytes, ReplyLimits(), Whole());
  EXPECT_EQ(run.error, WireError::kTooDeep);
  EXPECT_EQ(run.bytes_decoded, 16u * 4);
  // A caller may allow more. Nothing recurses by the peer's depth.
  ReplyLimits limits;
  limits.max_depth = 1'000'000;
  limits.max_elements = 1'000'000;
  ReplyDecoder decoder(limits);
  decoder.Feed(bytes + "*0\r\n");
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  std::string text;
  AppendText(decoder.reply(), &text);
  EXPECT_EQ(text, std::string(100'001, '[') + std::string(100'001, ']'));
}

TEST(ReplyDecoderTest, ExcerptSurroundsTheError) {
  ReplyDecoder decoder;
  EXPECT_EQ(decoder.Excerpt(), "");
  decoder.Feed("+OK\r\n:12x4\r\n");
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_EQ(decoder.Excerpt(5), "+OK\r\n");
  ASSERT_EQ(decoder.Next(), Outcome::kError);
  EXPECT_EQ(decoder.bytes_decoded(), 8u);
  EXPECT_EQ(decoder.Excerpt(4), "12x4");
  EXPECT_EQ(decoder.Excerpt(), ":12x4\r\n");
}

TEST(ReplyDecoderTest, MovedDecoderGoesOn) {
  ReplyDecoder decoder;
  decoder.Feed("*2\r\n+a\r\n+b\r\n*2\r\n+c");
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  const ReplyView reply = decoder.reply();
  ReplyDecoder moved = std::move(decoder);
  EXPECT_EQ(reply[1].text(), "b");
  EXPECT_EQ(moved.reply(), reply);
  ASSERT_EQ(moved.Next(), Outcome::kNeedMore);
  ReplyDecoder other;
  other = std::move(moved);
  other.Feed("\r\n+d\r\n");
  ASSERT_EQ(other.Next(), Outcome::kDone);
  EXPECT_EQ(other.reply()[0].text(), "c");
  EXPECT_EQ(other.reply()[1].text(), "d");
}

// Compares all ways to decode the replies of `seed`. Returns their result.
DecodeRun Compare(uint64_t seed) {
  Random random(seed);
  std::string bytes = RandomReplies(&random);
  const bool mutated = random() % 4 != 0;
  if (mutated) Mutate(&random, &bytes);
  ReplyLimits limits;
  if (random() % 2 == 0) {
    limits.max_bulk_bytes = random() % 20;
    limits.max_line_bytes = random() % 20;
    limits.max_elements = random() % 20;
    limits.max_depth = random() % 5;
    limits.max_reply_bytes = random() % 100;
  }
  const DecodeRun expected = ReferenceReplies(bytes, limits);
  EXPECT_EQ(RunRepliesInPlace(bytes, limits), expected);
  EXPECT_EQ(RunReplies(bytes, limits, Whole()), expected);
  EXPECT_EQ(RunReplies(bytes, limits, Pieces(1)), expected);
  for (const internal::ByteBuffer::Memory memory :
       {internal::ByteBuffer::Memory::kReuse,
        internal::ByteBuffer::Memory::kFresh}) {
    EXPECT_EQ(RunReplies(bytes, limits, RandomPieces(seed), memory), expected);
  }
  if (!mutated && !IsLimit(expected.error)) {
    EXPECT_EQ(expected.error, WireError::kNone);
  }
  if (::testing::Test::HasFailure()) {
    ADD_FAILURE() << "seed " << seed << ": " << Escaped(bytes);
  }
  return expected;
}

TEST(ReplyDecoderTest, AgreesWithTheReference) {
  std::set<WireError> errors;
  for (uint64_t seed = 0; seed < 20'000 && !HasFailure(); ++seed) {
    errors.insert(Compare(seed).error);
  }
  EXPECT_EQ(errors, (std::set<WireError>{
                        WireError::kNone, WireError::kBulkTooLong,
                        WireError::kLineTooLong, WireError::kTooManyElements,
                        WireError::kTooDeep, WireError::kReplyTooLong,
                        WireError::kBadReply}));
}

}  // namespace
}  // namespace kevy_replica
