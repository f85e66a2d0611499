// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A process without memory for the lists and buffers that a peer's bytes need.
// Most tests fail the first allocation, then the second, and so on.

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <limits>
#include <new>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/byte_buffer.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace {
constexpr size_t kNever = std::numeric_limits<size_t>::max();
size_t successes_left = kNever;
bool buffers_fail = false;
}  // namespace

// The codec's lists are the only users of this form.
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  if (successes_left == 0) return nullptr;
  if (successes_left != kNever) --successes_left;
  return ::operator new[](size);
}

// Buffers are the only users of these while `buffers_fail`. The linker's
// --wrap, see BUILD.bazel. A compiler may make malloc of realloc.
extern "C" void* __real_malloc(size_t size);
extern "C" void* __real_realloc(void* memory, size_t size);
extern "C" void* __wrap_malloc(size_t size) {
  return buffers_fail ? nullptr : __real_malloc(size);
}
extern "C" void* __wrap_realloc(void* memory, size_t size) {
  return buffers_fail ? nullptr : __real_realloc(memory, size);
}

namespace kevy_replica {
namespace {

// Calls `decode` with the n-th allocation failing, for n = 1, 2 ..., up to the
// first call that succeeds. Returns the number of failed calls.
template <typename Decode>
int FailEachAllocation(const Decode& decode) {
  for (size_t n = 0;; ++n) {
    successes_left = n;
    const WireError error = decode();
    const bool failed = successes_left == 0 && error != WireError::kNone;
    successes_left = kNever;
    if (!failed) {
      EXPECT_EQ(error, WireError::kNone);
      return static_cast<int>(n);
    }
    EXPECT_EQ(error, WireError::kOutOfMemory) << n;
  }
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
                  decoder.Feed(absl::string_view(wire).substr(i, step));
                  do {
                    outcome = decoder.Next();
                  } while (outcome == Outcome::kDone);
                }
                if (outcome == Outcome::kError) {
                  EXPECT_EQ((decoder.position() - 26) % 7, 0);
                  EXPECT_EQ(decoder.Next(), Outcome::kError);
                }
                return decoder.error();
              }),
              5);
  }
}

TEST(OutOfMemoryTest, ShrinkingKeepsTheMemory) {
  ArgvStorage storage;
  for (size_t i = 0; i < 100; ++i) ASSERT_TRUE(storage.Add(i, 1));
  const size_t capacity = storage.capacity();
  successes_left = 0;
  storage.ShrinkToFit();
  successes_left = kNever;
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
              decoder.Feed(wire);
              EXPECT_NE(decoder.Next(), Outcome::kNeedMore);
              return decoder.error();
            }),
            5);
  // The first node may be a string.
  EXPECT_EQ(FailEachAllocation([&] {
              ReplyDecoder decoder;
              decoder.Feed("$1\r\nx\r\n");
              EXPECT_NE(decoder.Next(), Outcome::kNeedMore);
              return decoder.error();
            }),
            1);
}

// A buffer that cannot get less memory keeps the memory of a huge element.
TEST(OutOfMemoryTest, BufferStaysInUseIfShrinkingFails) {
  for (const auto memory :
       {ByteBuffer::Memory::kReuse, ByteBuffer::Memory::kFresh}) {
    ByteBuffer buffer(memory);
    buffer.Prepare(16 * ByteBuffer::kKeptCapacity)[0] = 'x';
    buffer.Commit(1);
    const size_t capacity = buffer.capacity();
    buffers_fail = true;
    size_t shortest = kNever;
    for (int call = 0; call < 2 * ByteBuffer::kCalm; ++call) {
      shortest = std::min(shortest, buffer.Prepare(1).size());
    }
    buffers_fail = false;
    EXPECT_EQ(shortest, capacity - 1);
    EXPECT_EQ(buffer.capacity(), capacity);
    EXPECT_EQ(buffer.bytes(), "x");
    for (int call = 0; call < ByteBuffer::kCalm; ++call) buffer.Prepare(1);
    EXPECT_LT(buffer.capacity(), capacity);
    EXPECT_EQ(buffer.bytes(), "x");
  }
}

// Feed() cannot return an error.
TEST(OutOfMemoryDeathTest, FeedAborts) {
  EXPECT_EXIT(
      {
        StreamDecoder decoder;
        buffers_fail = true;
        decoder.Feed("+");
      },
      testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT(
      {
        ReplyDecoder decoder;
        buffers_fail = true;
        decoder.Feed("+");
      },
      testing::KilledBySignal(SIGABRT), "");
}

// Feeds `payload` in two pieces, the second one without memory. Returns the
// error.
WireError DecodeInTwo(absl::string_view payload, size_t cut) {
  PayloadDecoder decoder(0);
  Outcome outcome = Outcome::kDone;
  buffers_fail = true;
  for (const absl::string_view piece :
       {payload.substr(0, cut), payload.substr(cut)}) {
    decoder.Feed(piece);
    do {
      outcome = decoder.Next();
    } while (outcome == Outcome::kDone);
  }
  buffers_fail = false;
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

}  // namespace
}  // namespace kevy_replica
