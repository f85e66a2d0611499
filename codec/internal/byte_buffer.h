// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The one input buffer: bytes enter at the end and leave at the front.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_BYTE_BUFFER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_BYTE_BUFFER_H_

#include <cassert>
#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/config.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/require_cpp17.h"
#include "kevy_replica/codec/shared_read_buffer.h"

namespace kevy_replica {
namespace internal {

// A contiguous FIFO of bytes, into which the caller reads directly:
//
//   absl::Span<char> room = buffer.Prepare(1);
//   buffer.Commit(read(fd, room.data(), room.size()));
//   buffer.Consume(Decode(buffer.bytes()));
//
// Its capacity is at most twice the largest sum of held bytes and `min` so far,
// or kMinCapacity. So it follows the received bytes, whatever lengths the peer
// declares. After a while it shrinks again. A byte moves a constant number of
// times on average.
//
// Under AddressSanitizer every byte outside the held ones is poisoned. A view
// of consumed bytes then aborts when it is read. With Memory::kFresh, the
// default there, it aborts even after the buffer was refilled.
//
// Not thread-safe. Movable, not copyable.
class ByteBuffer {
 public:
  static constexpr size_t kMinCapacity = 4096;
  // A larger capacity is freed after kCalm calls of Prepare() in a row that
  // needed at most an eighth of it.
  static constexpr size_t kKeptCapacity = 1 << 20;
  static constexpr int kCalm = 64;

  // Where Prepare() puts the held bytes.
  enum class Memory : uint8_t {
    kReuse,  // At the front of the same memory, if they fit.
    kFresh,  // In new memory: stale views abort, always.
  };

  // Default: Memory::kFresh under AddressSanitizer, else Memory::kReuse.
  ByteBuffer();
  explicit ByteBuffer(Memory memory) : memory_(memory) {}
  ByteBuffer(ByteBuffer&& other) noexcept;
  ByteBuffer& operator=(ByteBuffer&& other) noexcept;
  ~ByteBuffer();

  // Returns all free room behind the held bytes, at least `min` bytes. It is
  // valid until the next non-const call. May move the held bytes. Returns an
  // empty span if the process has no memory for it; the held bytes stay.
  //
  // Precondition: `min` is 1 or more.
  absl::Span<char> Prepare(size_t min) ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The same in the memory of `shared`, from here to GiveBack(). Bytes that
  // outlasted a read (see GiveBack()) stay where they are until one is
  // consumed. Then the room may be less than `min`, and doubles with the bytes
  // that come.
  absl::Span<char> Prepare(size_t min, SharedReadBuffer* shared)
      ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Moves the held bytes to memory of just their size, and returns the memory
  // of `shared`. If bytes came and none was consumed since Prepare(), the next
  // reads go on behind them there. Without memory for it the memory of `shared`
  // stays here; the held bytes may have moved in it.
  void GiveBack(SharedReadBuffer* shared);

  // Makes the first `n` bytes of the room held bytes.
  //
  // Precondition: `n` is at most the room of the last Prepare().
  void Commit(size_t n) {
    assert(n <= capacity_ - end_);
    end_ += n;
    Poison(end_, capacity_);
  }

  // Removes `n` bytes at the front. Precondition: `n` <= size().
  void Consume(size_t n) {
    assert(n <= size());
    Poison(begin_, begin_ + n);
    begin_ += n;
  }

  // The held bytes, valid until the next non-const call.
  absl::string_view bytes() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return absl::string_view(data_.get() + begin_, end_ - begin_);
  }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  size_t capacity() const { return capacity_; }

  // The number of bytes that Prepare() has moved so far.
  uint64_t bytes_moved() const { return bytes_moved_; }

 private:
  // Forbids or allows reads of the bytes [from, to).
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  void Poison(size_t from, size_t to);
  void Unpoison(size_t from, size_t to);
#else
  void Poison(size_t, size_t) {}
  void Unpoison(size_t, size_t) {}
#endif
  bool Outgrown(size_t needed);
  // Takes memory that has room for `needed` bytes. Returns false without.
  bool Take(size_t needed, SharedReadBuffer* shared);
  // Moves the held bytes to the front of other memory. Returns the former.
  BufferMemory MoveTo(BufferMemory memory, size_t capacity);
  // Returns false without memory.
  bool Reallocate(size_t capacity);

  BufferMemory data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t bytes_moved_ = 0;
  int calm_ = 0;
  Memory memory_;
  bool shared_ = false;    // `data_` goes back to a SharedReadBuffer.
  bool outlasts_ = false;  // The element at data_[0] has outlasted a read.
  size_t prepared_ = 0;    // size() at the last Prepare() with a shared buffer.
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_BYTE_BUFFER_H_
