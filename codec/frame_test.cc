// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/encoding.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::Encoding;
using ::kevy_replica::codec_testing::ExpectEncodeError;
using ::kevy_replica::codec_testing::ExpectEncodes;
using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::GuardedBytes;

constexpr absl::string_view kSet =
    "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$3\r\nbar\r\n";

using Argv = std::vector<absl::string_view>;

Encoding FrameEncoding(uint64_t offset, const Argv& argv) {
  return {[=] { return EncodedFrameSize(offset, argv); },
          [=](absl::Span<char> out) { return EncodeFrame(offset, argv, out); },
          [=](std::string* out) { return AppendFrame(offset, argv, out); }};
}

// Builds the frame without code of the codec.
std::string NaiveFrame(uint64_t offset, const Argv& argv) {
  std::string bytes =
      absl::StrCat("*2\r\n:", offset, "\r\n*", argv.size(), "\r\n");
  for (const absl::string_view arg : argv) {
    absl::StrAppend(&bytes, "$", arg.size(), "\r\n", arg, "\r\n");
  }
  return bytes;
}

Argv ArgvOf(const FrameView& frame) {
  return Argv(frame.argv().begin(), frame.argv().end());
}

TEST(FrameDecoderTest, GivesViewsOfTheInput) {
  FrameDecoder decoder;
  FrameView frame;
  const std::string input = absl::StrCat(kSet, "*2\r\n:9");
  const DecodeResult result = decoder.Decode(input, &frame);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, kSet.size());
  EXPECT_EQ(frame.offset(), 8u);
  EXPECT_EQ(ArgvOf(frame), (Argv{"SET", "foo", "bar"}));
  EXPECT_EQ(frame.wire(), kSet);
  EXPECT_EQ(frame.command(), kSet.substr(8));
  // Views, not copies.
  EXPECT_EQ(frame.wire().data(), input.data());
  EXPECT_EQ(frame.argv()[2].data(), input.data() + kSet.find("bar"));
  static_assert(std::is_trivially_copyable<FrameView>::value, "");
}

TEST(FrameDecoderTest, LeavesFrameUnchangedUnlessDone) {
  FrameDecoder decoder;
  FrameView frame;
  ASSERT_TRUE(decoder.Decode(kSet, &frame).done());
  FrameDecoder other;
  for (size_t size = 0; size < kSet.size(); ++size) {
    const DecodeResult result = other.Decode(kSet.substr(0, size), &frame);
    ASSERT_EQ(result.outcome, Outcome::kNeedMore);
    ASSERT_LE(result.bytes_decoded, size);
  }
  for (const absl::string_view bad :
       {"+PING 1\r\n", "*3\r\n", "*2\r\n:8\r\n*0\r\n"}) {
    EXPECT_EQ(other.Decode(bad, &frame).outcome, Outcome::kError);
  }
  EXPECT_EQ(frame.wire(), kSet);
  EXPECT_EQ(ArgvOf(frame), (Argv{"SET", "foo", "bar"}));
}

TEST(FrameDecoderTest, RejectsOtherElements) {
  FrameDecoder decoder;
  FrameView frame;
  for (const absl::string_view input :
       {"+PING 1 2\r\n", "$1\r\na\r\n", ":8\r\n", "PING\r\n", "\r\n",
        "+PING 1 2 and so on, for more than thirty bytes\r\n"}) {
    const DecodeResult result = decoder.Decode(input, &frame);
    EXPECT_EQ(result.error, WireError::kUnknownElement) << input;
    EXPECT_EQ(result.bytes_decoded, 0u) << input;
  }
  const std::string zeros(64, '\0');
  EXPECT_EQ(decoder.Decode(zeros, &frame).error, WireError::kUnknownElement);
}

