// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/shared_read_buffer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/element_text.h"
#include "kevy_replica/codec/testing/test_access.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::DecodeRun;
using ::kevy_replica::codec_testing::ElementText;
using ::kevy_replica::codec_testing::RunStream;
using ::kevy_replica::codec_testing::StreamStart;
using ::kevy_replica::codec_testing::TestAccess;
using ::kevy_replica::codec_testing::Whole;

using Memory = internal::ByteBuffer::Memory;

constexpr size_t kRead = 4096;

// A decoder that reuses memory in every build, and the stream that it reads.
class Reader {
 public:
  explicit Reader(std::string stream)
      : stream_(std::move(stream)), rest_(stream_) {
    TestAccess::UseMemory(Memory::kReuse, &decoder_);
  }

  // Reads at most `most` bytes, and decodes them. Returns the bytes read.
  size_t Read(size_t most, SharedReadBuffer* shared) {
    const absl::Span<char> room = decoder_.Prepare(kRead, shared);
    const size_t n = std::min({most, room.size(), rest_.size()});
    std::copy_n(rest_.data(), n, room.data());
    decoder_.Commit(n);
    rest_.remove_prefix(n);
    while (decoder_.Next() == Outcome::kDone) {
      elements_.push_back(ElementText(decoder_.event()));
    }
    return n;
  }

  bool at_end() const { return rest_.empty(); }
  StreamDecoder& decoder() { return decoder_; }
  const std::vector<std::string>& elements() const { return elements_; }
  // The elements of the same stream, decoded whole.
  std::vector<std::string> Expected() const {
    return RunStream(stream_, Limits(), StreamStart::kElements, Whole())
        .elements;
  }

 private:
  const std::string stream_;
  absl::string_view rest_;
  StreamDecoder decoder_;
  std::vector<std::string> elements_;
};

std::string Frame(uint64_t offset, size_t value_size) {
  const std::string value(value_size, static_cast<char>('a' + offset % 26));
  std::string bytes;
  EXPECT_EQ(AppendFrame(offset, {"SET", "key", value}, &bytes),
            WireError::kNone);
  return bytes;
}

// Frames, heartbeats and snapshots, with values of up to `most` bytes.
std::string Mixed(size_t elements, size_t most, std::mt19937_64* random) {
  std::string bytes;
  for (uint64_t i = 0; i < elements; ++i) {
    switch ((*random)() % 8) {
      case 0:
        EXPECT_EQ(Append(Heartbeat{7, i}, &bytes), WireError::kNone);
        break;
      case 1:
        EXPECT_EQ(Append(SnapshotBegin(), &bytes), WireError::kNone);
        for (int chunk = 0; chunk < 3; ++chunk) {
          const std::string part(
              std::min<size_t>((*random)() % most, kMaxChunkBytes), 'p');
          EXPECT_EQ(Append(SnapshotChunk{part}, &bytes), WireError::kNone);
        }
        EXPECT_EQ(Append(SnapshotEnd{i}, &bytes), WireError::kNone);
        break;
      default:
        bytes += Frame(i, (*random)() % most);
    }
  }
  return bytes;
}

// Many decoders in random turns, each of which leaves a cut element. Some give
// the buffer back late, or never.
TEST(SharedReadBufferTest, InterleavedDecodersKeepTheirCutElements) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    SharedReadBuffer shared;
    std::vector<std::unique_ptr<Reader>> readers;
    for (int i = 0; i < 10; ++i) {
      const size_t most = i % 3 == 0 ? 20'000 : 200;
      readers.push_back(std::make_unique<Reader>(Mixed(60, most, &random)));
    }
    size_t left = readers.size();
    for (int turn = 0; left != 0; ++turn) {
      ASSERT_LT(turn, 1'000'000);
      Reader& reader = *readers[random() % readers.size()];
      if (reader.at_end()) continue;
      reader.Read(1 + random() % (random() % 4 == 0 ? 6000 : 50), &shared);
      if (reader.at_end()) --left;
      TestAccess::CheckInvariants(reader.decoder());
      if (random() % 8 != 0) reader.decoder().GiveBack(&shared);
      TestAccess::CheckInvariants(reader.decoder());
    }
    for (const auto& reader : readers) {
      EXPECT_EQ(reader->elements(), reader->Expected());
      EXPECT_TRUE(reader->decoder().at_boundary());
    }
  }
}

