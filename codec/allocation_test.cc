// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The codec's heap allocations: zero a frame in the steady state, whatever
// sizes a peer declares.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/client_port.h"
#include "kevy_replica/codec/testing/counting_new.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/codec/testing/test_access.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::Allocations;
using ::kevy_replica::codec_testing::AllocationsOf;
using ::kevy_replica::codec_testing::ClientPortExchanges;
using ::kevy_replica::codec_testing::ClientPortRecordings;
using ::kevy_replica::codec_testing::ListFiles;
using ::kevy_replica::codec_testing::ReadFile;
using ::kevy_replica::codec_testing::TestAccess;

// Makes a decoder reuse its buffer, also under AddressSanitizer.
void Reuse(StreamDecoder* decoder) {
  TestAccess::UseMemory(internal::ByteBuffer::Memory::kReuse, decoder);
}

// Gives `bytes` to the decoder in pieces. Returns the number of elements.
size_t Decode(absl::string_view bytes, size_t piece, StreamDecoder* decoder) {
  size_t elements = 0;
  while (true) {
    Outcome outcome;
    while ((outcome = decoder->Next()) == Outcome::kDone) ++elements;
    if (outcome == Outcome::kError || bytes.empty()) return elements;
    const size_t n = std::min(bytes.size(), piece);
    std::copy_n(bytes.data(), n, decoder->Prepare(n).data());
    decoder->Commit(n);
    bytes.remove_prefix(n);
  }
}

// The streams of all captures, without their answers.
std::string RecordedStream() {
  std::string stream;
  for (const std::string& name : ListFiles("testdata/captures", ".resp")) {
    const std::string bytes =
        ReadFile(absl::StrCat("testdata/captures/", name, ".resp"));
    stream += bytes.substr(bytes.find('\n') + 1);
  }
  return stream;
}

TEST(AllocationTest, CounterCountsNewAndBytes) {
  std::vector<char>* made = nullptr;
  const Allocations allocations =
      AllocationsOf([&made] { made = new std::vector<char>(1000); });
  delete made;
  EXPECT_EQ(allocations.count, 2u);
  EXPECT_EQ(allocations.largest, 1000u);
  EXPECT_EQ(allocations.bytes, 1000 + sizeof(std::vector<char>));
}

// std::get_temporary_buffer() uses them, and with it GoogleTest on Debian 13.
TEST(AllocationTest, CountsTheNothrowForms) {
  char* one = nullptr;
  char* many = nullptr;
  const Allocations allocations = AllocationsOf([&] {
    one = new (std::nothrow) char;
    many = new (std::nothrow) char[1000];
  });
  delete one;
  delete[] many;
  EXPECT_EQ(allocations.count, 2u);
  EXPECT_EQ(allocations.bytes, 1001u);
}

TEST(AllocationTest, WarmDecoderAllocatesNothingForAStream) {
  const std::string stream = RecordedStream();
  for (const size_t piece :
       {size_t{1}, size_t{100}, size_t{4096}, stream.size()}) {
    StreamDecoder decoder;
    Reuse(&decoder);
    const size_t elements = Decode(stream, piece, &decoder);
    ASSERT_GT(elements, 50u);
    size_t again = 0;
    const Allocations allocations = AllocationsOf([&] {
      for (int i = 0; i < 10; ++i) again += Decode(stream, piece, &decoder);
    });
    EXPECT_EQ(again, 10 * elements);
    EXPECT_EQ(decoder.error(), WireError::kNone);
    EXPECT_EQ(allocations.count, 0u) << piece;
  }
}

