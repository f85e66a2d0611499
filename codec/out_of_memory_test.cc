// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A process without memory for the lists and buffers that a peer's bytes need.
// Most tests fail the first allocation, then the second, and so on.

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/failing_allocation.h"
#include "kevy_replica/codec/testing/test_access.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using codec_testing::FailingAllocation;
using codec_testing::TestAccess;
using Memory = internal::ByteBuffer::Memory;

// Calls `decode` with allocation 1, 2, ... failing, up to the first call that
// makes fewer. Returns the number of failed calls.
template <typename Decode>
int FailEachAllocation(const Decode& decode) {
  for (size_t n = 1;; ++n) {
    // A fast path that fails leaves its work to a strict one: that fails, too.
    const FailingAllocation failing(n, FailingAllocation::Later::kFail);
    const WireError error = decode();
    if (!failing.has_failed()) {
      EXPECT_EQ(error, WireError::kNone);
      return static_cast<int>(n - 1);
    }
    EXPECT_EQ(error, WireError::kOutOfMemory) << n;
  }
}

// Gives `bytes` to a decoder, which may share its memory. False: it has no
// memory for them, and goes on without them.
template <typename Decoder, typename... Shared>
bool Put(absl::string_view bytes, Decoder* decoder, Shared*... shared) {
  const WireError error = decoder->error();
  const uint64_t bytes_decoded = decoder->bytes_decoded();
  const absl::Span<char> room = decoder->Prepare(bytes.size(), shared...);
  if (room.empty()) {
    EXPECT_EQ(decoder->error(), error);
    EXPECT_EQ(decoder->bytes_decoded(), bytes_decoded);
    return false;
  }
  bytes.copy(room.data(), bytes.size());
  decoder->Commit(bytes.size());
  return true;
}

std::string LongFrame() {
  std::string wire = "*2\r\n:8\r\n*1000\r\n";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&wire, "$1\r\nx\r\n");
  return wire;
}

TEST(OutOfMemoryTest, FrameDecoderTellsIt) {
  const std::string wire = LongFrame();
  EXPECT_GE(FailEachAllocation([&] {
              FrameDecoder decoder;
              FrameView frame;
              return decoder.Decode(wire, &frame).error;
            }),
            5);
}

// Whole input and input byte by byte take different readers.
TEST(OutOfMemoryTest, StreamDecoderTellsItAtTheArgument) {
  const std::string wire = "+PING 1 8\r\n" + LongFrame();
  for (const size_t step : {wire.size(), size_t{1}}) {
    EXPECT_GE(FailEachAllocation([&] {
                StreamDecoder decoder;
                Outcome outcome = Outcome::kNeedMore;
                for (size_t i = 0; i < wire.size(); i += step) {
                  const absl::string_view piece =
                      absl::string_view(wire).substr(i, step);
                  if (!Put(piece, &decoder)) return WireError::kOutOfMemory;
                  do {
                    outcome = decoder.Next();
                  } while (outcome == Outcome::kDone);
                }
                if (outcome == Outcome::kError) {
                  EXPECT_EQ((decoder.bytes_decoded() - 26) % 7, 0);
                  EXPECT_EQ(decoder.Next(), Outcome::kError);
                }
                return decoder.error();
              }),
              5);
  }
}

// A decoder that cannot copy its cut element keeps the buffer. One that then
// gets no memory for another tells it. Both go on once there is memory.
TEST(OutOfMemoryTest, DecodersGoOnWithoutTheSharedBuffer) {
  const std::string wire = LongFrame();
  const absl::string_view half = absl::string_view(wire).substr(0, 3000);
  SharedReadBuffer shared;
  StreamDecoder first;
  const absl::Span<char> room = first.Prepare(8192, &shared);
  half.copy(room.data(), half.size());
  first.Commit(half.size());
  ASSERT_EQ(first.Next(), Outcome::kNeedMore);
  StreamDecoder second;
  {
    const FailingAllocation failing(1, FailingAllocation::Later::kFail);
    first.GiveBack(&shared);
    EXPECT_TRUE(failing.has_failed());
    EXPECT_EQ(shared.memory_bytes(), 0u);
    EXPECT_TRUE(second.Prepare(8192, &shared).empty());
  }
  EXPECT_GE(second.Prepare(8192, &shared).size(), 8192u);
  second.GiveBack(&shared);
  const absl::string_view rest = absl::string_view(wire).substr(3000);
  const absl::Span<char> rest_room = first.Prepare(rest.size(), &shared);
  ASSERT_GE(rest_room.size(), rest.size());
  rest.copy(rest_room.data(), rest.size());
  first.Commit(rest.size());
  EXPECT_EQ(first.Next(), Outcome::kDone);
}

