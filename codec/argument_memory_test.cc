// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Frames view their arguments' places, in memory that grows while they are
// decoded. An allocator may give the same memory again and again, as this one
// does: it has two places for arrays, which take turns.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace {

constexpr size_t kPlaceBytes = 1 << 16;
alignas(std::max_align_t) char places[2][kPlaceBytes];
bool taken[2] = {false, false};
bool enabled = false;  // For nothrow forms, as of the codec's arrays.
int given = 0;

void Free(void* memory) {
  for (int i = 0; i < 2; ++i) {
    if (memory == places[i]) {
      taken[i] = false;
      std::memset(memory, 0, kPlaceBytes);  // Stale views see empty arguments.
      return;
    }
  }
  std::free(memory);
}

void* Allocate(size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new[](size_t size) { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  for (int i = 0; enabled && i < 2; ++i) {
    if (taken[i] || size > kPlaceBytes) continue;
    taken[i] = true;
    ++given;
    return places[i];
  }
  return Allocate(size);
}
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete[](void* memory, size_t) noexcept { Free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  Free(memory);
}

namespace kevy_replica {
namespace {

// A frame of `argc` arguments, each of another size than its neighbour, so that
// it is not compared with the frame before it.
std::string Frame(uint64_t offset, size_t argc) {
  std::vector<std::string> argv;
  for (size_t i = 0; i < argc; ++i) {
    argv.emplace_back((offset * 7 + i * 5) % 11, 'v');
  }
  std::string bytes;
  EXPECT_EQ(
      AppendFrame(offset,
                  std::vector<absl::string_view>(argv.begin(), argv.end()),
                  &bytes),
      WireError::kNone);
  return bytes;
}

TEST(ArgumentMemoryTest, MemoryThatMovesBackKeepsFramesRight) {
  for (size_t first = 1; first <= 40; ++first) {
    SCOPED_TRACE(first);
    enabled = true;
    given = 0;
    StreamDecoder decoder;
    decoder.Feed(Frame(7, first));
    ASSERT_EQ(decoder.NextFrames().size(), 1u);
    std::string stream;
    size_t arguments = 0;
    for (uint64_t offset = 8; offset < 40; ++offset) {
      const size_t argc = 1 + offset * 13 % 20;
      arguments += argc;
      stream += Frame(offset, argc);
    }
    decoder.Feed(stream);
    const absl::Span<const FrameView> frames = decoder.NextFrames();
    enabled = false;
    ASSERT_EQ(frames.size(), 32u);
    std::string again;
    size_t seen = 0;
    for (const FrameView& frame : frames) {
      seen += frame.argv().size();
      std::vector<absl::string_view> argv;
      for (const absl::string_view arg : frame.argv()) argv.push_back(arg);
      ASSERT_EQ(AppendFrame(frame.offset(), argv, &again), WireError::kNone);
    }
    EXPECT_EQ(seen, arguments);
    EXPECT_EQ(again, stream);
    EXPECT_GE(given, 3) << "the memory did not move twice";
  }
}

}  // namespace
}  // namespace kevy_replica