// Two decoders in turn, with each cut of an element of each kind.
TEST(SharedReadBufferTest, ElementCutAtAnyByteContinues) {
  const std::string stream =
      absl::StrCat(Frame(8, 20), "+SNAPSHOT\r\n", "+PING 7 9\r\n",
                   "$20\r\n01234567890123456789\r\n", "+SNAPSHOT_END 5\r\n",
                   "*2\r\n:+5\r\n");
  const DecodeRun expected =
      RunStream(stream, Limits(), StreamStart::kElements, Whole());
  ASSERT_EQ(expected.elements.size(), 5u);
  ASSERT_EQ(expected.error, WireError::kBadOffset);
  for (size_t cut = 1; cut < stream.size(); ++cut) {
    SCOPED_TRACE(cut);
    SharedReadBuffer shared;
    Reader one(stream);
    Reader two(std::string(kRead, '*'));
    one.Read(cut, &shared);
    one.decoder().GiveBack(&shared);
    two.Read(kRead, &shared);
    two.decoder().GiveBack(&shared);
    one.Read(kRead, &shared);
    EXPECT_EQ(one.elements(), expected.elements);
    EXPECT_EQ(one.decoder().error(), WireError::kBadOffset);
    EXPECT_EQ(one.decoder().bytes_decoded(), expected.bytes_decoded);
    EXPECT_EQ(two.decoder().error(), WireError::kBadEnvelope);
  }
}

// After GiveBack() a decoder owns the cut element's bytes, and those alone.
TEST(SharedReadBufferTest, DecoderOwnsTheCutElementOnly) {
  const std::string frames = Frame(8, 1000) + Frame(9, 1000);
  const size_t size = frames.size() / 2;
  for (size_t cut = 1; cut <= frames.size(); ++cut) {
    SharedReadBuffer shared;
    Reader reader(frames);
    reader.Read(cut, &shared);
    EXPECT_EQ(shared.memory_bytes(), 0u);
    ASSERT_GE(reader.decoder().memory_bytes(), 2 * kRead);
    reader.decoder().GiveBack(&shared);
    EXPECT_EQ(shared.memory_bytes(), 2 * kRead);
    // Beside arguments, of which a frame of three has 1 KiB of places at most.
    ASSERT_GE(reader.decoder().memory_bytes(), cut % size);
    ASSERT_LE(reader.decoder().memory_bytes(), cut % size + 1024) << cut;
  }
}