// The frames ahead follow the held bytes, which move to the front of the memory
// before it cannot shrink.
TEST(OutOfMemoryTest, FramesAheadOutlastGiveBackWithoutMemory) {
  std::string wire;
  for (const char c : {'h', 'i', 'j', 'k'}) {
    ASSERT_EQ(AppendFrame(c, {"SET", std::string(c, c)}, &wire),
              WireError::kNone);
  }
  // A cut element of more than the memory that is kept for sharing.
  absl::StrAppend(&wire, "*2\r\n:108\r\n*1\r\n$2000000\r\n",
                  std::string(3 << 19, 'z'));
  SharedReadBuffer shared;
  StreamDecoder decoder;
  TestAccess::UseMemory(Memory::kReuse, &decoder);
  ASSERT_TRUE(Put(wire, &decoder, &shared));
  ASSERT_EQ(decoder.NextFrames(1).size(), 1u);
  {
    const FailingAllocation failing(1, FailingAllocation::Later::kFail);
    decoder.GiveBack(&shared);
    EXPECT_TRUE(failing.has_failed());
  }
  TestAccess::CheckInvariants(decoder);
  for (const char c : {'i', 'j', 'k'}) {
    const absl::Span<const FrameView> frames = decoder.NextFrames(1);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].argv()[1], std::string(c, c));
  }
}

// A decoder without memory for its bytes leaves that of the others alone.
TEST(OutOfMemoryTest, SharedMemoryOutlastsPrepareWithoutMemory) {
  SharedReadBuffer shared;
  StreamDecoder decoder;
  TestAccess::UseMemory(Memory::kReuse, &decoder);
  ASSERT_FALSE(decoder.Prepare(8192, &shared).empty());
  decoder.GiveBack(&shared);
  const size_t bytes = shared.memory_bytes();
  ASSERT_NE(bytes, 0u);
  const FailingAllocation failing(1);
  EXPECT_TRUE(decoder.Prepare(bytes + 1, &shared).empty());
  EXPECT_TRUE(failing.has_failed());
  EXPECT_EQ(shared.memory_bytes(), bytes);
}

TEST(OutOfMemoryTest, ShrinkingKeepsTheMemory) {
  ArgvStorage storage;
  for (size_t i = 0; i < 100; ++i) ASSERT_TRUE(storage.Add(i, 1));
  const size_t capacity = storage.capacity();
  {
    const FailingAllocation failing(1);
    storage.ShrinkToFit();
    EXPECT_TRUE(failing.has_failed());
  }
  EXPECT_EQ(storage.capacity(), capacity);
  EXPECT_EQ(storage.data()[99].offset, 99);
}

TEST(OutOfMemoryTest, HandshakeRequestTellsIt) {
  HandshakeRequest request;
  request.replica_id = "r1";
  std::string wire;
  ASSERT_EQ(Append(request, &wire), WireError::kNone);
  EXPECT_GE(
      FailEachAllocation([&] {
        ArgvStorage storage;
        return DecodeHandshakeRequest(wire, Limits(), &storage, &request).error;
      }),
      1);
}

TEST(OutOfMemoryTest, ReplyDecoderTellsIt) {
  std::string wire;
  for (int i = 0; i < 15; ++i)
    absl::StrAppend(&wire, "*4\r\n:1\r\n+a\r\n$-1\r\n");
  wire += "*1\r\n$1\r\nx\r\n";
  EXPECT_GE(FailEachAllocation([&] {
              ReplyDecoder decoder;
              if (!Put(wire, &decoder)) return WireError::kOutOfMemory;
              EXPECT_NE(decoder.Next(), Outcome::kNeedMore);
              return decoder.error();
            }),
            5);
  // The first node may be a string.
  EXPECT_EQ(FailEachAllocation([&] {
              ReplyDecoder decoder;
              if (!Put("$1\r\nx\r\n", &decoder)) {
                return WireError::kOutOfMemory;
              }
              EXPECT_NE(decoder.Next(), Outcome::kNeedMore);
              return decoder.error();
            }),
            2);
}

// A buffer that cannot get less memory keeps the memory of a huge element.
TEST(OutOfMemoryTest, BufferStaysInUseIfShrinkingFails) {
  for (const auto memory : {internal::ByteBuffer::Memory::kReuse,
                            internal::ByteBuffer::Memory::kFresh}) {
    internal::ByteBuffer buffer(memory);
    buffer.Prepare(16 * internal::ByteBuffer::kKeptCapacity)[0] = 'x';
    buffer.Commit(1);
    const size_t capacity = buffer.capacity();
    size_t shortest = capacity;
    {
      const FailingAllocation failing(1, FailingAllocation::Later::kFail);
      for (int call = 0; call < 2 * internal::ByteBuffer::kCalm; ++call) {
        shortest = std::min(shortest, buffer.Prepare(1).size());
      }
      EXPECT_TRUE(failing.has_failed());
    }
    EXPECT_EQ(shortest, capacity - 1);
    EXPECT_EQ(buffer.capacity(), capacity);
    EXPECT_EQ(buffer.bytes(), "x");
    for (int call = 0; call < internal::ByteBuffer::kCalm; ++call)
      buffer.Prepare(1);
    EXPECT_LT(buffer.capacity(), capacity);
    EXPECT_EQ(buffer.bytes(), "x");
  }
}