// Every number of digits in a header. The frame lies at either end of readable
// memory, whole and cut.
TEST(FrameDecoderTest, DecodesEveryLengthOfArguments) {
  std::vector<size_t> sizes;
  for (size_t size = 0; size <= 130; ++size) sizes.push_back(size);
  for (const size_t size :
       {998, 999, 1000, 1001, 9999, 10'000, 99'999, 100'000}) {
    sizes.push_back(size);
  }
  GuardedBytes room(200'100);
  FrameDecoder decoder;
  for (const size_t size : sizes) {
    std::string value(size, 'x');
    for (size_t i = 0; i < size; i += 7) value[i] = "\r\n$*:0"[i % 6];
    for (const Argv& argv : {Argv{value}, Argv{"k", value}, Argv{value, "k"},
                             Argv{value, "", value}}) {
      std::string bytes;
      ASSERT_EQ(AppendFrame(size, argv, &bytes), WireError::kNone);
      ASSERT_EQ(bytes.size(), EncodedFrameSize(size, argv));
      for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
        FrameView frame;
        const DecodeResult result =
            decoder.Decode(room.Place(bytes, guard), &frame);
        ASSERT_TRUE(result.done()) << size << " " << result.error;
        ASSERT_EQ(result.bytes_decoded, bytes.size());
        ASSERT_EQ(frame.offset(), size);
        ASSERT_EQ(ArgvOf(frame), argv);
      }
      // Cut in the last argument's last bytes, and in its header.
      for (const size_t less : {size_t{1}, size_t{2}, size_t{3}, size + 3}) {
        if (less >= bytes.size()) continue;
        FrameView frame;
        const absl::string_view cut =
            absl::string_view(bytes).substr(0, bytes.size() - less);
        ASSERT_EQ(
            decoder.Decode(room.Place(cut, Guard::kAfter), &frame).outcome,
            Outcome::kNeedMore);
      }
    }
  }
}

// Every number of digits in the offset, and every cut, with unreadable memory
// behind the cut. One decoder expects the next offset, the other has seen none.
TEST(FrameDecoderTest, ReadsOnlyTheInputForEveryOffset) {
  GuardedBytes room(100);
  uint64_t offset = 1;
  for (int digits = 1; digits <= 17; ++digits, offset *= 10) {
    std::string before;
    std::string bytes;
    ASSERT_EQ(AppendFrame(offset, {"k"}, &before), WireError::kNone);
    ASSERT_EQ(AppendFrame(offset + 1, {"k"}, &bytes), WireError::kNone);
    for (size_t size = 0; size <= bytes.size(); ++size) {
      const absl::string_view cut =
          room.Place(absl::string_view(bytes).substr(0, size), Guard::kAfter);
      FrameDecoder fresh;
      FrameDecoder expecting;
      FrameView frame;
      ASSERT_TRUE(expecting.Decode(before, &frame).done());
      for (FrameDecoder* decoder : {&fresh, &expecting}) {
        ASSERT_EQ(decoder->Decode(cut, &frame).done(), size == bytes.size())
            << digits << " " << size;
      }
    }
  }
}

// One wrong byte outside the arguments makes an error or another frame. Such a
// frame encodes to the same bytes.
TEST(FrameDecoderTest, ReplacedBytesAreErrorsOrEncodeBack) {
  for (const absl::string_view offset : {"8", "10", "1234567890123456"}) {
    SCOPED_TRACE(offset);
    const std::string sound =
        absl::StrCat("*2\r\n:", offset,
                     "\r\n*3\r\n$1\r\na\r\n$10\r\n0123456789\r\n$2\r\nbc\r\n");
    FrameDecoder decoder;
    size_t done = 0;
    for (size_t at = 0; at < sound.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string input = sound;
        input[at] = static_cast<char>(c);
        FrameView frame;
        const DecodeResult result = decoder.Decode(input, &frame);
        if (result.outcome == Outcome::kError) {
          // The index is that of the wrong byte or behind it.
          ASSERT_GE(result.bytes_decoded, at) << c;
          continue;
        }
        if (!result.done()) continue;
        ++done;
        std::string again;
        ASSERT_EQ(AppendFrame(frame.offset(), ArgvOf(frame), &again),
                  WireError::kNone);
        // Only leading zeros are read and not written again.
        if (input[at] != '0') {
          ASSERT_EQ(again, input.substr(0, result.bytes_decoded));
        }
      }
    }
    // Each of the 13 bytes of arguments may be any byte, each digit of the
    // offset any digit, and the count 1 to 3. Every other byte is fixed.
    const size_t digits = offset.size();
    EXPECT_EQ(done,
              13 * 256 + digits * 10 + 3 + (sound.size() - 13 - digits - 1));
  }
}

