// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The properties that golden files cannot show: the decoder's buffer, state and
// lifetime.

#include "kevy_replica/codec/stream_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/element_text.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::Cuts;
using ::kevy_replica::codec_testing::DecodeRun;
using ::kevy_replica::codec_testing::ElementText;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::RandomPieces;
using ::kevy_replica::codec_testing::RunStream;
using ::kevy_replica::codec_testing::StreamStart;
using ::kevy_replica::codec_testing::Whole;

constexpr absl::string_view kFrame =
    "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$3\r\nbar\r\n";
constexpr absl::string_view kPing = "+PING 7 9\r\n";

// The next element as text, or the outcome of the call.
std::string Next(StreamDecoder* decoder) {
  switch (decoder->Next()) {
    case Outcome::kDone:
      return ElementText(decoder->event());
    case Outcome::kNeedMore:
      return "need_more";
    case Outcome::kError:
      return absl::StrCat("error ", WireErrorName(decoder->error()), " at ",
                          decoder->bytes_decoded());
  }
  return "";
}

TEST(StreamDecoderTest, NeedsMoreUntilAnElementIsWhole) {
  StreamDecoder decoder;
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed("");
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed(kPing.substr(0, 5));
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(decoder.bytes_decoded(), 0u);
  decoder.Feed(kPing.substr(5));
  EXPECT_EQ(Next(&decoder), "# heartbeat generation=7 next_offset=9");
  EXPECT_EQ(decoder.bytes_decoded(), kPing.size());
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(decoder.error(), WireError::kNone);
}

TEST(StreamDecoderTest, EventsViewTheCallersBytes) {
  StreamDecoder decoder;
  const absl::Span<char> room = decoder.Prepare(1);
  const std::string input =
      absl::StrCat(kFrame, "+SNAPSHOT\r\n$5\r\nhello\r\n");
  ASSERT_GE(room.size(), input.size());
  std::copy(input.begin(), input.end(), room.begin());
  decoder.Commit(input.size());

  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  const FrameView frame = std::get<FrameView>(decoder.event());
  EXPECT_EQ(frame.wire().data(), room.data());
  EXPECT_EQ(frame.argv()[2].data(), room.data() + kFrame.find("bar"));
  EXPECT_EQ(frame.wire(), kFrame);
  EXPECT_EQ(frame.command(), kFrame.substr(8));
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_EQ(std::get<SnapshotChunk>(decoder.event()).bytes.data(),
            room.data() + input.find("hello"));
  EXPECT_EQ(decoder.bytes_moved(), 0u);
}

