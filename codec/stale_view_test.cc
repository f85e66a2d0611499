// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Under AddressSanitizer, reading a stale view aborts. Other builds only test
// fresh views.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/base/config.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr char kFrame[] =
    "*2\r\n:8\r\n*2\r\n$3\r\nGET\r\n$"
    "32\r\n0123456789abcdef0123456789abcdef\r\n";
constexpr absl::string_view kKey = "0123456789abcdef0123456789abcdef";

absl::string_view Key(const StreamDecoder& decoder) {
  return std::get<FrameView>(decoder.event()).argv()[1];
}

TEST(StaleViewTest, FreshViewIsReadable) {
  StreamDecoder decoder;
  decoder.Feed(std::string(kFrame) + kFrame);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_EQ(Key(decoder), kKey);
  // Const functions leave it valid.
  EXPECT_FALSE(decoder.at_boundary());
  EXPECT_GT(decoder.memory_bytes(), 0u);
  EXPECT_NE(decoder.Excerpt(), "");
  EXPECT_EQ(Key(decoder), kKey);
  // So does moving the decoder, which leaves the bytes in place.
  const absl::string_view key = Key(decoder);
  StreamDecoder moved = std::move(decoder);
  EXPECT_EQ(key, kKey);
  EXPECT_EQ(Key(moved), kKey);
  ASSERT_EQ(moved.Next(), Outcome::kDone);
  EXPECT_EQ(Key(moved), kKey);
}

#ifdef ABSL_HAVE_ADDRESS_SANITIZER

// Reads all of `bytes`, visibly to the compiler.
void Read(absl::string_view bytes) {
  volatile char last = 0;
  for (const char c : bytes) last = c;
  static_cast<void>(last);
}

// A decoder that has just given a frame, and holds another.
std::unique_ptr<StreamDecoder> DecoderAtFrame() {
  auto decoder = std::make_unique<StreamDecoder>();
  decoder->Feed(std::string(kFrame) + kFrame);
  EXPECT_EQ(decoder->Next(), Outcome::kDone);
  return decoder;
}

TEST(StaleViewDeathTest, NextEndsView) {
  const auto decoder = DecoderAtFrame();
  const absl::string_view key = Key(*decoder);
  ASSERT_EQ(decoder->Next(), Outcome::kDone);
  EXPECT_DEATH(Read(key), "use-after-poison");
}

TEST(StaleViewDeathTest, NextFramesEndsView) {
  const auto decoder = DecoderAtFrame();
  const absl::string_view before = Key(*decoder);
  const absl::Span<const FrameView> frames = decoder->NextFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_DEATH(Read(before), "use-after-poison");
  const absl::string_view key = frames[0].argv()[1];
  Read(key);
  EXPECT_TRUE(decoder->NextFrames().empty());
  EXPECT_DEATH(Read(key), "use-after-poison");
}

TEST(StaleViewDeathTest, PrepareEndsView) {
  const auto decoder = DecoderAtFrame();
  const absl::string_view key = Key(*decoder);
  decoder->Prepare(1);
  EXPECT_DEATH(Read(key), "use-after-poison");
}

TEST(StaleViewDeathTest, GiveBackEndsView) {
  SharedReadBuffer shared;
  StreamDecoder decoder;
  const absl::string_view frame = kFrame;
  const absl::Span<char> room = decoder.Prepare(frame.size(), &shared);
  std::copy(frame.begin(), frame.end(), room.begin());
  decoder.Commit(frame.size());
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  const absl::string_view key = Key(decoder);
  Read(key);
  decoder.GiveBack(&shared);
  EXPECT_DEATH(Read(key), "heap-use-after-free");
}

TEST(StaleViewDeathTest, PrepareOfNewMemoryEndsView) {
  const auto decoder = DecoderAtFrame();
  const absl::string_view key = Key(*decoder);
  decoder->Prepare(1'000'000);
  EXPECT_DEATH(Read(key), "heap-use-after-free");
}

TEST(StaleViewDeathTest, FeedEndsView) {
  const auto decoder = DecoderAtFrame();
  const absl::string_view key = Key(*decoder);
  decoder->Feed("+PING");
  EXPECT_DEATH(Read(key), "use-after-poison");
}

TEST(StaleViewDeathTest, DestroyingTheDecoderEndsView) {
  auto decoder = DecoderAtFrame();
  const absl::string_view key = Key(*decoder);
  decoder.reset();
  EXPECT_DEATH(Read(key), "heap-use-after-free");
}

TEST(StaleViewDeathTest, AssigningADecoderEndsView) {
  const auto decoder = DecoderAtFrame();
  const absl::string_view key = Key(*decoder);
  *decoder = StreamDecoder();
  EXPECT_DEATH(Read(key), "heap-use-after-free");
}

TEST(StaleViewDeathTest, NextEndsChunk) {
  StreamDecoder decoder;
  decoder.Feed("+SNAPSHOT\r\n$16\r\n0123456789abcdef\r\n+SNAPSHOT_END 5\r\n");
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  const absl::string_view bytes =
      std::get<SnapshotChunk>(decoder.event()).bytes;
  Read(bytes);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_DEATH(Read(bytes), "use-after-poison");
}

// A decoder that has just given a reply, and holds another.
std::unique_ptr<ReplyDecoder> DecoderAtReply() {
  auto decoder = std::make_unique<ReplyDecoder>();
  decoder->Feed("*1\r\n$16\r\n0123456789abcdef\r\n+OK\r\n");
  EXPECT_EQ(decoder->Next(), Outcome::kDone);
  Read(decoder->reply()[0].text());
  return decoder;
}

