// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/encoding.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::EncodingOf;
using ::kevy_replica::codec_testing::ExpectEncodeError;
using ::kevy_replica::codec_testing::ExpectEncodes;
using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::GuardedBytes;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(SnapshotTest, DecodesElementAtTheFront) {
  SnapshotBegin begin;
  DecodeResult result =
      DecodeSnapshotBegin("+SNAPSHOT\r\n$1", Limits(), &begin);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, 11u);

  const absl::string_view input = "$5\r\nhello\r\n$1";
  SnapshotChunk chunk;
  result = DecodeSnapshotChunk(input, Limits(), &chunk);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, 11u);
  EXPECT_EQ(chunk.bytes, "hello");
  EXPECT_EQ(chunk.bytes.data(), input.data() + 4);  // A view.

  SnapshotEnd end;
  result = DecodeSnapshotEnd("+SNAPSHOT_END 5\r\n+P", Limits(), &end);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, 17u);
  EXPECT_EQ(end.next_offset, 5u);
}

TEST(SnapshotTest, RejectsOtherElements) {
  SnapshotBegin begin;
  SnapshotChunk chunk{"before"};
  SnapshotEnd end{7};
  for (const absl::string_view input :
       {"*2\r\n", "+PING 1\r\n", "+ACK 1\r\n", "x", "\n"}) {
    EXPECT_EQ(DecodeSnapshotBegin(input, Limits(), &begin).error,
              WireError::kUnknownElement);
    EXPECT_EQ(DecodeSnapshotChunk(input, Limits(), &chunk).error,
              WireError::kUnknownElement);
    EXPECT_EQ(DecodeSnapshotEnd(input, Limits(), &end).error,
              WireError::kUnknownElement);
  }
  // Each of the three is unknown to the functions of the others.
  EXPECT_EQ(DecodeSnapshotBegin("+SNAPSHOT_END 5\r\n", Limits(), &begin).error,
            WireError::kUnknownElement);
  EXPECT_EQ(DecodeSnapshotEnd("+SNAPSHOT\r\n", Limits(), &end).error,
            WireError::kUnknownElement);
  EXPECT_EQ(
      DecodeSnapshotChunk("+SNAPSHOT\r\n", Limits(), &chunk).bytes_decoded, 0u);
  EXPECT_EQ(DecodeSnapshotBegin("$1\r\na\r\n", Limits(), &begin).bytes_decoded,
            0u);

  EXPECT_EQ(DecodeSnapshotBegin("", Limits(), &begin).outcome,
            Outcome::kNeedMore);
  EXPECT_EQ(DecodeSnapshotChunk("", Limits(), &chunk).outcome,
            Outcome::kNeedMore);
  EXPECT_EQ(DecodeSnapshotEnd("", Limits(), &end).outcome, Outcome::kNeedMore);
  EXPECT_EQ(chunk.bytes, "before");
  EXPECT_EQ(end.next_offset, 7u);
}

TEST(SnapshotTest, DecodesChunksOfEverySize) {
  GuardedBytes room(70'000);
  for (const size_t size :
       {0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10'000, 65'535, 65'536}) {
    const std::string bytes(size, '\n');
    std::string wire;
    ASSERT_EQ(Append(SnapshotChunk{bytes}, &wire), WireError::kNone);
    EXPECT_EQ(wire, absl::StrCat("$", size, "\r\n", bytes, "\r\n"));
    EXPECT_EQ(wire.size(), EncodedSize(SnapshotChunk{bytes}));
    for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
      SnapshotChunk chunk;
      const DecodeResult result =
          DecodeSnapshotChunk(room.Place(wire, guard), Limits(), &chunk);
      ASSERT_TRUE(result.done()) << size;
      EXPECT_EQ(result.bytes_decoded, wire.size());
      EXPECT_EQ(chunk.bytes, bytes);
    }
    wire.pop_back();
    SnapshotChunk chunk;
    EXPECT_EQ(
        DecodeSnapshotChunk(room.Place(wire, Guard::kAfter), Limits(), &chunk)
            .outcome,
        Outcome::kNeedMore);
  }
}

TEST(SnapshotTest, RejectsChunksOverTheLimit) {
  const std::string wire = "$65537\r\n" + std::string(65'537, 'x') + "\r\n";
  SnapshotChunk chunk;
  DecodeResult result = DecodeSnapshotChunk(wire, Limits(), &chunk);
  EXPECT_EQ(result.error, WireError::kChunkTooLong);
  EXPECT_EQ(result.bytes_decoded, 5u);
  // The reader sets the limit.
  Limits limits;
  limits.max_chunk_bytes = 65'537;
  EXPECT_TRUE(DecodeSnapshotChunk(wire, limits, &chunk).done());
  EXPECT_EQ(chunk.bytes.size(), 65'537u);
}

TEST(SnapshotTest, Encodes) {
  ExpectEncodes(EncodingOf(SnapshotBegin()), "+SNAPSHOT\r\n");
  ExpectEncodes(EncodingOf(SnapshotChunk{""}), "$0\r\n\r\n");
  ExpectEncodes(EncodingOf(SnapshotChunk{"0123456789"}),
                "$10\r\n0123456789\r\n");
  ExpectEncodes(EncodingOf(SnapshotEnd{0}), "+SNAPSHOT_END 0\r\n");
  ExpectEncodes(EncodingOf(SnapshotEnd{kMax}),
                "+SNAPSHOT_END 18446744073709551615\r\n");
}

TEST(SnapshotTest, EncodesChunksUpTo64KiB) {
  const std::string bytes(kMaxChunkBytes + 1, 'x');
  std::string out;
  EXPECT_EQ(Append(SnapshotChunk{absl::string_view(bytes).substr(1)}, &out),
            WireError::kNone);
  EXPECT_TRUE(out == "$65536\r\n" + bytes.substr(1) + "\r\n");
  ExpectEncodeError(EncodingOf(SnapshotChunk{bytes}), WireError::kChunkTooLong);
}

}  // namespace
}  // namespace kevy_replica