// An element that is longer than a read grows in memory of its own, which goes
// when it ends.
TEST(SharedReadBufferTest, MemoryOfALongElementFollowsItsBytes) {
  SharedReadBuffer shared;
  Reader reader(Frame(8, 1'000'000) + Frame(9, 100'000) + Frame(10, 10));
  while (!reader.at_end()) {
    reader.Read(1500, &shared);
    reader.decoder().GiveBack(&shared);
    const size_t held = reader.decoder().cut().held;
    ASSERT_LE(reader.decoder().memory_bytes(), 3 * held + 4096 + 1024);
    ASSERT_LE(shared.memory_bytes(), SharedReadBuffer::kKeptCapacity);
  }
  EXPECT_EQ(reader.elements().size(), 3u);
  EXPECT_LE(reader.decoder().memory_bytes(), 1024u);
}

// A decoder that is read alone may keep the buffer, and then copies as one with
// memory of its own.
TEST(SharedReadBufferTest, WithoutGiveBackItCopiesAsWithout) {
  std::string stream;
  for (uint64_t offset = 0; offset < 1000; ++offset)
    stream += Frame(offset, 99);
  SharedReadBuffer shared;
  Reader sharing(stream);
  Reader alone(stream);
  while (!alone.at_end()) {
    sharing.Read(kRead, &shared);
    alone.Read(kRead, nullptr);
  }
  EXPECT_EQ(sharing.elements(), alone.elements());
  EXPECT_EQ(sharing.decoder().bytes_moved(), alone.decoder().bytes_moved());
}

// Each byte of an element moves a constant number of times, whatever comes with
// a read. (A hostile peer sends one byte at a time.)
TEST(SharedReadBufferTest, EachByteMovesAConstantNumberOfTimes) {
  const std::string stream = Frame(8, 50'000) + Frame(9, 50'000);
  for (const size_t piece : {1, 7, 1000, 4000, 30'000}) {
    SCOPED_TRACE(piece);
    SharedReadBuffer shared;
    Reader reader(stream);
    while (!reader.at_end()) {
      reader.Read(piece, &shared);
      reader.decoder().GiveBack(&shared);
      reader.Read(0, &shared);  // The socket is empty.
      reader.decoder().GiveBack(&shared);
    }
    EXPECT_EQ(reader.elements().size(), 2u);
    EXPECT_LE(reader.decoder().bytes_moved(), 5 * stream.size());
  }
}

// A read without bytes is no sign of a long element: the next one has the whole
// room again.
TEST(SharedReadBufferTest, EmptyReadLeavesTheRoomWhole) {
  SharedReadBuffer shared;
  Reader reader(Frame(8, 100) + Frame(9, 100));
  reader.Read(180, &shared);
  for (int i = 0; i < 3; ++i) {
    reader.decoder().GiveBack(&shared);
    reader.Read(0, &shared);
  }
  reader.decoder().GiveBack(&shared);
  EXPECT_GE(reader.decoder().Prepare(kRead, &shared).size(), kRead);
}

// Frames that wait in the decoder stay right when their bytes move.
TEST(SharedReadBufferTest, GiveBackKeepsUndecodedElements) {
  std::string stream;
  for (uint64_t offset = 0; offset < 40; ++offset) stream += Frame(offset, 9);
  SharedReadBuffer shared;
  StreamDecoder decoder;
  const absl::Span<char> room = decoder.Prepare(stream.size(), &shared);
  std::copy(stream.begin(), stream.end(), room.begin());
  decoder.Commit(stream.size());
  uint64_t offset = 0;
  while (true) {
    const absl::Span<const FrameView> frames = decoder.NextFrames(3);
    if (frames.empty()) break;
    for (const FrameView& frame : frames) {
      EXPECT_EQ(frame.offset(), offset);
      EXPECT_EQ(frame.argv()[2],
                std::string(9, static_cast<char>('a' + offset % 26)));
      ++offset;
    }
    decoder.GiveBack(&shared);
    TestAccess::CheckInvariants(decoder);
  }
  EXPECT_EQ(offset, 40u);
}

// Arguments of an earlier frame are freed, those of a cut one are kept.
TEST(SharedReadBufferTest, GiveBackFreesMemoryOfManyArguments) {
  const std::vector<absl::string_view> argv(3000, "v");
  std::string frame;
  ASSERT_EQ(AppendFrame(8, argv, &frame), WireError::kNone);
  for (const size_t more : {size_t{0}, frame.size() / 2}) {
    SharedReadBuffer shared;
    StreamDecoder decoder;
    const std::string bytes = frame + frame.substr(0, more);
    const absl::Span<char> room = decoder.Prepare(2 * frame.size(), &shared);
    std::copy(bytes.begin(), bytes.end(), room.begin());
    decoder.Commit(bytes.size());
    ASSERT_EQ(decoder.Next(), Outcome::kDone);
    ASSERT_EQ(decoder.Next(), Outcome::kNeedMore);
    decoder.GiveBack(&shared);
    TestAccess::CheckInvariants(decoder);
    EXPECT_LE(decoder.memory_bytes(), more + 1500 * 16u) << more;
    const absl::string_view rest =
        absl::string_view(frame).substr(more, frame.size() - more);
    const absl::Span<char> rest_room = decoder.Prepare(rest.size(), &shared);
    ASSERT_GE(rest_room.size(), rest.size());
    std::copy(rest.begin(), rest.end(), rest_room.begin());
    decoder.Commit(rest.size());
    ASSERT_EQ(decoder.Next(), Outcome::kDone);
    EXPECT_EQ(std::get<FrameView>(decoder.event()).argv().size(), 3000u);
  }
}

// The buffer and its decoders may be destroyed in any order, and a decoder may
// move while it holds the memory.
TEST(SharedReadBufferTest, OwnersEndInAnyOrder) {
  auto shared = std::make_unique<SharedReadBuffer>();
  StreamDecoder first;
  TestAccess::UseMemory(Memory::kReuse, &first);
  const std::string frame = Frame(8, 10);
  const absl::Span<char> room = first.Prepare(kRead, shared.get());
  std::copy(frame.begin(), frame.end(), room.begin());
  first.Commit(frame.size());
  StreamDecoder second = std::move(first);
  ASSERT_EQ(second.Next(), Outcome::kDone);
  second.GiveBack(shared.get());
  EXPECT_EQ(shared->memory_bytes(), 2 * kRead);
  {
    StreamDecoder().Prepare(kRead, shared.get());
  }
  EXPECT_EQ(shared->memory_bytes(), 0u);  // It went with that decoder.
  second.Prepare(kRead, shared.get());
  shared.reset();
  EXPECT_GE(second.Prepare(kRead).size(), kRead);
}

// A long element's memory does not stay in the buffer.
TEST(SharedReadBufferTest, KeepsNoLargeMemory) {
  SharedReadBuffer shared;
  Reader reader(Frame(8, 10));
  reader.decoder().Prepare(SharedReadBuffer::kKeptCapacity, &shared);
  reader.decoder().GiveBack(&shared);
  EXPECT_EQ(shared.memory_bytes(), 0u);
  reader.decoder().Prepare(SharedReadBuffer::kKeptCapacity / 2, &shared);
  reader.decoder().GiveBack(&shared);
  EXPECT_EQ(shared.memory_bytes(), SharedReadBuffer::kKeptCapacity);
}

// cut() tells how many bytes an element lacks at least: exactly, once its last
// length was read.
TEST(SharedReadBufferTest, CutTellsHeldAndMissingBytes) {
  const std::string frame = Frame(8, 500);
  StreamDecoder decoder;
  EXPECT_EQ(decoder.cut().held, 0u);
  EXPECT_EQ(decoder.cut().missing, 0u);
  for (size_t size = 1; size < frame.size(); ++size) {
    decoder.Feed(frame.substr(size - 1, 1));
    ASSERT_EQ(decoder.Next(), Outcome::kNeedMore);
    EXPECT_EQ(decoder.cut().held, size);
    const size_t missing = frame.size() - size;
    if (missing <= 502) {
      EXPECT_EQ(decoder.cut().missing, missing);
    } else {
      EXPECT_GE(decoder.cut().missing, 1u);
      EXPECT_LT(decoder.cut().missing, missing);
    }
  }
  decoder.Feed("\n+SNAPSHOT\r\n$500\r\n0123");
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  ASSERT_EQ(decoder.Next(), Outcome::kNeedMore);
  EXPECT_EQ(decoder.cut().held, 10u);
  EXPECT_EQ(decoder.cut().missing, 498u);
}

TEST(SharedReadBufferTest, ReadsWithoutBytesCopyNothing) {
  const std::string stream = Frame(8, 100) + Frame(9, 500'000);
  SharedReadBuffer shared;
  Reader reader(stream);
  reader.decoder().Prepare(512 << 10, &shared);
  reader.Read(400'000, &shared);
  reader.decoder().GiveBack(&shared);
  const uint64_t moved = reader.decoder().bytes_moved();
  for (int i = 0; i < 100; ++i) {
    reader.Read(0, &shared);
    reader.decoder().GiveBack(&shared);
  }
  // Once each way, and once to grow.
  EXPECT_LE(reader.decoder().bytes_moved() - moved, 3 * stream.size());
  reader.Read(stream.size(), &shared);
  while (!reader.at_end()) reader.Read(stream.size(), &shared);
  EXPECT_EQ(reader.elements(), reader.Expected());
}

}  // namespace
}  // namespace kevy_replica