TEST(FrameDecoderTest, LimitsHoldAtEveryNumberOfDigits) {
  FrameView frame;
  for (uint64_t count : {1, 2, 8, 9, 10, 11, 99, 100, 101, 1000}) {
    const Argv argv(count, "a");
    std::string bytes;
    ASSERT_EQ(AppendFrame(8, argv, &bytes), WireError::kNone);
    Limits limits;
    limits.max_arguments = count;
    EXPECT_TRUE(FrameDecoder(limits).Decode(bytes, &frame).done()) << count;
    limits.max_arguments = count - 1;
    const DecodeResult result = FrameDecoder(limits).Decode(bytes, &frame);
    EXPECT_EQ(result.error, WireError::kTooManyArguments) << count;
    EXPECT_EQ(result.bytes_decoded, bytes.find("\r\n$") - 1) << count;

    const std::string value(count, 'v');
    bytes.clear();
    ASSERT_EQ(AppendFrame(8, {"SET", "k", value}, &bytes), WireError::kNone);
    limits = Limits();
    limits.max_bulk_bytes = std::max<uint64_t>(count, 3);
    limits.max_frame_bytes = bytes.size();
    EXPECT_TRUE(FrameDecoder(limits).Decode(bytes, &frame).done()) << count;
    limits.max_frame_bytes = bytes.size() - 1;
    const DecodeResult too_long = FrameDecoder(limits).Decode(bytes, &frame);
    EXPECT_EQ(too_long.error, WireError::kFrameTooLong) << count;
    EXPECT_EQ(too_long.bytes_decoded, bytes.rfind("\nv")) << count;
    if (count <= 3) continue;
    limits = Limits();
    limits.max_bulk_bytes = count - 1;
    const DecodeResult bulk = FrameDecoder(limits).Decode(bytes, &frame);
    EXPECT_EQ(bulk.error, WireError::kBulkTooLong) << count;
    EXPECT_EQ(bulk.bytes_decoded, bytes.rfind("\r\nv") - 1) << count;
  }
}