TEST(StaleViewDeathTest, NextEndsReply) {
  const auto decoder = DecoderAtReply();
  const ReplyView reply = decoder->reply();
  const absl::string_view text = reply[0].text();
  ASSERT_EQ(decoder->Next(), Outcome::kDone);
  EXPECT_DEATH(Read(text), "use-after-poison");
}

TEST(StaleViewDeathTest, PrepareEndsReply) {
  const auto decoder = DecoderAtReply();
  const absl::string_view text = decoder->reply()[0].text();
  decoder->Prepare();
  EXPECT_DEATH(Read(text), "use-after-poison");
}

TEST(StaleViewDeathTest, DestroyingTheDecoderEndsReply) {
  auto decoder = DecoderAtReply();
  const absl::string_view text = decoder->reply()[0].text();
  decoder.reset();
  EXPECT_DEATH(Read(text), "heap-use-after-free");
}

// A decoder that has just given a cut string. Two more events are in `*bytes`.
std::unique_ptr<PayloadDecoder> DecoderAtCutString(std::string* bytes) {
  PayloadEncoder encoder;
  for (const PayloadEvent& event :
       {PayloadEvent(PayloadHeader{4, 0, 0}),
        PayloadEvent(RecordBegin{RecordType::kString, "k", {}, 0}),
        PayloadEvent(StringValue{kKey}), PayloadEvent(RecordEnd()),
        PayloadEvent(PayloadEnd())}) {
    EXPECT_EQ(encoder.Append(event, bytes), WireError::kNone);
  }
  auto decoder = std::make_unique<PayloadDecoder>(0);
  for (const char& byte : *bytes) {
    decoder->Feed(absl::string_view(&byte, 1));
    Outcome outcome;
    while ((outcome = decoder->Next()) == Outcome::kDone) {
      if (std::holds_alternative<StringValue>(decoder->event())) return decoder;
    }
    EXPECT_EQ(outcome, Outcome::kNeedMore);
  }
  ADD_FAILURE() << "no string";
  return decoder;
}

TEST(StaleViewDeathTest, PayloadNextEndsString) {
  std::string bytes;
  const auto decoder = DecoderAtCutString(&bytes);
  const absl::string_view value = std::get<StringValue>(decoder->event()).value;
  EXPECT_EQ(value, kKey);
  ASSERT_EQ(decoder->Next(), Outcome::kDone);
  EXPECT_DEATH(Read(value), "use-after-poison");
}

TEST(StaleViewDeathTest, PayloadNextRecordsEndsString) {
  std::string bytes;
  const auto decoder = DecoderAtCutString(&bytes);
  const absl::string_view value = std::get<StringValue>(decoder->event()).value;
  Read(value);
  EXPECT_TRUE(decoder->NextRecords().empty());
  EXPECT_DEATH(Read(value), "use-after-poison");
}

TEST(StaleViewDeathTest, PayloadFeedEndsString) {
  std::string bytes;
  const auto decoder = DecoderAtCutString(&bytes);
  const absl::string_view value = std::get<StringValue>(decoder->event()).value;
  Read(value);
  decoder->Feed("");
  EXPECT_DEATH(Read(value), "use-after-poison");
}

TEST(StaleViewDeathTest, PayloadFinishEndsString) {
  std::string bytes;
  const auto decoder = DecoderAtCutString(&bytes);
  const absl::string_view value = std::get<StringValue>(decoder->event()).value;
  Read(value);
  EXPECT_EQ(decoder->Finish(), WireError::kTruncatedPayload);
  EXPECT_DEATH(Read(value), "use-after-poison");
}

TEST(StaleViewDeathTest, CommitEndsRoomBehindIt) {
  internal::ByteBuffer buffer;
  const absl::Span<char> room = buffer.Prepare(64);
  std::fill(room.begin(), room.end(), 'x');  // All of it may be written.
  buffer.Commit(64);
  EXPECT_EQ(buffer.bytes().size(), 64u);
  Read(buffer.bytes());
  EXPECT_DEATH(room[64] = 'x', "use-after-poison");
  EXPECT_DEATH(Read(absl::string_view(room.data(), 65)), "use-after-poison");
}

// A stale view must never see new data, even after the buffer was emptied and
// refilled.
TEST(StaleViewDeathTest, StaleViewAbortsAfterRefill) {
  internal::ByteBuffer buffer;
  std::fill_n(buffer.Prepare(64).begin(), 64, 'x');
  buffer.Commit(64);
  const absl::string_view stale = buffer.bytes();
  buffer.Consume(64);
  std::fill_n(buffer.Prepare(64).begin(), 64, 'y');
  buffer.Commit(64);
  EXPECT_DEATH(Read(stale), "use-after-poison");
}

// The allocator gets the memory back without poison.
TEST(StaleViewTest, DestroyedBufferLeavesNoPoison) {
  for (int i = 0; i < 1000; ++i) {
    internal::ByteBuffer buffer;
    buffer.Prepare(4096);
    buffer.Commit(10);
    buffer.Consume(5);
    internal::ByteBuffer other;
    other.Prepare(4096);
    other.Commit(0);
    other = std::move(buffer);
    other.Prepare(10'000);
    other.Commit(1);
  }
}

#endif  // ABSL_HAVE_ADDRESS_SANITIZER

}  // namespace
}  // namespace kevy_replica