// A reader may ask for more room than it fills, and leave half a frame each
// time.
TEST(AllocationTest, WarmDecoderAllocatesNothingForCutFrames) {
  std::string frames;
  for (uint64_t offset = 0; offset < 3000; ++offset) {
    const std::string value(offset % 700, 'v');
    ASSERT_EQ(AppendFrame(offset, {"SET", "key", value}, &frames),
              WireError::kNone);
  }
  for (const size_t min : {1, 1000, 16'384}) {
    StreamDecoder decoder;
    Reuse(&decoder);
    const auto run = [&] {
      size_t elements = 0;
      for (absl::string_view left = frames; !left.empty();) {
        const absl::Span<char> room = decoder.Prepare(min);
        const size_t n = std::min({left.size(), room.size(), size_t{1500}});
        std::copy_n(left.data(), n, room.data());
        decoder.Commit(n);
        left.remove_prefix(n);
        while (decoder.Next() == Outcome::kDone) ++elements;
      }
      return elements;
    };
    ASSERT_EQ(run(), 3000u);
    size_t elements = 0;
    const Allocations allocations = AllocationsOf([&] { elements = run(); });
    EXPECT_EQ(elements, 3000u);
    EXPECT_EQ(allocations.count, 0u) << min;
  }
}

// Decoders in turn over one buffer: a cut element costs one allocation, of its
// size. Whole elements cost none.
TEST(AllocationTest, SharedBufferAllocatesForCutElementsOnly) {
  std::string frames;
  for (uint64_t offset = 1000; offset < 1101; ++offset) {
    ASSERT_EQ(AppendFrame(offset, {"SET", "key", "value"}, &frames),
              WireError::kNone);
  }
  const size_t frame = frames.size() / 101;
  for (const size_t cut : {size_t{0}, size_t{1}, frame - 1}) {
    SCOPED_TRACE(cut);
    SharedReadBuffer shared;
    StreamDecoder decoders[3];
    for (StreamDecoder& decoder : decoders) Reuse(&decoder);
    size_t elements = 0;
    const auto turn = [&](absl::string_view bytes) {
      for (StreamDecoder& decoder : decoders) {
        const absl::Span<char> room = decoder.Prepare(65'536, &shared);
        std::copy_n(bytes.data(), bytes.size(), room.data());
        decoder.Commit(bytes.size());
        while (decoder.Next() == Outcome::kDone) ++elements;
        decoder.GiveBack(&shared);
      }
    };
    // Each turn ends behind `cut` bytes of the next frame.
    turn(absl::string_view(frames).substr(0, frame + cut));
    const absl::string_view bytes =
        absl::string_view(frames).substr(cut, 100 * frame);
    turn(bytes);
    const Allocations allocations = AllocationsOf([&] {
      for (int i = 0; i < 10; ++i) turn(bytes);
    });
    EXPECT_EQ(elements, 3u * 1101);
    EXPECT_EQ(allocations.count, cut == 0 ? 0u : 30u);
    EXPECT_LE(allocations.largest, cut);
    EXPECT_EQ(decoders[0].error(), WireError::kNone);
  }
}

// Gives `bytes` to the decoder in pieces. Returns the number of replies.
size_t DecodeReplies(absl::string_view bytes, size_t piece,
                     ReplyDecoder* decoder) {
  size_t replies = 0;
  while (!bytes.empty()) {
    decoder->Feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(bytes.size(), piece));
    while (decoder->Next() == Outcome::kDone) ++replies;
  }
  return replies;
}

TEST(AllocationTest, SharedBufferLeavesTheRoomOfManyArguments) {
  std::string frame;
  ASSERT_EQ(AppendFrame(8, std::vector<absl::string_view>(20'000, "v"), &frame),
            WireError::kNone);
  StreamDecoder decoder;
  Reuse(&decoder);
  SharedReadBuffer shared;
  absl::string_view rest = frame;
  const Allocations made = AllocationsOf([&] {
    while (decoder.Next() != Outcome::kDone) {
      decoder.GiveBack(&shared);
      const absl::Span<char> room = decoder.Prepare(1400, &shared);
      const size_t n = std::min({size_t{1400}, room.size(), rest.size()});
      ASSERT_GT(n, 0u);
      std::copy_n(rest.data(), n, room.data());
      decoder.Commit(n);
      rest.remove_prefix(n);
    }
  });
  // Doublings of 16 bytes an argument and of the frame. Each read would copy
  // all arguments otherwise: 20 MB.
  EXPECT_LT(made.bytes, 3'000'000u);
}

TEST(AllocationTest, WarmDecoderAllocatesNothingForReplies) {
  std::string bytes;
  for (const std::string& name : ClientPortRecordings()) {
    for (const auto& exchange : ClientPortExchanges(name)) {
      bytes += exchange.reply;
    }
  }
  for (const size_t piece : {size_t{1}, size_t{100}, bytes.size()}) {
    ReplyDecoder decoder;
    TestAccess::UseMemory(internal::ByteBuffer::Memory::kReuse, &decoder);
    const size_t replies = DecodeReplies(bytes, piece, &decoder);
    ASSERT_EQ(replies, 80u);
    size_t again = 0;
    const Allocations allocations = AllocationsOf([&] {
      for (int i = 0; i < 10; ++i) {
        again += DecodeReplies(bytes, piece, &decoder);
      }
    });
    EXPECT_EQ(again, 10 * replies);
    EXPECT_EQ(allocations.count, 0u) << piece;
  }
}

TEST(AllocationTest, DeclaredSizesOfRepliesAllocateNothing) {
  for (const absl::string_view bytes :
       {absl::string_view("$16777216\r\n0123456789"),
        absl::string_view("*65535\r\n*1\r\n"),
        absl::string_view("*2\r\n*60000\r\n:1\r\n")}) {
    ReplyDecoder decoder;
    const Allocations allocations =
        AllocationsOf([&] { DecodeReplies(bytes, 1, &decoder); });
    EXPECT_EQ(decoder.error(), WireError::kNone);
    EXPECT_FALSE(decoder.at_boundary());
    EXPECT_LE(allocations.largest, 4096u) << bytes;
    EXPECT_LE(decoder.memory_bytes(), 8192u) << bytes;
  }
}

// The list of values doubles as they arrive.
TEST(AllocationTest, ManyElementsAllocateAsTheyArrive) {
  ReplyDecoder decoder;
  size_t arrived = 1;
  DecodeReplies("*65536\r\n", 100, &decoder);
  for (int i = 0; i < 60'000; ++i, ++arrived) {
    const Allocations allocations =
        AllocationsOf([&] { DecodeReplies(":1\r\n", 100, &decoder); });
    ASSERT_LE(allocations.largest, 4096 + 2 * (arrived + 1) * 40);
  }
  EXPECT_GE(decoder.memory_bytes(), 60'000u * 40);
}

TEST(AllocationTest, OneShotFunctionsAllocateNothing) {
  std::string frame_bytes;
  ASSERT_EQ(
      AppendFrame(8, std::vector<absl::string_view>(100, "arg"), &frame_bytes),
      WireError::kNone);
  std::string request_bytes;
  ASSERT_EQ(Append(HandshakeRequest{Protocol::kV2, 7, 8, "r1"}, &request_bytes),
            WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  ASSERT_TRUE(decoder.Decode(frame_bytes, &frame).done());
  ArgvStorage args;
  HandshakeRequest warm;
  ASSERT_TRUE(
      DecodeHandshakeRequest(request_bytes, Limits(), &args, &warm).done());
  int done = 0;
  const Allocations allocations = AllocationsOf([&] {
    HandshakeRequest request;
    HandshakeAnswer answer;
    Heartbeat heartbeat;
    SnapshotBegin begin;
    SnapshotChunk chunk;
    SnapshotEnd end;
    std::optional<Ack> ack;
    const Limits limits;
    for (const DecodeResult& result :
         {decoder.Decode(frame_bytes, &frame),
          DecodeHandshakeRequest(request_bytes, limits, &args, &request),
          DecodeHandshakeAnswer("+ACK 7 8\r\n", limits, &answer),
          DecodeHeartbeat("+PING 7 8\r\n", limits, &heartbeat),
          DecodeSnapshotBegin("+SNAPSHOT\r\n", limits, &begin),
          DecodeSnapshotChunk("$1\r\na\r\n", limits, &chunk),
          DecodeSnapshotEnd("+SNAPSHOT_END 8\r\n", limits, &end),
          DecodeAck("REPLCONF ACK 8\r\n", limits, &ack)}) {
      done += result.done();
    }
  });
  EXPECT_EQ(done, 8);
  EXPECT_EQ(allocations.count, 0u);
}

TEST(AllocationTest, EncodingIntoASpanAllocatesNothing) {
  const std::vector<absl::string_view> argv = {"SET", "key", "value"};
  char room[256];
  const absl::Span<char> out(room, sizeof(room));
  int ok = 0;
  const Allocations allocations = AllocationsOf([&] {
    for (const EncodeResult& result :
         {EncodeFrame(8, argv, out),
          Encode(HandshakeRequest{Protocol::kV2, 7, 8, "r1"}, out),
          Encode(HandshakeAnswer{Protocol::kV2, 7, 8}, out),
          Encode(Heartbeat{7, 8}, out), Encode(SnapshotBegin(), out),
          Encode(SnapshotChunk{"bytes"}, out), Encode(SnapshotEnd{8}, out),
          Encode(Ack{8}, out)}) {
      ok += result.ok();
    }
  });
  EXPECT_EQ(ok, 8);
  EXPECT_EQ(allocations.count, 0u);
}

// One allocation for an empty string, zero for one with room, few for many
// appends in a row.
TEST(AllocationTest, AppendAllocatesOnceAndThenDoubles) {
  const std::string value(kMaxChunkBytes, 'v');
  const std::vector<absl::string_view> argv = {"SET", "key", value};
  WireError error = WireError::kBadCommand;
  std::string frame;
  EXPECT_EQ(AllocationsOf([&] { error = AppendFrame(8, argv, &frame); }).count,
            1u);
  EXPECT_EQ(error, WireError::kNone);
  frame.clear();
  EXPECT_EQ(AllocationsOf([&] { error = AppendFrame(8, argv, &frame); }).count,
            0u);
  std::string chunk;
  EXPECT_EQ(AllocationsOf([&] {
              error = Append(SnapshotChunk{value}, &chunk);
            }).count,
            1u);

  std::string many;
  const Allocations allocations = AllocationsOf([&] {
    for (uint64_t offset = 0; offset < 1000; ++offset) {
      error = AppendFrame(offset, argv, &many);
    }
  });
  EXPECT_LE(allocations.count, 11u);
}

TEST(AllocationTest, OwnedFrameAllocatesTwiceAndReusesBoth) {
  std::string bytes;
  ASSERT_EQ(AppendFrame(8, {"SET", "key", std::string(100, 'v')}, &bytes),
            WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  ASSERT_TRUE(decoder.Decode(bytes, &frame).done());
  std::optional<OwnedFrame> owned;
  EXPECT_EQ(AllocationsOf([&] { owned.emplace(frame); }).count, 2u);
  EXPECT_EQ(AllocationsOf([&] { owned->Assign(frame); }).count, 0u);
  EXPECT_EQ(owned->view().wire(), bytes);
}

TEST(AllocationTest, DeclaredSizesAllocateNothing) {
  const std::string frame =
      "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n0123456789";
  for (const absl::string_view bytes :
       {absl::string_view(frame),
        absl::string_view("*2\r\n:8\r\n*1048576\r\n$1\r\na\r\n"),
        absl::string_view("+SNAPSHOT\r\n$65536\r\n0123456789")}) {
    StreamDecoder decoder;
    const Allocations allocations =
        AllocationsOf([&] { Decode(bytes, 1, &decoder); });
    EXPECT_EQ(decoder.error(), WireError::kNone);
    EXPECT_FALSE(decoder.at_boundary());
    // The first buffer and the first room for arguments.
    EXPECT_LE(allocations.largest, 4096u) << bytes;
    EXPECT_LE(decoder.memory_bytes(), 8192u) << bytes;
  }
}

// The memory for a long string doubles as the string arrives.
TEST(AllocationTest, LongStringAllocatesAsItArrives) {
  StreamDecoder decoder;
  size_t came = 0;
  const auto feed = [&](absl::string_view bytes) {
    decoder.Feed(bytes);
    came += bytes.size();
    return decoder.Next();
  };
  ASSERT_EQ(feed("*2\r\n:8\r\n*1\r\n$536870912\r\n"), Outcome::kNeedMore);
  const std::string piece(1000, 'x');
  size_t largest = 0;
  for (int i = 0; i < 2000; ++i) {
    Outcome outcome = Outcome::kError;
    const Allocations allocations =
        AllocationsOf([&] { outcome = feed(piece); });
    ASSERT_EQ(outcome, Outcome::kNeedMore);
    largest = std::max(largest, allocations.largest);
    ASSERT_LE(allocations.largest, std::max<size_t>(4096, 2 * came));
    ASSERT_LE(decoder.memory_bytes(), std::max<size_t>(4096, 2 * came) + 1024);
  }
  EXPECT_GE(largest, came / 2);  // The buffer itself was measured.
}

}  // namespace
}  // namespace kevy_replica
