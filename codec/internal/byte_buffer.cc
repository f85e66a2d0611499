// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/byte_buffer.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/base/config.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace kevy_replica {
namespace internal {

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
// Stale views must abort, so bytes never move into memory that one points to.
constexpr ByteBuffer::Memory kDefaultMemory = ByteBuffer::Memory::kFresh;
void ByteBuffer::Poison(size_t from, size_t to) {
  __asan_poison_memory_region(data_.get() + from, to - from);
}
void ByteBuffer::Unpoison(size_t from, size_t to) {
  __asan_unpoison_memory_region(data_.get() + from, to - from);
}
#else
constexpr ByteBuffer::Memory kDefaultMemory = ByteBuffer::Memory::kReuse;
#endif

namespace {

// Null without memory.
BufferMemory Allocate(size_t capacity) {
  return BufferMemory(static_cast<char*>(std::malloc(capacity)));
}

}  // namespace

ByteBuffer::ByteBuffer() : ByteBuffer(kDefaultMemory) {}

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : data_(std::move(other.data_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)),
      bytes_moved_(std::exchange(other.bytes_moved_, 0)),
      calm_(other.calm_),
      memory_(other.memory_),
      shared_(std::exchange(other.shared_, false)),
      outlasts_(std::exchange(other.outlasts_, false)),
      prepared_(other.prepared_) {}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
  if (this != &other) {
    Unpoison(0, capacity_);
    data_ = std::move(other.data_);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    bytes_moved_ = std::exchange(other.bytes_moved_, 0);
    calm_ = other.calm_;
    memory_ = other.memory_;
    shared_ = std::exchange(other.shared_, false);
    outlasts_ = std::exchange(other.outlasts_, false);
    prepared_ = other.prepared_;
  }
  return *this;
}

// The allocator may reuse the memory, and expects it without poison.
ByteBuffer::~ByteBuffer() { Unpoison(0, capacity_); }

absl::Span<char> ByteBuffer::Prepare(size_t min) {
  const size_t size = end_ - begin_;
  const size_t wanted = std::max(2 * (size + min), kMinCapacity);
  if (Outgrown(size + min) && Reallocate(wanted)) {
    // The rest of the memory is free. Without memory for this, the old memory
    // stays in use.
  } else if (size <= begin_ && begin_ != 0 && capacity_ - size >= min &&
             memory_ == Memory::kReuse) {
    // At most as many bytes move as were consumed since the last move, so the
    // work is linear. Done at once, not only when the room is short: the bytes
    // stay in the cache, 1.4 times as fast (Pieces/next_frames/4096/value64k).
    if (size != 0) {
      Unpoison(0, size);
      std::memmove(data_.get(), data_.get() + begin_, size);
    }
    bytes_moved_ += size;
    begin_ = 0;
    end_ = size;
  } else if (capacity_ - end_ < min) {
    // Twice the need: a reader that asks for much and gets little would
    // otherwise move all bytes at each call.
    if (!Reallocate(wanted)) return {};
  }
  Unpoison(end_, capacity_);
  return absl::Span<char>(data_.get() + end_, capacity_ - end_);
}

absl::Span<char> ByteBuffer::Prepare(size_t min, SharedReadBuffer* shared) {
  if (outlasts_ && begin_ == 0) {
    return Prepare(std::min(min, kMinCapacity / 4));
  }
  if (!shared_ && !Take(size() + min, shared)) return {};
  prepared_ = size();
  return Prepare(min);
}

bool ByteBuffer::Take(size_t needed, SharedReadBuffer* shared) {
  if (shared->capacity_ < needed) {
    const size_t larger = std::max(2 * needed, kMinCapacity);
    BufferMemory memory = Allocate(larger);
    if (memory == nullptr) return false;
    shared->memory_ = std::move(memory);
    shared->capacity_ = larger;
  }
  BufferMemory memory = std::move(shared->memory_);
  const size_t capacity = std::exchange(shared->capacity_, 0);
  MoveTo(std::move(memory), capacity);
  shared_ = true;
  outlasts_ = false;
  return true;
}

void ByteBuffer::GiveBack(SharedReadBuffer* shared) {
  // Memory of its own holds a cut element, and that alone.
  if (!shared_ && begin_ == 0) return;
  const size_t size = end_ - begin_;
  const size_t capacity = capacity_;
  if (shared_ && size > SharedReadBuffer::kKeptCapacity &&
      memory_ == Memory::kReuse) {
    // `shared` would not keep this memory: it shrinks in place, without a copy.
    if (!Reallocate(size)) return;
    shared_ = false;
    outlasts_ = true;
    return;
  }
  BufferMemory own;
  if (size != 0) {
    own = Allocate(size);
    if (own == nullptr) return;
  }
  // Another way through the shared memory would copy its bytes once more, also
  // behind a read that brings none. So few bytes may go that way again.
  outlasts_ = begin_ == 0 && (size > prepared_ || size >= kMinCapacity);
  BufferMemory former = MoveTo(std::move(own), size);
  if (std::exchange(shared_, false) && memory_ == Memory::kReuse &&
      capacity <= SharedReadBuffer::kKeptCapacity) {
    shared->memory_ = std::move(former);
    shared->capacity_ = capacity;
  }
}

// Whether the capacity has been far above `needed` for kCalm calls: one huge
// element has come and gone. The delay keeps the memory while huge elements
// follow each other.
bool ByteBuffer::Outgrown(size_t needed) {
  if (capacity_ <= kKeptCapacity || needed > capacity_ / 8) {
    calm_ = 0;
    return false;
  }
  if (++calm_ < kCalm) return false;
  calm_ = 0;
  return true;
}

bool ByteBuffer::Reallocate(size_t capacity) {
  if (memory_ == Memory::kFresh) {
    BufferMemory fresh = Allocate(capacity);
    if (fresh == nullptr) return false;
    MoveTo(std::move(fresh), capacity);
    return true;
  }
  const size_t size = end_ - begin_;
  Unpoison(0, capacity_);
  if (begin_ != 0) std::memmove(data_.get(), data_.get() + begin_, size);
  begin_ = 0;
  end_ = size;
  auto* const data = static_cast<char*>(std::realloc(data_.get(), capacity));
  if (data == nullptr) {  // The old memory is as it was.
    Poison(end_, capacity_);
    return false;
  }
  static_cast<void>(data_.release());
  data_.reset(data);
  bytes_moved_ += size;
  capacity_ = capacity;
  return true;
}

BufferMemory ByteBuffer::MoveTo(BufferMemory memory, size_t capacity) {
  const size_t size = end_ - begin_;
  Unpoison(0, capacity_);
  if (size != 0) std::memcpy(memory.get(), data_.get() + begin_, size);
  data_.swap(memory);
  bytes_moved_ += size;
  capacity_ = capacity;
  begin_ = 0;
  end_ = size;
  Poison(end_, capacity_);
  return memory;
}

}  // namespace internal
}  // namespace kevy_replica
