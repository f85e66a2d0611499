// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Each byte of an element is read about once, however it arrives. Work is
// counted, not timed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/internal/chunk_limits.h"
#include "kevy_replica/codec/internal/frame_scanner.h"
#include "kevy_replica/codec/internal/reply_scanner.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

class CountingMeter {
 public:
  void Examined(size_t bytes) { bytes_ += bytes; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

// A frame of `argc` arguments of `size` bytes.
std::string FrameOf(size_t argc, size_t size) {
  const std::string value(size, 'x');
  const std::vector<absl::string_view> argv(argc, value);
  std::string bytes;
  EXPECT_EQ(AppendFrame(8, argv, &bytes), WireError::kNone);
  return bytes;
}

// Scans `bytes` as they arrive in pieces. Returns the number of bytes read.
uint64_t ExaminedInPieces(absl::string_view bytes, size_t piece, size_t argc) {
  internal::BasicFrameScanner<CountingMeter> scanner((Limits()));
  ArgvStorage args;
  internal::ScannedFrame frame;
  size_t size = std::min(bytes.size(), piece);
  DecodeResult result = scanner.Begin(bytes.data(), size, &args, &frame);
  while (size < bytes.size()) {
    EXPECT_EQ(result.outcome, Outcome::kNeedMore);
    size = std::min(bytes.size(), size + piece);
    result = scanner.Resume(bytes.data(), size, &args, &frame);
  }
  EXPECT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, bytes.size());
  EXPECT_EQ(frame.argc, argc);
  return scanner.meter().bytes();
}

TEST(LinearWorkTest, ReadsAMillionArgumentsOnce) {
  constexpr size_t kArguments = 1'048'576;  // The most that the limits allow.
  const std::string bytes = FrameOf(kArguments, 1);
  const uint64_t most = bytes.size() + 8 * (kArguments + 3);
  for (const size_t piece :
       {size_t{1}, size_t{7}, size_t{4096}, bytes.size()}) {
    const uint64_t examined = ExaminedInPieces(bytes, piece, kArguments);
    EXPECT_LE(examined, most) << piece;
    // At least the headers and line ends are read.
    EXPECT_GE(examined, 6 * kArguments) << piece;
  }
}

TEST(LinearWorkTest, ReadsHeadersOnceForEverySizeAndPiece) {
  constexpr size_t kArguments = 50;
  for (const size_t size : {0, 5, 9, 10, 57, 99, 100, 999, 1000, 12'345}) {
    const std::string bytes = FrameOf(kArguments, size);
    for (const size_t piece : {1, 2, 3, 5, 8, 13, 100, 1003, 100'000}) {
      // The scanner skips the arguments themselves. It reads at most the 8
      // bytes of a load and then, byte by byte, 12 of the header and line end.
      EXPECT_LE(ExaminedInPieces(bytes, piece, kArguments),
                20 * (kArguments + 3))
          << size << " " << piece;
    }
  }
}

// Exact counts: a counter that counts too little would satisfy any upper bound.
TEST(LinearWorkTest, CountsEveryLook) {
  const std::string bytes = FrameOf(3, 2);
  ASSERT_EQ(bytes, "*2\r\n:8\r\n*3\r\n$2\r\nxx\r\n$2\r\nxx\r\n$2\r\nxx\r\n");
  // Byte by byte: every byte except the arguments' own 6.
  EXPECT_EQ(ExaminedInPieces(bytes, 1, 3), bytes.size() - 6);
  // At once: 29 of the start, 8 for each header, 2 of the last line end.
  EXPECT_EQ(ExaminedInPieces(bytes, bytes.size(), 3), 29u + 3 * 8 + 2);
  // A length of four digits takes a second look.
  const std::string longer = FrameOf(1, 1000);
  EXPECT_EQ(ExaminedInPieces(longer, longer.size(), 1), 29u + 2 * 8 + 2);
}

// A cut at the end of an argument reads no byte again. The next argument goes
// to the strict reader: 5 bytes of its header, 2 of its line end. The last one
// takes one load and its line end.
TEST(LinearWorkTest, CountsEveryLookBehindACut) {
  const std::string bytes = FrameOf(5, 10);
  const size_t argument = std::string("$10\r\n0123456789\r\n").size();
  EXPECT_EQ(ExaminedInPieces(bytes, bytes.size() - 2 * argument, 5),
            29u + 3 * 8 + (5 + 2) + 8 + 2);
}

TEST(LinearWorkTest, CountsEveryLookAtFramesAlike) {
  std::string bytes;
  for (uint64_t offset = 10; offset < 20; ++offset) {
    ASSERT_EQ(AppendFrame(offset, {"SET", "k", "v"}, &bytes), WireError::kNone);
  }
  const size_t size = bytes.size() / 10;
  internal::BasicFrameScanner<CountingMeter> scanner((Limits()));
  ArgvStorage args;
  internal::ScannedFrame frame;
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (!scanner.shape().active()) {
    ASSERT_TRUE(
        scanner.Begin(p, static_cast<size_t>(end - p), &args, &frame).done());
    p += size;
  }
  ASSERT_EQ(end - p, static_cast<std::ptrdiff_t>(8 * size));
  const uint64_t before = scanner.meter().bytes();
  const size_t taken = scanner.TakeAlike(
      p, static_cast<size_t>(end - p), 100,
      [](const char*, size_t, const internal::ScannedFrame&) {});
  EXPECT_EQ(taken, 8u);
  // 24 of the envelope; and 8 for each of 4 pieces between the arguments.
  EXPECT_EQ(scanner.meter().bytes() - before, 8u * (24 + 4 * 8));
}

TEST(LinearWorkTest, SkipsTheBytesOfALongBulk) {
  const std::string bytes = FrameOf(1, 1'000'000);
  for (const size_t piece : {1, 7, 4096, 2'000'000}) {
    EXPECT_LE(ExaminedInPieces(bytes, piece, 1), 64u) << piece;
  }
}

TEST(LinearWorkTest, SkipsTheBytesOfAChunk) {
  const std::string bytes = "$65536\r\n" + std::string(65'536, 'x') + "\r\n";
  for (const size_t piece : {1, 7, 4096, 70'000}) {
    internal::BulkScanner scanner;
    CountingMeter meter;
    DecodeResult result;
    for (size_t size = 0; size < bytes.size();) {
      ASSERT_EQ(result.outcome, Outcome::kNeedMore);
      size = std::min(bytes.size(), size + piece);
      result = scanner.Scan(bytes.data(), size, internal::ChunkLimits(Limits()),
                            meter);
    }
    ASSERT_TRUE(result.done());
    EXPECT_EQ(scanner.size(), 65'536u);
    EXPECT_EQ(meter.bytes(), 10u) << piece;  // "$65536\r\n" and "\r\n".
  }
}

// Scans one reply as it arrives in pieces. Returns the number of bytes read.
uint64_t ExaminedOfReply(absl::string_view bytes, size_t piece) {
  internal::BasicReplyScanner<CountingMeter> scanner((ReplyLimits()));
  DecodeResult result;
  for (size_t size = 0; size < bytes.size();) {
    EXPECT_EQ(result.outcome, Outcome::kNeedMore);
    size = std::min(bytes.size(), size + piece);
    result = scanner.Scan(bytes.data(), size);
  }
  EXPECT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, bytes.size());
  return scanner.meter().bytes();
}

TEST(LinearWorkTest, ReadsEachByteOfAReplyOnce) {
  // Many elements, and many levels that all end with the last byte.
  std::string flat = "*50000\r\n";
  for (int i = 0; i < 50'000; ++i) flat += ":1\r\n";
  std::string nested = "*2000\r\n";
  for (int i = 0; i < 2000; ++i) {
    for (int depth = 1; depth < 16; ++depth) nested += "*1\r\n";
    nested += "+x\r\n";
  }
  for (const std::string& bytes : {flat, nested}) {
    for (const size_t piece : {1, 7, 4096, 1'000'000}) {
      EXPECT_EQ(ExaminedOfReply(bytes, piece), bytes.size()) << piece;
    }
  }
}

TEST(LinearWorkTest, SkipsTheBytesOfABulkReply) {
  const std::string bytes =
      "*1\r\n$1000000\r\n" + std::string(1'000'000, 'x') + "\r\n";
  for (const size_t piece : {1, 7, 4096, 2'000'000}) {
    EXPECT_EQ(ExaminedOfReply(bytes, piece), bytes.size() - 1'000'000) << piece;
  }
}

TEST(LinearWorkTest, BufferMovesEachByteAtMostTwice) {
  constexpr size_t kArguments = 50'000;
  const std::string bytes = FrameOf(kArguments, 1);
  for (const size_t piece : {1, 7, 4096}) {
    // A reader may ask for more room than it fills.
    for (const size_t min : {1, 4096, 65'536}) {
      StreamDecoder decoder;
      size_t given = 0;
      Outcome outcome = decoder.Next();
      while (outcome == Outcome::kNeedMore && given < bytes.size()) {
        const absl::Span<char> room = decoder.Prepare(min);
        ASSERT_GE(room.size(), min);
        const size_t n = std::min({piece, bytes.size() - given, room.size()});
        std::copy_n(bytes.data() + given, n, room.data());
        decoder.Commit(n);
        given += n;
        outcome = decoder.Next();
      }
      ASSERT_EQ(outcome, Outcome::kDone);
      ASSERT_EQ(std::get<FrameView>(decoder.event()).argv().size(), kArguments);
      EXPECT_LE(decoder.bytes_moved(), 2 * bytes.size()) << piece << " " << min;
    }
  }
}

}  // namespace
}  // namespace kevy_replica
