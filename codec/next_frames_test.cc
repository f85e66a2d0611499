// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Batches of frames, and frames that look alike. The predictions must not show
// in the results.

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
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/frame_scanner.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using Argv = std::vector<std::string>;

Argv ArgvOf(const FrameView& frame) {
  return Argv(frame.argv().begin(), frame.argv().end());
}

std::string FrameOf(uint64_t offset, const Argv& argv) {
  std::string bytes;
  EXPECT_EQ(AppendFrame(offset, argv, &bytes), WireError::kNone);
  return bytes;
}

// Frames from `offset` on, one for each of `argvs`.
std::string FramesOf(uint64_t offset, const std::vector<Argv>& argvs) {
  std::string bytes;
  for (const Argv& argv : argvs) bytes += FrameOf(offset++, argv);
  return bytes;
}

// The offsets of one call's frames.
std::vector<uint64_t> Offsets(absl::Span<const FrameView> frames) {
  std::vector<uint64_t> offsets;
  for (const FrameView& frame : frames) offsets.push_back(frame.offset());
  return offsets;
}

using Numbers = std::vector<uint64_t>;

TEST(NextFramesTest, GivesWholeFrames) {
  StreamDecoder decoder;
  EXPECT_TRUE(decoder.NextFrames().empty());
  const std::string last = FrameOf(10, {"last"});
  decoder.Feed(FramesOf(8, {{"SET", "k", "v"}, {"DEL", "k"}}) +
               last.substr(0, 20));
  const absl::Span<const FrameView> frames = decoder.NextFrames();
  ASSERT_EQ(Offsets(frames), (Numbers{8, 9}));
  EXPECT_EQ(ArgvOf(frames[0]), (Argv{"SET", "k", "v"}));
  EXPECT_EQ(ArgvOf(frames[1]), (Argv{"DEL", "k"}));
  EXPECT_EQ(frames[0].wire(), FrameOf(8, {"SET", "k", "v"}));
  EXPECT_FALSE(decoder.at_boundary());
  EXPECT_TRUE(decoder.NextFrames().empty());
  EXPECT_EQ(decoder.Next(), Outcome::kNeedMore);
  decoder.Feed(last.substr(20));
  EXPECT_EQ(Offsets(decoder.NextFrames()), (Numbers{10}));
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(NextFramesTest, GivesAtMostTheRequestedNumber) {
  StreamDecoder decoder;
  const std::vector<Argv> argvs(100, {"SET", "k", "v"});
  const std::string bytes = FramesOf(1, argvs);
  decoder.Feed(bytes);
  EXPECT_EQ(Offsets(decoder.NextFrames(1)), (Numbers{1}));
  EXPECT_EQ(decoder.bytes_decoded(), FrameOf(1, argvs[0]).size());
  EXPECT_EQ(Offsets(decoder.NextFrames(2)), (Numbers{2, 3}));
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_EQ(std::get<FrameView>(decoder.event()).offset(), 4u);
  size_t frames = 4;
  while (true) {
    const size_t n = decoder.NextFrames(1000).size();
    EXPECT_LE(n, StreamDecoder::kBatch);
    if (n == 0) break;
    frames += n;
  }
  EXPECT_EQ(frames, 100u);
  EXPECT_EQ(decoder.bytes_decoded(), bytes.size());
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(NextFramesTest, OffsetsOfOneCallAreConsecutive) {
  StreamDecoder decoder;
  std::string bytes;
  for (const uint64_t offset : {5, 6, 8, 9, 10, 3, 3, 4}) {
    bytes += FrameOf(offset, {"SET", "k", "v"});
  }
  decoder.Feed(bytes);
  std::vector<Numbers> calls;
  while (true) {
    calls.push_back(Offsets(decoder.NextFrames()));
    if (calls.back().empty()) break;
    for (size_t i = 1; i < calls.back().size(); ++i) {
      EXPECT_EQ(calls.back()[i], calls.back()[0] + i);
    }
  }
  Numbers all;
  for (const Numbers& call : calls) {
    all.insert(all.end(), call.begin(), call.end());
  }
  EXPECT_EQ(all, (Numbers{5, 6, 8, 9, 10, 3, 3, 4}));
  EXPECT_EQ(calls[0], (Numbers{5, 6}));
}

// A frame goes to the strict reader, because it is cut or oddly written. Then a
// frame follows that looks like those before. Every run must have rising
// offsets, whatever the offsets do.
TEST(NextFramesTest, OffsetsAreConsecutiveBehindOddFrames) {
  const Argv argv = {"SET", "k", "v"};
  const std::string before = FramesOf(1, {argv, argv, argv});
  const auto all = [](StreamDecoder* decoder) {
    Numbers offsets;
    while (true) {
      const absl::Span<const FrameView> frames = decoder->NextFrames();
      if (frames.empty()) return offsets;
      for (const FrameView& frame : frames) {
        EXPECT_EQ(frame.offset(), frames[0].offset() + (&frame - &frames[0]));
        offsets.push_back(frame.offset());
      }
    }
  };
  for (const uint64_t cut_frame : {1, 4, 5}) {
    const std::string cut = FrameOf(cut_frame, argv);
    for (const uint64_t next : {1, 4, 5, 6}) {
      StreamDecoder decoder;
      decoder.Feed(before);
      EXPECT_EQ(all(&decoder), (Numbers{1, 2, 3}));
      decoder.Feed(cut.substr(0, 10));
      EXPECT_TRUE(decoder.NextFrames().empty());
      decoder.Feed(cut.substr(10) + FramesOf(next, {argv, argv}) +
                   FrameOf(7, argv));
      EXPECT_EQ(all(&decoder), (Numbers{cut_frame, next, next + 1, 7}));
    }
  }
  std::string odd = FrameOf(4, argv);
  odd.replace(odd.find("*3"), 2, "*003");
  for (const uint64_t next : {1, 4, 5}) {
    StreamDecoder decoder;
    decoder.Feed(before + odd + FramesOf(next, {argv, argv}));
    EXPECT_EQ(all(&decoder), (Numbers{1, 2, 3, 4, next, next + 1}));
  }
}

TEST(NextFramesTest, StopsAtOtherElements) {
  StreamDecoder decoder;
  decoder.Feed(FrameOf(1, {"a"}) + "+PING 7 2\r\n" + FrameOf(2, {"b"}) +
               "+SNAPSHOT\r\n" + FrameOf(3, {"c"}));
  EXPECT_EQ(Offsets(decoder.NextFrames()), (Numbers{1}));
  EXPECT_TRUE(decoder.NextFrames().empty());
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_TRUE(std::holds_alternative<Heartbeat>(decoder.event()));
  EXPECT_EQ(Offsets(decoder.NextFrames()), (Numbers{2}));
  EXPECT_TRUE(decoder.NextFrames().empty());
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_TRUE(decoder.NextFrames().empty());
  EXPECT_EQ(decoder.Next(), Outcome::kError);
  EXPECT_EQ(decoder.error(), WireError::kUnexpectedInSnapshot);
  EXPECT_TRUE(decoder.NextFrames().empty());
}

TEST(NextFramesTest, ReportsErrorBehindEarlierFrames) {
  StreamDecoder decoder;
  const std::string sound = FramesOf(1, {{"a"}, {"b"}, {"c"}});
  decoder.Feed(sound + "*2\r\n:4\r\n*1\r\n$x");
  EXPECT_EQ(Offsets(decoder.NextFrames(2)), (Numbers{1, 2}));
  EXPECT_EQ(decoder.error(), WireError::kNone);
  decoder.Feed("more");
  EXPECT_EQ(Offsets(decoder.NextFrames()), (Numbers{3}));
  EXPECT_TRUE(decoder.NextFrames().empty());
  EXPECT_EQ(decoder.error(), WireError::kNone);
  EXPECT_EQ(decoder.Next(), Outcome::kError);
  EXPECT_EQ(decoder.error(), WireError::kBadBulk);
  EXPECT_EQ(decoder.bytes_decoded(), sound.size() + 13);
  EXPECT_NE(decoder.Excerpt().find("$xmore"), absl::string_view::npos);
}

// 512 arguments end a batch, so that memory for views stays small.
TEST(NextFramesTest, BatchEndsWithItsMostArguments) {
  for (const size_t argc : {127, 128, 129}) {
    SCOPED_TRACE(argc);
    StreamDecoder decoder;
    decoder.Feed(FramesOf(1, std::vector<Argv>(6, Argv(argc, "a"))));
    const size_t batch = argc == 127 ? 5 : 4;
    EXPECT_EQ(decoder.NextFrames().size(), batch);
    EXPECT_EQ(decoder.NextFrames().size(), 6 - batch);
  }
}

// Frames ahead stay right when bytes arrive, the buffer grows or the decoder
// moves.
TEST(NextFramesTest, FramesAheadSurviveNewBytesAndMoves) {
  std::vector<Argv> argvs;
  for (int i = 0; i < 30; ++i) {
    argvs.push_back({"SET", absl::StrCat("key", i), std::string(i % 7, 'v')});
  }
  const std::string bytes = FramesOf(1, argvs);
  StreamDecoder first;
  first.Feed(bytes);
  ASSERT_EQ(first.NextFrames(3).size(), 3u);
  first.Prepare(1 << 20);  // New memory.
  ASSERT_EQ(first.NextFrames(3).size(), 3u);
  first.Feed(FrameOf(31, {"last"}));
  StreamDecoder second = std::move(first);
  for (int i = 6; i < 30; ++i) {
    const absl::Span<const FrameView> frames = second.NextFrames(1);
    ASSERT_EQ(Offsets(frames), (Numbers{static_cast<uint64_t>(i) + 1}));
    ASSERT_EQ(ArgvOf(frames[0]), argvs[i]);
  }
  EXPECT_EQ(Offsets(second.NextFrames()), (Numbers{31}));
}

// The arguments of earlier frames of a batch stay right when a later frame
// needs room for many more.
TEST(NextFramesTest, DecodesManyArgumentsBehindFew) {
  std::vector<Argv> argvs;
  for (int i = 0; i < 20; ++i) argvs.push_back({"DEL", absl::StrCat("key", i)});
  argvs.push_back(Argv(5000, "x"));
  argvs.push_back({"DEL", "other"});
  for (int round = 0; round < 3; ++round) {
    for (const size_t more : {0, 10, 5000}) {
      StreamDecoder decoder;
      argvs.back() = Argv(1 + more, "y");
      decoder.Feed(FramesOf(1, argvs));
      size_t decoded = 0;
      while (true) {
        const absl::Span<const FrameView> frames = decoder.NextFrames();
        if (frames.empty()) break;
        for (const FrameView& frame : frames) {
          ASSERT_EQ(ArgvOf(frame), argvs[decoded++]);
        }
      }
      EXPECT_EQ(decoded, argvs.size());
    }
  }
}

// Runs of frames of several shapes, in one call and separately.
TEST(NextFramesTest, DecodesOneShapeAfterAnother) {
  std::vector<Argv> argvs;
  const auto add = [&argvs](int n, const Argv& argv) {
    for (int i = 0; i < n; ++i) argvs.push_back(argv);
  };
  // All have one size and one count, and differ in their places.
  for (const int n : {1, 2, 3, 4, 5}) {
    add(n, {"SET", "key", "value"});
    add(n, {"SET", "keys", "valu"});
    add(n, {"SE", "keys", "value"});
    add(n, {"SET", "key", "value"});
  }
  const std::string bytes = FramesOf(100, argvs);
  for (const size_t most : {1, 2, 7, 32}) {
    StreamDecoder decoder;
    decoder.Feed(bytes);
    size_t decoded = 0;
    while (decoded < argvs.size()) {
      const absl::Span<const FrameView> frames = decoder.NextFrames(most);
      ASSERT_FALSE(frames.empty());
      for (const FrameView& frame : frames) {
        ASSERT_EQ(ArgvOf(frame), argvs[decoded]) << most << " " << decoded;
        ASSERT_EQ(frame.offset(), 100 + decoded);
        ++decoded;
      }
    }
  }
}

// A frame with one wrong byte, behind frames whose shape was learned, reads as
// with a new decoder.
TEST(FramesAlikeTest, RejectsAlmostEqualFrames) {
  for (const size_t size : {2, 20, 200, 2000, 20'000}) {
    const Argv argv = {std::string(size, 'v'), "ab", std::string(size, 'v')};
    const std::string before = FramesOf(1, {argv, argv, argv});
    const std::string frame = FrameOf(4, argv);
    for (size_t at = 0; at < frame.size(); ++at) {
      if (frame[at] == 'v') continue;
      for (const char c : {'\0', '\r', '\n', '$', '*', '0', '1', '9', 'x'}) {
        std::string input = frame;
        input[at] = c;
        StreamDecoder cold;
        cold.Feed(input);
        const Outcome expected = cold.Next();
        StreamDecoder warm;
        warm.Feed(before + input);
        ASSERT_EQ(warm.NextFrames(3).size(), 3u);
        ASSERT_EQ(warm.Next(), expected) << at << " " << c;
        ASSERT_EQ(warm.error(), cold.error()) << at << " " << c;
        ASSERT_EQ(warm.bytes_decoded(), before.size() + cold.bytes_decoded());
        if (expected != Outcome::kDone) continue;
        const FrameView& got = std::get<FrameView>(warm.event());
        const FrameView& want = std::get<FrameView>(cold.event());
        ASSERT_EQ(got.offset(), want.offset());
        ASSERT_EQ(ArgvOf(got), ArgvOf(want));
        ASSERT_EQ(got.command(), want.command());
      }
    }
  }
}

// A shape belongs to envelopes of one size. Behind a shorter envelope, the
// second digit of a count looks like a count of one digit.
TEST(FramesAlikeTest, ShapeAppliesToOneEnvelopeSize) {
  const Argv few = {"a", "a value"};
  Argv many(12, "");
  std::copy(few.begin(), few.end(), many.begin());
  const std::string stray = FrameOf(8, many);
  FrameDecoder decoder;
  FrameView frame;
  for (const uint64_t offset : {10, 11, 12}) {
    ASSERT_TRUE(decoder.Decode(FrameOf(offset, few), &frame).done());
  }
  ASSERT_TRUE(decoder.Decode(FrameOf(7, {"another one"}), &frame).done());
  ASSERT_TRUE(decoder.Decode(stray, &frame).done());
  EXPECT_EQ(frame.offset(), 8u);
  EXPECT_EQ(ArgvOf(frame), many);
}

TEST(FramesAlikeTest, LearnsShapeAnewWhenOffsetsGainADigit) {
  internal::FrameScanner scanner((Limits()));
  ArgvStorage args;
  size_t alike = 0;
  for (uint64_t offset = 1; offset < 3000; ++offset) {
    const std::string bytes = FrameOf(offset, {"SET", "key", "value"});
    args.Clear();
    scanner.DropViews();
    internal::ScannedFrame frame;
    const size_t taken = scanner.TakeAlike(
        bytes.data(), bytes.size(), 1,
        [&frame](const char*, size_t, const internal::ScannedFrame& scanned) {
          frame = scanned;
        });
    alike += taken;
    if (taken == 0) {
      ASSERT_TRUE(
          scanner.Begin(bytes.data(), bytes.size(), &args, &frame).done());
    }
    ASSERT_EQ(frame.offset, offset);
    const ArgvView argv(bytes.data(), frame.args, frame.argc);
    ASSERT_EQ(Argv(argv.begin(), argv.end()), (Argv{"SET", "key", "value"}));
  }
  EXPECT_GE(alike, 2980u);
}

// A shape holds 64 arguments at most. Longer frames must not be learned.
TEST(FramesAlikeTest, FramesOfMoreArgumentsThanAShapeDecode) {
  for (const size_t argc : {32, 33, 63, 64, 65, 66, 72, 100}) {
    SCOPED_TRACE(argc);
    const Argv argv(argc, "a");
    const std::string bytes = FramesOf(1000, std::vector<Argv>(50, argv));
    StreamDecoder decoder;
    decoder.Feed(bytes);
    for (uint64_t offset = 1000; offset < 1050; ++offset) {
      ASSERT_EQ(decoder.Next(), Outcome::kDone);
      const auto& frame = std::get<FrameView>(decoder.event());
      ASSERT_EQ(frame.offset(), offset);
      ASSERT_EQ(ArgvOf(frame), argv);
    }
    EXPECT_TRUE(decoder.at_boundary());
  }
}

}  // namespace
}  // namespace kevy_replica