TEST(StreamDecoderTest, PrepareOfZeroGivesRoom) {
  StreamDecoder decoder;
  EXPECT_GE(decoder.Prepare(0).size(), 1u);
  decoder.Commit(0);
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_GE(decoder.Prepare(100'000).size(), 100'000u);
}

TEST(StreamDecoderTest, ArgumentsStayRightWhenTheBufferMoves) {
  // The second half arrives after the first has moved more than once.
  std::string frame;
  const std::string value(50'000, 'v');
  ASSERT_EQ(AppendFrame(8, {"SET", "key", value, "tail"}, &frame),
            WireError::kNone);
  StreamDecoder decoder;
  for (size_t at = 0; at < frame.size(); at += 1000) {
    EXPECT_EQ(Next(&decoder), "need_more");
    decoder.Feed(absl::string_view(frame).substr(at, 1000));
  }
  EXPECT_GT(decoder.bytes_moved(), 0u);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  const FrameView view = std::get<FrameView>(decoder.event());
  EXPECT_EQ(view.argv()[0], "SET");
  EXPECT_EQ(view.argv()[2], value);
  EXPECT_EQ(view.argv()[3], "tail");
  EXPECT_EQ(view.wire(), frame);
}

TEST(StreamDecoderTest, DecodesAnswerAndThenElements) {
  StreamDecoder decoder;
  HandshakeAnswer answer{Protocol::kV1, 0, 5};
  EXPECT_EQ(decoder.DecodeAnswer(&answer), Outcome::kNeedMore);
  decoder.Feed("+ACK 7");
  EXPECT_EQ(decoder.DecodeAnswer(&answer), Outcome::kNeedMore);
  EXPECT_EQ(answer.offset, 5u);  // Unchanged.
  EXPECT_FALSE(decoder.at_boundary());
  decoder.Feed(" 8\r\n+PI");
  ASSERT_EQ(decoder.DecodeAnswer(&answer), Outcome::kDone);
  EXPECT_EQ(answer.protocol, Protocol::kV2);
  EXPECT_EQ(answer.generation, 7u);
  EXPECT_EQ(answer.offset, 8u);
  EXPECT_EQ(decoder.bytes_decoded(), 10u);
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed("NG 7 9\r\n");
  EXPECT_EQ(Next(&decoder), "# heartbeat generation=7 next_offset=9");
  EXPECT_EQ(decoder.bytes_decoded(), 21u);
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(StreamDecoderTest, WrongAnswerStaysAnError) {
  StreamDecoder decoder;
  HandshakeAnswer answer;
  decoder.Feed("+PING 7 9\r\n");
  EXPECT_EQ(decoder.DecodeAnswer(&answer), Outcome::kError);
  EXPECT_EQ(decoder.error(), WireError::kBadAnswer);
  EXPECT_EQ(decoder.bytes_decoded(), 1u);
  decoder.Feed("+ACK 7 8\r\n");
  EXPECT_EQ(decoder.DecodeAnswer(&answer), Outcome::kError);
  EXPECT_EQ(Next(&decoder), "error bad_answer at 1");
}

TEST(StreamDecoderTest, AnswerIsNoElement) {
  StreamDecoder decoder;
  HandshakeAnswer answer;
  decoder.Feed("+ACK 7");
  EXPECT_EQ(decoder.DecodeAnswer(&answer), Outcome::kNeedMore);
  // Next() may not be called before the answer is whole.
  decoder.Feed(" 8\r\n");
  EXPECT_EQ(Next(&decoder), "error unknown_element at 0");
}

TEST(StreamDecoderTest, AtBoundaryTellsWhereStreamMayEnd) {
  StreamDecoder decoder;
  EXPECT_TRUE(decoder.at_boundary());
  EXPECT_FALSE(decoder.in_snapshot());
  decoder.Feed("*");
  EXPECT_FALSE(decoder.at_boundary());  // Before any call has read it.
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_FALSE(decoder.at_boundary());
  decoder.Feed(kFrame.substr(1));
  EXPECT_EQ(Next(&decoder), "8 \"SET\" \"foo\" \"bar\"");
  EXPECT_TRUE(decoder.at_boundary());
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_TRUE(decoder.at_boundary());
  decoder.Feed(
      "+SNAPSHOT\r\n$1\r\na\r\n+PING 1\r\n+SNAPSHOT_END 5\r\n+PING 5\r\n");
  EXPECT_EQ(Next(&decoder), "# snapshot_begin");
  for (const char* element : {"# snapshot_chunk bytes=1 \"a\"",
                              "# heartbeat generation=0 next_offset=1"}) {
    EXPECT_TRUE(decoder.in_snapshot());
    EXPECT_FALSE(decoder.at_boundary());
    EXPECT_EQ(Next(&decoder), element);
  }
  EXPECT_EQ(Next(&decoder), "# snapshot_end next_offset=5");
  EXPECT_FALSE(decoder.in_snapshot());
  EXPECT_FALSE(decoder.at_boundary());  // The heartbeat is there already.
  EXPECT_EQ(Next(&decoder), "# heartbeat generation=0 next_offset=5");
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(StreamDecoderTest, ErrorEndsDelivery) {
  StreamDecoder decoder;
  decoder.Feed(absl::StrCat(kPing, "*2\r\n:x\r\n", kFrame, kPing));
  EXPECT_EQ(Next(&decoder), "# heartbeat generation=7 next_offset=9");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Next(&decoder), "error bad_offset at 16");
    decoder.Feed(kFrame);
  }
}

TEST(StreamDecoderTest, ReportsErrorWhenItsByteArrives) {
  StreamDecoder decoder;
  decoder.Feed("*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$53687091");
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed("3");
  EXPECT_EQ(Next(&decoder), "error bulk_too_long at 30");
}

TEST(StreamDecoderTest, ExcerptQuotesTheWrongByte) {
  StreamDecoder decoder;
  EXPECT_EQ(decoder.Excerpt(), "");
  decoder.Feed(
      absl::StrCat(kPing, "*2\r\n:8\r\n*1\r\n$4\r\nPINGxx and much more"));
  EXPECT_EQ(Next(&decoder), "# heartbeat generation=7 next_offset=9");
  EXPECT_EQ(Next(&decoder), "error bad_bulk at 31");
  EXPECT_EQ(decoder.Excerpt(), "*2\r\n:8\r\n*1\r\n$4\r\nPINGxx and much more");
  EXPECT_EQ(decoder.Excerpt(10), "\nPINGxx an");
  EXPECT_EQ(decoder.Excerpt(1), "x");
  EXPECT_EQ(decoder.Excerpt(0), "");
  EXPECT_EQ(decoder.Excerpt(1000).size(), 36u);
}

TEST(StreamDecoderTest, ExcerptIsShortByDefault) {
  StreamDecoder decoder;
  decoder.Feed("*2\r\n:8\r\n*1\r\n$200\r\n" + std::string(200, 'v') + "?" +
               std::string(200, 'w'));
  EXPECT_EQ(Next(&decoder), "error bad_bulk at 218");
  const std::string excerpt(decoder.Excerpt());
  EXPECT_LE(excerpt.size(), 48u);
  EXPECT_NE(excerpt.find("v?w"), std::string::npos);
}

// A decoder that moves between any two bytes of a stream continues.
TEST(StreamDecoderTest, ResumesAfterAMoveAtAnyByte) {
  const std::string stream = absl::StrCat(kFrame, "+SNAPSHOT\r\n", kPing,
                                          "$20\r\n01234567890123456789\r\n",
                                          "+SNAPSHOT_END 5\r\n", kFrame);
  const DecodeRun expected =
      RunStream(stream, Limits(), StreamStart::kElements, Whole());
  ASSERT_EQ(expected.elements.size(), 6u);
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    std::vector<std::string> elements;
    const auto drain = [&elements](StreamDecoder* decoder) {
      while (decoder->Next() == Outcome::kDone) {
        elements.push_back(ElementText(decoder->event()));
      }
    };
    StreamDecoder first;
    first.Feed(absl::string_view(stream).substr(0, cut));
    drain(&first);
    StreamDecoder second(std::move(first));
    second.Feed(absl::string_view(stream).substr(cut));
    StreamDecoder third;
    third.Feed("+PING");
    third = std::move(second);
    drain(&third);
    ASSERT_EQ(elements, expected.elements) << cut;
    ASSERT_EQ(third.bytes_decoded(), stream.size());
    ASSERT_TRUE(third.at_boundary());
  }
}

TEST(StreamDecoderTest, LastEventSurvivesAMove) {
  StreamDecoder first;
  first.Feed(kFrame);
  ASSERT_EQ(first.Next(), Outcome::kDone);
  StreamDecoder second = std::move(first);
  EXPECT_EQ(ElementText(second.event()), "8 \"SET\" \"foo\" \"bar\"");
  EXPECT_EQ(Next(&second), "need_more");
  EXPECT_EQ(second.bytes_decoded(), kFrame.size());
}

TEST(StreamDecoderTest, FreesMemoryOfAHugeFrame) {
  std::string frame;
  ASSERT_EQ(
      AppendFrame(8, std::vector<absl::string_view>(300'000, "value"), &frame),
      WireError::kNone);
  StreamDecoder decoder;
  decoder.Feed(frame);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_GT(decoder.memory_bytes(), frame.size());
  for (int i = 0; i < 1000; ++i) {
    decoder.Feed(kFrame);
    ASSERT_EQ(Next(&decoder), "8 \"SET\" \"foo\" \"bar\"");
  }
  EXPECT_LT(decoder.memory_bytes(), frame.size());
  EXPECT_LE(decoder.memory_bytes(), 2u << 20);
}

// Elements too long for a golden file.
TEST(StreamDecoderTest, DecodesLongElements) {
  std::string stream;
  std::vector<std::string> expected;
  for (const size_t size :
       {998, 999, 1000, 1001, 9999, 10'000, 65'535, 65'536, 300'000}) {
    const std::string value(size, static_cast<char>('a' + size % 26));
    ASSERT_EQ(AppendFrame(size, {"SET", "key", value}, &stream),
              WireError::kNone);
    expected.push_back(absl::StrCat(size, " \"SET\" \"key\" \"", value, "\""));
    if (size > kMaxChunkBytes) continue;
    ASSERT_EQ(Append(SnapshotBegin(), &stream), WireError::kNone);
    ASSERT_EQ(Append(SnapshotChunk{value}, &stream), WireError::kNone);
    ASSERT_EQ(Append(SnapshotEnd{size}, &stream), WireError::kNone);
    expected.push_back("# snapshot_begin");
    expected.push_back(
        absl::StrCat("# snapshot_chunk bytes=", size, " \"", value, "\""));
    expected.push_back(absl::StrCat("# snapshot_end next_offset=", size));
  }
  for (const Cuts& cuts : {Whole(), Pieces(1), Pieces(1000), RandomPieces(1)}) {
    const DecodeRun run =
        RunStream(stream, Limits(), StreamStart::kElements, cuts);
    EXPECT_EQ(run.error, WireError::kNone);
    EXPECT_FALSE(run.open);
    ASSERT_EQ(run.elements.size(), expected.size());
    EXPECT_TRUE(run.elements == expected);  // Too long to print.
  }
  // One byte more exceeds a chunk's limit.
  StreamDecoder decoder;
  decoder.Feed("+SNAPSHOT\r\n$65537\r\n" + std::string(65'537, 'x') + "\r\n");
  EXPECT_EQ(Next(&decoder), "# snapshot_begin");
  EXPECT_EQ(Next(&decoder), "error chunk_too_long at 16");
}

TEST(StreamDecoderTest, RejectsTooLongLines) {
  for (const absl::string_view begin :
       {"+PING 1", "*2\r\n:1", "+SNAPSHOT_END 1"}) {
    StreamDecoder decoder;
    decoder.Feed(begin);
    int fed = 0;
    while (decoder.Next() == Outcome::kNeedMore) {
      ASSERT_LT(++fed, 30) << begin;
      decoder.Feed("1");
    }
    EXPECT_NE(decoder.error(), WireError::kNone);
  }
}

// Memory counts the bytes of a half-received command and its ArgRefs.
TEST(StreamDecoderTest, MemoryBytesCountBufferAndArguments) {
  constexpr size_t kArguments = 1000;
  StreamDecoder decoder;
  std::string bytes = "*2\r\n:8\r\n*1001\r\n";
  for (size_t i = 0; i < kArguments; ++i) bytes += "$0\r\n\r\n";
  decoder.Feed(bytes);
  ASSERT_EQ(decoder.Next(), Outcome::kNeedMore);
  const size_t least = bytes.size() + kArguments * sizeof(ArgRef);
  EXPECT_GE(decoder.memory_bytes(), least);
  EXPECT_LE(decoder.memory_bytes(), 2 * least + 32 * sizeof(ArgRef));
}

}  // namespace
}  // namespace kevy_replica
