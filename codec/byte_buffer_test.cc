// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/byte_buffer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "absl/base/config.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/shared_read_buffer.h"

namespace kevy_replica {
namespace internal {
namespace {

using Memory = ByteBuffer::Memory;

void Put(absl::string_view bytes, ByteBuffer* buffer) {
  if (bytes.empty()) return;
  const absl::Span<char> room = buffer->Prepare(bytes.size());
  ASSERT_GE(room.size(), bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  buffer->Commit(bytes.size());
}

// Runs with both kinds of memory in every build: the default of
// AddressSanitizer builds, and that of all others.
class ByteBufferTest : public testing::TestWithParam<Memory> {};

INSTANTIATE_TEST_SUITE_P(Both, ByteBufferTest,
                         testing::Values(Memory::kReuse, Memory::kFresh),
                         [](const auto& info) {
                           return info.param == Memory::kReuse ? "Reuse"
                                                               : "Fresh";
                         });

TEST_P(ByteBufferTest, BeginsEmpty) {
  ByteBuffer buffer(GetParam());
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.bytes_moved(), 0u);
  EXPECT_EQ(buffer.bytes(), "");
  buffer.Consume(0);
  EXPECT_TRUE(buffer.empty());
}

TEST_P(ByteBufferTest, ReturnsBytesInOrder) {
  ByteBuffer buffer(GetParam());
  Put("hello ", &buffer);
  Put("world", &buffer);
  EXPECT_EQ(buffer.bytes(), "hello world");
  EXPECT_EQ(buffer.size(), 11u);
  EXPECT_FALSE(buffer.empty());
  buffer.Consume(6);
  EXPECT_EQ(buffer.bytes(), "world");
  buffer.Consume(5);
  EXPECT_TRUE(buffer.empty());
}

TEST_P(ByteBufferTest, CommitOfNothingChangesNothing) {
  ByteBuffer buffer(GetParam());
  Put("hello", &buffer);
  EXPECT_GT(buffer.Prepare(1).size(), 0u);
  buffer.Commit(0);
  EXPECT_EQ(buffer.bytes(), "hello");
}

TEST_P(ByteBufferTest, PrepareAgainKeepsBytes) {
  ByteBuffer buffer(GetParam());
  Put("hello", &buffer);
  buffer.Prepare(1);
  const absl::Span<char> room = buffer.Prepare(100'000);
  ASSERT_GE(room.size(), 100'000u);
  room[0] = '!';
  buffer.Commit(1);
  EXPECT_EQ(buffer.bytes(), "hello!");
}

// The room before and behind the held bytes may be too small even together.
TEST_P(ByteBufferTest, PrepareGivesMinimumBeyondConsumedBytes) {
  for (const size_t min : {3095, 3096, 3097, 3500, 5096, 5097}) {
    SCOPED_TRACE(min);
    ByteBuffer held(GetParam());
    held.Prepare(1);
    ASSERT_EQ(held.capacity(), 4096u);
    held.Commit(3000);
    held.Consume(2000);
    EXPECT_GE(held.Prepare(min).size(), min);
    EXPECT_EQ(held.size(), 1000u);
    // Up to 3096, the bytes move to the front of the same memory.
    EXPECT_EQ(held.capacity(), min <= 3096 && GetParam() == Memory::kReuse
                                   ? 4096u
                                   : 2 * (1000 + min));
    EXPECT_EQ(held.bytes_moved(), 1000u);
  }
}

TEST_P(ByteBufferTest, PrepareOfAllRoomKeepsTheMemory) {
  ByteBuffer buffer(GetParam());
  buffer.Prepare(1);
  buffer.Commit(4000);
  EXPECT_EQ(buffer.Prepare(96).size(), 96u);
  EXPECT_EQ(buffer.capacity(), 4096u);
  EXPECT_GE(buffer.Prepare(97).size(), 97u);
  EXPECT_EQ(buffer.capacity(), 2u * (4000 + 97));
}

// Bytes move to the front only if at least as many were consumed.
TEST_P(ByteBufferTest, PrepareMovesBytesOnceAsManyWereConsumed) {
  for (const size_t consumed : {499, 500, 501}) {
    SCOPED_TRACE(consumed);
    ByteBuffer buffer(GetParam());
    buffer.Prepare(1);
    buffer.Commit(500 + consumed);
    buffer.Consume(consumed);
    buffer.Prepare(1);
    const bool moves = GetParam() == Memory::kReuse && consumed >= 500;
    EXPECT_EQ(buffer.bytes_moved(), moves ? 500u : 0u);
  }
}

// Compares a buffer with a std::string over random steps.
TEST_P(ByteBufferTest, RandomStepsMatchAString) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    ByteBuffer buffer(GetParam());
    std::string model;
    size_t most = 0;
    for (int step = 0; step < 2000; ++step) {
      const size_t min = 1 + random() % (random() % 16 == 0 ? 20'000 : 200);
      const absl::Span<char> room = buffer.Prepare(min);
      ASSERT_GE(room.size(), min);
      most = std::max(most, model.size() + min);
      ASSERT_LE(buffer.capacity(),
                std::max(ByteBuffer::kMinCapacity, 2 * most));
      const size_t n = std::min(room.size(), random() % (min + 10));
      for (size_t i = 0; i < n; ++i) {
        room[i] = static_cast<char>(random());
        model.push_back(room[i]);
      }
      buffer.Commit(n);
      ASSERT_EQ(buffer.bytes(), model);
      const size_t gone =
          random() % 4 == 0 ? model.size() : random() % (model.size() + 1);
      buffer.Consume(gone);
      model.erase(0, gone);
      ASSERT_EQ(buffer.bytes(), model);
    }
  }
}

// A half-received element stays while bytes arrive in small pieces, and readers
// ask for more room than they fill.
TEST_P(ByteBufferTest, MovesABytesAConstantNumberOfTimes) {
  constexpr size_t kBytes = 300'000;
  for (const size_t min : {1, 100, 4096, 65'536}) {
    for (const size_t piece : {1, 7, 1000}) {
      SCOPED_TRACE(min);
      SCOPED_TRACE(piece);
      ByteBuffer buffer(GetParam());
      size_t capacities = 0;
      size_t capacity = 0;
      while (buffer.size() < kBytes) {
        ASSERT_GE(buffer.Prepare(min).size(), min);
        if (buffer.capacity() != capacity) ++capacities;
        capacity = buffer.capacity();
        buffer.Commit(std::min(min, piece));
      }
      EXPECT_LE(buffer.bytes_moved(), 4 * kBytes);
      EXPECT_LE(capacities, 20u);
    }
  }
}

// The same while whole elements leave at the front.
TEST_P(ByteBufferTest, MovesABytesAConstantNumberOfTimesWhileConsuming) {
  constexpr uint64_t kBytes = 3'000'000;
  for (const size_t held : {0, 1, 1000, 2047, 2048, 2049, 4000, 50'000}) {
    for (const size_t min : {1, 100, 2047, 2048, 2049, 10'000}) {
      SCOPED_TRACE(held);
      SCOPED_TRACE(min);
      ByteBuffer buffer(GetParam());
      uint64_t came = 0;
      while (came < kBytes) {
        buffer.Prepare(min);
        const size_t n = std::min<size_t>(min, 50);
        buffer.Commit(n);
        came += n;
        if (buffer.size() > held) buffer.Consume(buffer.size() - held);
      }
      EXPECT_LE(buffer.bytes_moved(), 4 * kBytes);
    }
  }
}

// The memory of one huge element is freed, but kept while huge elements follow
// each other.
TEST_P(ByteBufferTest, FreesMemoryOfAHugeElement) {
  constexpr size_t kHuge = 16 * ByteBuffer::kKeptCapacity;
  ByteBuffer buffer(GetParam());
  Put(std::string(kHuge, 'x'), &buffer);
  const size_t capacity = buffer.capacity();
  Put("kept", &buffer);
  buffer.Consume(kHuge);
  for (int i = 0; i < 3; ++i) {
    // Up to one call before the memory is freed.
    for (int call = 1; call < ByteBuffer::kCalm; ++call) {
      buffer.Prepare(1);
      ASSERT_GE(buffer.capacity(), capacity) << call;
    }
    Put(std::string(kHuge, 'y'), &buffer);
    EXPECT_EQ(buffer.bytes().substr(0, 5), "kepty");
    buffer.Consume(4);
    Put("kept", &buffer);
    buffer.Consume(kHuge);
  }
  for (int call = 0; call <= ByteBuffer::kCalm; ++call) buffer.Prepare(1);
  EXPECT_LE(buffer.capacity(), ByteBuffer::kKeptCapacity);
  EXPECT_EQ(buffer.bytes(), "kept");
}

// The boundaries: an eighth of the capacity, and kCalm calls.
TEST_P(ByteBufferTest, FreesMemoryAtTheDocumentedCallAndSize) {
  constexpr size_t kCapacity = 2 * ByteBuffer::kKeptCapacity;
  for (const size_t more : {0, 1}) {
    SCOPED_TRACE(more);
    ByteBuffer buffer(GetParam());
    buffer.Prepare(kCapacity / 2);
    buffer.Commit(kCapacity / 8 - 10);
    ASSERT_EQ(buffer.capacity(), kCapacity);
    for (int call = 1; call < ByteBuffer::kCalm; ++call) {
      buffer.Prepare(10 + more);
      ASSERT_EQ(buffer.capacity(), kCapacity) << call;
    }
    buffer.Prepare(10 + more);
    EXPECT_EQ(buffer.capacity(), more == 0 ? kCapacity / 4 : kCapacity);
    EXPECT_EQ(buffer.size(), kCapacity / 8 - 10);
  }
  ByteBuffer kept(GetParam());
  kept.Prepare(ByteBuffer::kKeptCapacity / 2);
  ASSERT_EQ(kept.capacity(), ByteBuffer::kKeptCapacity);
  for (int call = 0; call <= ByteBuffer::kCalm; ++call) kept.Prepare(1);
  EXPECT_EQ(kept.capacity(), ByteBuffer::kKeptCapacity);
}

// Memory that was freed in part is freed further only after kCalm calls more.
TEST_P(ByteBufferTest, FreedMemoryStartsANewCount) {
  constexpr size_t kCapacity = 16 * ByteBuffer::kKeptCapacity;
  ByteBuffer buffer(GetParam());
  buffer.Prepare(kCapacity / 2);
  ASSERT_EQ(buffer.capacity(), kCapacity);
  for (int call = 1; call <= ByteBuffer::kCalm; ++call) {
    buffer.Prepare(kCapacity / 8);
  }
  ASSERT_EQ(buffer.capacity(), kCapacity / 4);
  for (int call = 1; call < ByteBuffer::kCalm; ++call) {
    buffer.Prepare(1);
    ASSERT_EQ(buffer.capacity(), kCapacity / 4) << call;
  }
  buffer.Prepare(1);
  EXPECT_EQ(buffer.capacity(), ByteBuffer::kMinCapacity);
}

TEST_P(ByteBufferTest, KeepsASmallCapacity) {
  ByteBuffer buffer(GetParam());
  Put(std::string(ByteBuffer::kKeptCapacity / 2, 'x'), &buffer);
  buffer.Consume(buffer.size());
  const size_t capacity = buffer.capacity();
  for (int call = 0; call < 10 * ByteBuffer::kCalm; ++call) buffer.Prepare(1);
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST_P(ByteBufferTest, MovingKeepsBytesInPlace) {
  ByteBuffer from(GetParam());
  Put("hello", &from);
  const char* const data = from.bytes().data();
  ByteBuffer to = std::move(from);
  EXPECT_EQ(to.bytes(), "hello");
  EXPECT_EQ(to.bytes().data(), data);
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(from.capacity(), 0u);
  Put("again", &from);
  EXPECT_EQ(from.bytes(), "again");
  from = std::move(to);
  EXPECT_EQ(from.bytes(), "hello");
  EXPECT_EQ(from.bytes().data(), data);
  EXPECT_TRUE(to.empty());  // NOLINT(bugprone-use-after-move)
  Put("!", &from);
  EXPECT_EQ(from.bytes(), "hello!");
  ByteBuffer& same = from;
  from = std::move(same);
  EXPECT_EQ(from.bytes(), "hello!");
}

TEST_P(ByteBufferTest, MovingKeepsTheMemoryPolicy) {
  const auto reuses = [](ByteBuffer* buffer) {
    buffer->Consume(buffer->size());
    Put(std::string(3000, 'x'), buffer);
    buffer->Consume(3000);
    const size_t capacity = buffer->capacity();
    const char* const data = buffer->bytes().data() - 3000;
    Put(std::string(3000, 'y'), buffer);
    return buffer->capacity() == capacity && buffer->bytes().data() == data;
  };
  const bool expected = GetParam() == Memory::kReuse;
  ByteBuffer from(GetParam());
  EXPECT_EQ(reuses(&from), expected);
  ByteBuffer made = std::move(from);
  EXPECT_EQ(reuses(&made), expected);
  ByteBuffer assigned(expected ? Memory::kFresh : Memory::kReuse);
  assigned = std::move(made);
  EXPECT_EQ(reuses(&assigned), expected);
}

TEST_P(ByteBufferTest, GiveBackLeavesHeldBytesAlone) {
  SharedReadBuffer shared;
  ByteBuffer buffer(GetParam());
  buffer.GiveBack(&shared);
  EXPECT_EQ(buffer.capacity(), 0u);
  const absl::Span<char> room = buffer.Prepare(5000, &shared);
  ASSERT_GE(room.size(), 5000u);
  EXPECT_EQ(buffer.capacity(), 10'000u);
  std::fill_n(room.begin(), 5000, 'x');
  buffer.Commit(5000);
  buffer.Consume(4990);
  buffer.GiveBack(&shared);
  EXPECT_EQ(buffer.bytes(), "xxxxxxxxxx");
  EXPECT_EQ(buffer.capacity(), 10u);
  // Fresh memory never comes back.
  EXPECT_EQ(shared.memory_bytes(), GetParam() == Memory::kReuse ? 10'000u : 0u);
  const char* const held = buffer.bytes().data();
  buffer.GiveBack(&shared);
  EXPECT_EQ(buffer.bytes().data(), held);

  EXPECT_GE(buffer.Prepare(5000, &shared).size(), 5000u);
  EXPECT_EQ(buffer.bytes(), "xxxxxxxxxx");
  EXPECT_EQ(shared.memory_bytes(), 0u);
  buffer.Consume(10);
  buffer.GiveBack(&shared);
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_TRUE(buffer.empty());
}

// The held bytes outlasted a read: they grow where they are, by doubling.
TEST_P(ByteBufferTest, BytesThatOutlastAReadStayUntilConsumed) {
  constexpr size_t kMin = 50'000;
  SharedReadBuffer shared;
  ByteBuffer buffer(GetParam());
  std::string model;
  const auto put = [&](char c, size_t n) {
    const absl::Span<char> room = buffer.Prepare(kMin, &shared);
    n = std::min(n, room.size());
    std::fill_n(room.begin(), n, c);
    buffer.Commit(n);
    model.append(n, c);
    ASSERT_EQ(buffer.bytes(), model);
  };
  put('a', 100);
  EXPECT_EQ(buffer.capacity(), 2 * kMin);
  buffer.GiveBack(&shared);
  for (int read = 0; read < 10; ++read) {
    put('b', kMin);
    EXPECT_LE(buffer.capacity(), 2 * buffer.size() + 2 * 1024);
    const char* const held = buffer.bytes().data();
    buffer.GiveBack(&shared);
    EXPECT_EQ(buffer.bytes().data(), held);
  }
  EXPECT_GE(buffer.size(), kMin);
  buffer.Consume(model.size() - 7);
  model.erase(0, model.size() - 7);
  buffer.GiveBack(&shared);
  EXPECT_EQ(buffer.capacity(), 7u);
  put('c', kMin);
  EXPECT_EQ(buffer.size(), 7 + kMin);
}

// Compares two buffers that share memory with strings over random steps.
TEST_P(ByteBufferTest, RandomTurnsMatchStrings) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    SharedReadBuffer shared;
    ByteBuffer buffers[] = {ByteBuffer(GetParam()), ByteBuffer(GetParam())};
    std::string models[2];
    for (int step = 0; step < 2000; ++step) {
      const size_t which = random() % 2;
      ByteBuffer& buffer = buffers[which];
      std::string& model = models[which];
      const size_t min = 1 + random() % (random() % 16 == 0 ? 20'000 : 200);
      const absl::Span<char> room = random() % 16 == 0
                                        ? buffer.Prepare(min)
                                        : buffer.Prepare(min, &shared);
      ASSERT_GE(room.size(), 1u);
      const size_t n = std::min(room.size(), random() % (min + 10));
      for (size_t i = 0; i < n; ++i) {
        room[i] = static_cast<char>(random());
        model.push_back(room[i]);
      }
      buffer.Commit(n);
      ASSERT_EQ(buffer.bytes(), model);
      const size_t gone =
          random() % 4 == 0 ? model.size() : random() % (model.size() + 1);
      if (random() % 4 != 0) {
        buffer.Consume(gone);
        model.erase(0, gone);
      }
      if (random() % 4 != 0) buffer.GiveBack(&shared);
      ASSERT_EQ(buffer.bytes(), model);
      if (random() % 64 == 0) {
        ByteBuffer moved = std::move(buffer);
        ASSERT_EQ(moved.bytes(), model);
        buffer = std::move(moved);
      }
    }
  }
}

#if !defined(ABSL_HAVE_ADDRESS_SANITIZER) && \
    !defined(ABSL_HAVE_MEMORY_SANITIZER) &&  \
    !defined(ABSL_HAVE_THREAD_SANITIZER)
// (A sanitizer's allocator aborts instead.)
TEST_P(ByteBufferTest, LackOfMemoryKeepsHeldBytes) {
  ByteBuffer buffer(GetParam());
  Put("abcde", &buffer);
  buffer.Consume(2);
  // More than an address space has.
  EXPECT_TRUE(buffer.Prepare(size_t{1} << 60).empty());
  EXPECT_EQ(buffer.bytes(), "cde");
  Put(std::string(5000, 'f'), &buffer);
  EXPECT_EQ(buffer.bytes(), "cde" + std::string(5000, 'f'));
  SharedReadBuffer shared;
  EXPECT_TRUE(buffer.Prepare(size_t{1} << 60, &shared).empty());
  EXPECT_EQ(buffer.bytes(), "cde" + std::string(5000, 'f'));
  EXPECT_GE(buffer.Prepare(10'000, &shared).size(), 10'000u);
  EXPECT_TRUE(buffer.Prepare(size_t{1} << 60, &shared).empty());
  EXPECT_EQ(buffer.bytes(), "cde" + std::string(5000, 'f'));
}
#endif

}  // namespace
}  // namespace internal
}  // namespace kevy_replica