// Feed() cannot return an error.
TEST(OutOfMemoryDeathTest, FeedAborts) {
  EXPECT_EXIT(
      {
        StreamDecoder decoder;
        const FailingAllocation failing(1);
        decoder.Feed("+");
      },
      testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT(
      {
        ReplyDecoder decoder;
        const FailingAllocation failing(1);
        decoder.Feed("+");
      },
      testing::KilledBySignal(SIGABRT), "");
}

// Feeds `payload` in two pieces, the second one without memory. Returns the
// error.
WireError DecodeInTwo(absl::string_view payload, size_t cut) {
  PayloadDecoder decoder(0);
  Outcome outcome = Outcome::kDone;
  {
    const FailingAllocation failing(1, FailingAllocation::Later::kFail);
    for (const absl::string_view piece :
         {payload.substr(0, cut), payload.substr(cut)}) {
      decoder.Feed(piece);
      do {
        outcome = decoder.Next();
      } while (outcome == Outcome::kDone);
    }
  }
  EXPECT_EQ(outcome == Outcome::kError, decoder.error() != WireError::kNone);
  return decoder.error();
}

// Bytes of strings that a cut group has begun need memory. Numbers need none.
TEST(OutOfMemoryTest, PayloadDecoderTellsIt) {
  PayloadEncoder encoder;
  std::string payload;
  for (const PayloadEvent& event : {
           PayloadEvent(PayloadHeader{6, 7, 8}),
           PayloadEvent(RecordBegin{RecordType::kString, "key", {}, 0}),
           PayloadEvent(StringValue{"value"}),
           PayloadEvent(RecordEnd()),
           PayloadEvent(RecordBegin{RecordType::kHash, "hash", {}, 1}),
           PayloadEvent(HashField{"field", "text"}),
           PayloadEvent(RecordEnd()),
           PayloadEvent(RecordBegin{RecordType::kSortedSet, "set", {}, 1}),
           PayloadEvent(ScoredMember{"member", 1.5}),
           PayloadEvent(RecordEnd()),
           PayloadEvent(PayloadEnd()),
       }) {
    ASSERT_EQ(encoder.Append(event, &payload), WireError::kNone);
  }
  // Cuts behind a byte of a string, with the size of what may follow it in its
  // group: a count, the length of the next string, a score.
  const size_t in_strings = (3 - 1) + (5 - 1);
  const size_t in_hash = (4 + 4 - 1) + (5 + 4 + 4 - 1);
  const size_t in_set = (3 + 4 - 1) + (6 + 8 - 1);
  size_t failures = 0;
  for (size_t cut = 0; cut <= payload.size(); ++cut) {
    const WireError error = DecodeInTwo(payload, cut);
    if (error == WireError::kNone) continue;
    EXPECT_EQ(error, WireError::kOutOfMemory) << cut;
    ++failures;
  }
  EXPECT_EQ(failures, in_strings + in_hash + in_set);
}

// A batch needs memory, an event does not.
TEST(OutOfMemoryTest, PayloadWithoutBatchMemoryDecodesByEvents) {
  const std::string payload("KEVYSNAP\x04\x01\0\1\0\0\0k\1\0\0\0v\0", 22);
  PayloadDecoder decoder(0);
  decoder.Feed(payload);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  {
    const FailingAllocation failing(1);
    EXPECT_TRUE(decoder.NextRecords().empty());
  }
  EXPECT_EQ(decoder.error(), WireError::kNone);
  EXPECT_EQ(decoder.NextRecords().size(), 1u);  // There is memory again.
  EXPECT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
}

// Each string is longer than the scratch, and cut in two.
TEST(OutOfMemoryTest, PayloadDecoderTellsTheWrongByte) {
  std::string payload("KEVYSNAP\x04", 9);
  for (const char key : {'a', 'b'}) {
    payload.append("\x01\x00\x01\x00\x00\x00", 6);
    payload += key;
    payload.append("\x00\x50\x00\x00", 4);
    payload.append(0x5000, 'x');
  }
  payload += '\0';
  EXPECT_GE(FailEachAllocation([&] {
              PayloadDecoder decoder(0);
              Outcome outcome = Outcome::kNeedMore;
              for (size_t i = 0; i < payload.size(); i += 3000) {
                decoder.Feed(absl::string_view(payload).substr(i, 3000));
                do {
                  outcome = decoder.Next();
                } while (outcome == Outcome::kDone);
              }
              if (outcome == Outcome::kError) {
                EXPECT_EQ(decoder.Next(), Outcome::kError);
                EXPECT_EQ(decoder.Finish(), WireError::kOutOfMemory);
              }
              return decoder.error();
            }),
            2);
}

}  // namespace
}  // namespace kevy_replica
