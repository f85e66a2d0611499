// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A process without memory for the lists that a peer's bytes need. Each test
// fails the first allocation, then the second, and so on.

#include <cstddef>
#include <limits>
#include <new>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace {
constexpr size_t kNever = std::numeric_limits<size_t>::max();
size_t successes_left = kNever;
}  // namespace

// The codec's lists are the only users of this form.
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  if (successes_left == 0) return nullptr;
  if (successes_left != kNever) --successes_left;
  return ::operator new[](size);
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
}

}  // namespace
}  // namespace kevy_replica