// A decoder keeps the form of earlier frames. The result must not depend on it.
TEST(FrameDecoderTest, EarlierFramesLeaveResultUnchanged) {
  std::vector<std::string> frames;
  for (const uint64_t offset :
       {uint64_t{8}, uint64_t{9}, uint64_t{10}, uint64_t{99}, uint64_t{100},
        uint64_t{9'999'999'999}, uint64_t{10'000'000'000},
        uint64_t{999'999'999'999'999}, uint64_t{1'000'000'000'000'000},
        uint64_t{9'999'999'999'999'999}, uint64_t{10'000'000'000'000'000},
        kMaxFrameOffset - 1, kMaxFrameOffset}) {
    for (const size_t size : {1, 3, 10, 1000, 1001, 12'345}) {
      frames.emplace_back();
      ASSERT_EQ(
          AppendFrame(offset, {"SET", std::string(size, 'v')}, &frames.back()),
          WireError::kNone);
    }
  }
  FrameDecoder decoder;  // One decoder for all.
  for (const std::string& before : frames) {
    for (const std::string& frame : frames) {
      FrameView view;
      ASSERT_TRUE(decoder.Decode(before, &view).done());
      ASSERT_TRUE(decoder.Decode(before, &view).done());
      ASSERT_TRUE(decoder.Decode(frame, &view).done());
      std::string again;
      ASSERT_EQ(AppendFrame(view.offset(), ArgvOf(view), &again),
                WireError::kNone);
      ASSERT_EQ(again, frame);
      ASSERT_EQ(view.wire(), frame);
    }
  }
}

// Limits hold behind frames of any form, alike or not.
TEST(FrameDecoderTest, LimitsHoldBehindFramesWithinThem) {
  for (const size_t size : {4, 10, 100, 1000, 100'000}) {
    SCOPED_TRACE(size);
    const auto frame_of = [](uint64_t offset, size_t value_size, size_t argc) {
      const std::string value(value_size, 'v');
      std::vector<absl::string_view> argv(argc, "SET");
      argv.back() = value;
      std::string frame;
      EXPECT_EQ(AppendFrame(offset, argv, &frame), WireError::kNone);
      return frame;
    };
    const auto error_behind = [&](const Limits& limits, size_t value_size,
                                  size_t argc) {
      FrameDecoder decoder(limits);
      FrameView view;
      for (uint64_t offset = 10; offset < 15; ++offset) {
        EXPECT_TRUE(decoder.Decode(frame_of(offset, size, 2), &view).done());
      }
      return decoder.Decode(frame_of(15, value_size, argc), &view).error;
    };
    Limits limits;
    limits.max_bulk_bytes = size;
    EXPECT_EQ(error_behind(limits, size, 2), WireError::kNone);
    EXPECT_EQ(error_behind(limits, size + 1, 2), WireError::kBulkTooLong);
    limits = Limits();
    limits.max_frame_bytes = frame_of(10, size, 2).size();
    EXPECT_EQ(error_behind(limits, size, 2), WireError::kNone);
    EXPECT_EQ(error_behind(limits, size + 1, 2), WireError::kFrameTooLong);
    limits = Limits();
    limits.max_arguments = 2;
    EXPECT_EQ(error_behind(limits, size, 2), WireError::kNone);
    EXPECT_EQ(error_behind(limits, size, 3), WireError::kTooManyArguments);
  }
}

// A decoder owns its limits, and the form of frames within them.
TEST(FrameDecoderTest, AssigningADecoderReplacesItsLimits) {
  std::string frame;
  ASSERT_EQ(AppendFrame(8, {"SET", "key", "value"}, &frame), WireError::kNone);
  FrameDecoder decoder;
  FrameView view;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(decoder.Decode(frame, &view).done());
  }
  Limits limits;
  limits.max_arguments = 2;
  decoder = FrameDecoder(limits);
  EXPECT_EQ(decoder.Decode(frame, &view).error, WireError::kTooManyArguments);
}

TEST(FrameDecoderTest, MovingLeavesFramesValid) {
  std::vector<std::string> frames;
  for (uint64_t offset = 10; offset < 15; ++offset) {
    frames.emplace_back();
    ASSERT_EQ(AppendFrame(offset, {"SET", "k", "v"}, &frames.back()),
              WireError::kNone);
  }
  FrameDecoder decoder;
  FrameView view;
  for (const std::string& frame : frames) {
    ASSERT_TRUE(decoder.Decode(frame, &view).done());
    FrameDecoder moved = std::move(decoder);
    EXPECT_EQ(ArgvOf(view), (Argv{"SET", "k", "v"}));
    decoder = std::move(moved);
    EXPECT_EQ(ArgvOf(view), (Argv{"SET", "k", "v"}));
  }
}

// Offsets mostly rise by one, and a decoder predicts that. Other offsets must
// decode as well.
TEST(FrameDecoderTest, DecodesAnyOffsetBehindAnyOther) {
  std::vector<uint64_t> offsets;
  for (uint64_t power = 1; power <= kMaxFrameOffset / 10; power *= 10) {
    for (const uint64_t first : {power, 2 * power, 9 * power}) {
      for (uint64_t offset = first - 1; offset <= first + 2; ++offset) {
        offsets.push_back(offset);
      }
    }
  }
  std::vector<std::string> frames;
  for (const uint64_t offset : offsets) {
    frames.emplace_back();
    ASSERT_EQ(AppendFrame(offset, {"SET", "key", "value"}, &frames.back()),
              WireError::kNone);
  }
  FrameDecoder decoder;
  FrameView view;
  for (const std::string& before : frames) {
    for (size_t i = 0; i < frames.size(); ++i) {
      ASSERT_TRUE(decoder.Decode(before, &view).done());
      ASSERT_TRUE(decoder.Decode(frames[i], &view).done());
      ASSERT_EQ(view.offset(), offsets[i]) << before;
      ASSERT_EQ(view.wire(), frames[i]);
      ASSERT_EQ(view.command(), frames[i].substr(frames[i].find("*3")));
    }
  }
}

// One wrong byte in a frame that looks like the earlier ones.
TEST(FrameDecoderTest, RejectsAlmostEqualFrames) {
  for (const size_t size : {2, 20, 200, 2000, 20'000}) {
    std::string before;
    std::string frame;
    const std::string value(size, 'v');
    ASSERT_EQ(AppendFrame(8, {value, "ab", value}, &before), WireError::kNone);
    ASSERT_EQ(AppendFrame(9, {value, "ab", value}, &frame), WireError::kNone);
    for (size_t at = 0; at < frame.size(); ++at) {
      if (frame[at] == 'v' && at > 40) continue;  // Too many, and all alike.
      for (const char c : {'\0', '\r', '\n', '0', '1', '9', ':', 'x'}) {
        std::string input = frame;
        input[at] = c;
        FrameDecoder cold;
        FrameView expected;
        const DecodeResult cold_result = cold.Decode(input, &expected);
        FrameDecoder warm;
        FrameView view;
        ASSERT_TRUE(warm.Decode(before, &view).done());
        const DecodeResult result = warm.Decode(input, &view);
        ASSERT_EQ(result.outcome, cold_result.outcome) << at << " " << c;
        ASSERT_EQ(result.error, cold_result.error) << at << " " << c;
        ASSERT_EQ(result.bytes_decoded, cold_result.bytes_decoded)
            << at << " " << c;
        if (!result.done()) continue;
        ASSERT_EQ(view.offset(), expected.offset());
        ASSERT_EQ(ArgvOf(view), ArgvOf(expected));
      }
    }
  }
}

TEST(FrameDecoderTest, DecodesManyArguments) {
  const Argv argv(100'000, "ab");
  std::string bytes;
  ASSERT_EQ(AppendFrame(8, argv, &bytes), WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  ASSERT_TRUE(decoder.Decode(bytes, &frame).done());
  EXPECT_EQ(ArgvOf(frame), argv);
}

TEST(FrameDecoderTest, DeclaredCountTakesNoMemory) {
  FrameDecoder decoder;
  FrameView frame;
  EXPECT_EQ(
      decoder.Decode("*2\r\n:8\r\n*1048576\r\n$1\r\na\r\n", &frame).outcome,
      Outcome::kNeedMore);
  EXPECT_LE(decoder.memory_bytes(), 64 * sizeof(ArgRef));
}

TEST(EncodeFrameTest, WritesTheFrame) {
  ExpectEncodes(FrameEncoding(8, {"SET", "foo", "bar"}), kSet);
  ExpectEncodes(FrameEncoding(0, {""}), "*2\r\n:0\r\n*1\r\n$0\r\n\r\n");
  ExpectEncodes(FrameEncoding(0, {absl::string_view()}),
                "*2\r\n:0\r\n*1\r\n$0\r\n\r\n");
  ExpectEncodes(
      FrameEncoding(kMaxFrameOffset, {absl::string_view("a\0\r\n", 4)}),
      absl::string_view("*2\r\n:9223372036854775807\r\n*1\r\n$4\r\n"
                        "a\0\r\n\r\n",
                        40));
  const std::string ten(10, 'x');
  ExpectEncodes(FrameEncoding(99, Argv(10, ten)), [&] {
    std::string bytes = "*2\r\n:99\r\n*10\r\n";
    for (int i = 0; i < 10; ++i) bytes += "$10\r\n" + ten + "\r\n";
    return bytes;
  }());
}

TEST(EncodeFrameTest, RejectsBadValues) {
  ExpectEncodeError(FrameEncoding(kMaxFrameOffset + 1, {"PING"}),
                    WireError::kBadOffset);
  ExpectEncodeError(
      FrameEncoding(std::numeric_limits<uint64_t>::max(), {"PING"}),
      WireError::kBadOffset);
  ExpectEncodeError(FrameEncoding(8, {}), WireError::kBadCommand);
}

// Sizes at which the length has one digit more, another way of copying begins,
// or a value is too long to be collected.
std::vector<size_t> ArgumentSizes() {
  std::vector<size_t> sizes;
  for (size_t size = 0; size <= 70; ++size) sizes.push_back(size);
  for (const size_t middle : {100, 127, 256, 448, 487, 512, 1000, 1024, 4096,
                              10'000, 65'535, 100'000}) {
    for (size_t size = middle - 3; size <= middle + 3; ++size) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

// All neighbours differ, CR and LF among them.
std::string Value(size_t size) {
  std::string value(size, '\0');
  for (size_t i = 0; i < size; ++i) value[i] = static_cast<char>(i * 37 + 13);
  return value;
}

// Encoding reads only the arguments and writes only the frame, into exact and
// into ample room.
TEST(EncodeFrameTest, WritesEveryLengthOfArguments) {
  GuardedBytes source(100'100);
  GuardedBytes room(300'500);
  for (const size_t size : ArgumentSizes()) {
    const std::string value = Value(size);
    for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
      const absl::string_view arg = source.Place(value, guard);
      for (const Argv& argv : {Argv{arg}, Argv{"SET", arg}, Argv{arg, ""},
                               Argv{arg, "k", arg, arg}}) {
        const std::string expected = NaiveFrame(size, argv);
        ASSERT_EQ(EncodedFrameSize(size, argv), expected.size());
        for (const size_t more : {0, 1, 7, 8, 15, 16, 32, 64, 200}) {
          const absl::Span<char> out =
              room.Room(expected.size() + more, Guard::kAfter);
          std::fill(out.begin(), out.end(), '\x5a');
          const EncodeResult result = EncodeFrame(size, argv, out);
          ASSERT_TRUE(result.ok()) << size << " " << more;
          ASSERT_EQ(result.size, expected.size());
          ASSERT_TRUE(absl::string_view(out.data(), out.size()) ==
                      expected + std::string(more, '\x5a'))
              << size << " " << more;
        }
        const absl::Span<char> first =
            room.Room(expected.size(), Guard::kBefore);
        ASSERT_TRUE(EncodeFrame(size, argv, first).ok());
        ASSERT_TRUE(absl::string_view(first.data(), first.size()) == expected);

        const absl::Span<char> scant =
            room.Room(expected.size() - 1, Guard::kAfter);
        std::fill(scant.begin(), scant.end(), '\x5a');
        ASSERT_EQ(EncodeFrame(size, argv, scant).error, WireError::kNoSpace);
        ASSERT_TRUE(std::all_of(scant.begin(), scant.end(),
                                [](char c) { return c == '\x5a'; }));
      }
    }
  }
}

TEST(EncodeFrameTest, WritesEveryLengthOfOffsetsAndCounts) {
  for (uint64_t power = 1; power <= kMaxFrameOffset / 10; power *= 10) {
    for (const uint64_t offset : {power - 1, power, power * 10 - 1}) {
      const Argv argv = {"SET", "k", "v"};
      ExpectEncodes(FrameEncoding(offset, argv), NaiveFrame(offset, argv));
    }
  }
  for (const size_t argc : {9, 10, 11, 99, 100, 101}) {
    const Argv argv(argc, "a");
    ExpectEncodes(FrameEncoding(8, argv), NaiveFrame(8, argv));
  }
  for (const size_t argc : {999, 1000, 10'000}) {
    const Argv argv(argc, "a");
    std::string bytes;
    ASSERT_EQ(AppendFrame(8, argv, &bytes), WireError::kNone);
    ASSERT_TRUE(bytes == NaiveFrame(8, argv));
  }
}

// Short and long arguments in any order, into strings with and without room.
TEST(AppendFrameTest, AppendsEveryLengthOfArguments) {
  GuardedBytes source(100'100);
  const std::string other = Value(300);
  for (const size_t size : ArgumentSizes()) {
    const absl::string_view arg = source.Place(Value(size), Guard::kAfter);
    for (const Argv& argv :
         {Argv{arg}, Argv{"SET", arg}, Argv{arg, arg, arg}, Argv{other, arg},
          Argv{other, "", arg, other, arg}, Argv(20, arg)}) {
      const std::string expected = "before" + NaiveFrame(size, argv);
      for (const size_t room : {size_t{0}, expected.size() - 1, expected.size(),
                                2 * expected.size() + 600}) {
        std::string out;
        out.reserve(room);
        out = "before";
        ASSERT_EQ(AppendFrame(size, argv, &out), WireError::kNone);
        ASSERT_TRUE(out == expected) << size << " " << argv.size();
      }
    }
  }
}

TEST(OwnedFrameTest, KeepsItsOwnBytes) {
  OwnedFrame owned;
  {
    std::string bytes(kSet);
    FrameDecoder decoder;
    FrameView frame;
    ASSERT_TRUE(decoder.Decode(bytes, &frame).done());
    owned = OwnedFrame(frame);
    EXPECT_NE(owned.view().wire().data(), bytes.data());
    std::fill(bytes.begin(), bytes.end(), 'z');
    ASSERT_TRUE(decoder.Decode("*2\r\n:0\r\n*1\r\n$0\r\n\r\n", &frame).done());
  }
  const FrameView view = owned.view();
  EXPECT_EQ(view.offset(), 8u);
  EXPECT_EQ(view.wire(), kSet);
  EXPECT_EQ(view.command(), kSet.substr(8));
  EXPECT_EQ(ArgvOf(view), (Argv{"SET", "foo", "bar"}));
}

// Short strings lie inside the std::string object. Copies and moves must not
// keep views into the old object.
TEST(OwnedFrameTest, CopiesAndMovesAreWhole) {
  for (const absl::string_view value : {"", "v", "a value longer than short"}) {
    std::string bytes;
    ASSERT_EQ(AppendFrame(1, {value}, &bytes), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    ASSERT_TRUE(decoder.Decode(bytes, &frame).done());

    std::vector<OwnedFrame> frames;
    for (int i = 0; i < 20; ++i) frames.emplace_back(frame);  // Moves some.
    OwnedFrame copy = frames[3];
    OwnedFrame assigned;
    assigned = frames[4];
    OwnedFrame moved = std::move(frames[5]);
    frames.clear();
    frames.shrink_to_fit();
    for (const OwnedFrame* each : {&copy, &assigned, &moved}) {
      EXPECT_EQ(each->view().offset(), 1u);
      EXPECT_EQ(each->view().wire(), bytes);
      EXPECT_EQ(ArgvOf(each->view()), Argv{value});
    }
    copy.Assign(FrameView());
    EXPECT_EQ(copy.view().wire(), "");
    EXPECT_TRUE(copy.view().argv().empty());
    copy.Assign(moved.view());
    EXPECT_EQ(ArgvOf(copy.view()), Argv{value});
  }
}

TEST(OwnedFrameTest, BeginsEmpty) {
  const OwnedFrame owned;
  EXPECT_EQ(owned.view().offset(), 0u);
  EXPECT_EQ(owned.view().wire(), "");
  EXPECT_EQ(owned.view().command(), "");
  EXPECT_TRUE(owned.view().argv().empty());
}

TEST(AppendCommandTest, AppendsTheCommandOfAFrame) {
  const std::string huge(100'000, 'x');
  const std::string middle(300, 'y');
  for (const std::vector<absl::string_view>& argv :
       {std::vector<absl::string_view>{"PING"},
        {"SET", "k", ""},
        {"SET", "k", huge, "EX", "7"},
        {"MSET", "a", middle, "b", middle, "c", middle}}) {
    std::string wire;
    ASSERT_EQ(AppendFrame(8, argv, &wire), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    ASSERT_TRUE(decoder.Decode(wire, &frame).done());
    std::string command = "before";
    ASSERT_EQ(AppendCommand(argv, &command), WireError::kNone);
    EXPECT_EQ(command, absl::StrCat("before", frame.command()));
  }
  std::string out = "before";
  EXPECT_EQ(AppendCommand({}, &out), WireError::kBadCommand);
  EXPECT_EQ(out, "before");
}

TEST(FrameTest, AnyRangeOfStringsEncodes) {
  std::string frame;
  ASSERT_EQ(AppendFrame(8, {"SET", "foo", "bar"}, &frame), WireError::kNone);
  FrameDecoder decoder;
  FrameView view;
  ASSERT_TRUE(decoder.Decode(frame, &view).done());

  const auto encode = [](const auto& argv) {
    std::string all;
    EXPECT_EQ(AppendFrame(8, argv, &all), WireError::kNone);
    EXPECT_EQ(EncodedFrameSize(8, argv), all.size());
    std::string in_span(all.size(), '\0');
    EXPECT_EQ(
        EncodeFrame(8, argv, absl::MakeSpan(&in_span[0], in_span.size())).error,
        WireError::kNone);
    EXPECT_EQ(in_span, all);
    std::string command;
    EXPECT_EQ(AppendCommand(argv, &command), WireError::kNone);
    EXPECT_TRUE(absl::EndsWith(all, command)) << command;
    return all;
  };
  EXPECT_EQ(encode(std::vector<std::string>{"SET", "foo", "bar"}), frame);
  EXPECT_EQ(encode(std::list<const char*>{"SET", "foo", "bar"}), frame);
  EXPECT_EQ(encode(std::vector<absl::string_view>{"SET", "foo", "bar"}), frame);
  EXPECT_EQ(encode(view.argv()), frame);
  EXPECT_EQ(AppendFrame(8, std::vector<std::string>(), &frame),
            WireError::kBadCommand);
}

}  // namespace
}  // namespace kevy_replica
