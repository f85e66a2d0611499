// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The one input buffer: bytes go in at the end, and are taken off the front.

#ifndef KEVY_REPLICA_CODEC_BYTE_BUFFER_H_
#define KEVY_REPLICA_CODEC_BYTE_BUFFER_H_

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "absl/base/attributes.h"
#include "absl/base/config.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/require_cpp17.h"

namespace kevy_replica {

// A contiguous FIFO of bytes that the caller reads straight into:
//
//   absl::Span<char> room = buffer.Prepare(1);
//   buffer.Commit(read(fd, room.data(), room.size()));
//   buffer.Consume(Decode(buffer.bytes()));
//
// Its capacity is at most twice the most that bytes held and `min` asked for
// were together (or kMinCapacity): it follows what has arrived, never what a
// peer declares, and after a while it shrinks again. A byte is moved a constant
// number of times on average.
//
// Under AddressSanitizer every byte that is not held is poisoned, so that a
// view of consumed bytes aborts when it is read. With Memory::kFresh, the
// default there, it aborts even after the buffer was refilled.
//
// Not thread-safe. Movable, not copyable.
class ByteBuffer {
 public:
  static constexpr size_t kMinCapacity = 4096;
  // A larger capacity is given back after kCalm calls of Prepare() in a row
  // that would have done with an eighth of it.
  static constexpr size_t kKeptCapacity = 1 << 20;
  static constexpr int kCalm = 64;

  // Where Prepare() puts the bytes held.
  enum class Memory : uint8_t {
    kReuse,  // At the front of the same memory, if they fit.
    kFresh,  // In newly allocated memory: a stale view never sees new bytes.
  };

  // Default: Memory::kFresh under AddressSanitizer, else Memory::kReuse.
  ByteBuffer();
  explicit ByteBuffer(Memory memory) : memory_(memory) {}
  ByteBuffer(ByteBuffer&& other) noexcept;
  ByteBuffer& operator=(ByteBuffer&& other) noexcept;
  ~ByteBuffer();

  // Room for at least `min` bytes (1 or more) behind those held; all the room
  // there is. Valid until the next non-const call. May move the bytes held.
  absl::Span<char> Prepare(size_t min) ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The first `n` bytes of the room now hold data. `n` must not be more than
  // the room that the last Prepare gave.
  void Commit(size_t n) {
    assert(n <= capacity_ - end_);
    end_ += n;
    Poison(end_, capacity_);
  }

  // Takes `n` bytes off the front; `n` must not be more than size().
  void Consume(size_t n) {
    assert(n <= size());
    Poison(begin_, begin_ + n);
    begin_ += n;
  }

  // The bytes held.
  absl::string_view bytes() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return absl::string_view(data_.get() + begin_, end_ - begin_);
  }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  size_t capacity() const { return capacity_; }

  // How many bytes Prepare has moved so far: what the buffer itself costs.
  uint64_t bytes_moved() const { return bytes_moved_; }

 private:
  // Marks the bytes from `from` up to `to` as not to be read, or to be read.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  void Poison(size_t from, size_t to);
  void Unpoison(size_t from, size_t to);
#else
  void Poison(size_t, size_t) {}
  void Unpoison(size_t, size_t) {}
#endif
  bool Outgrown(size_t needed);
  void Reallocate(size_t capacity);

  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  // Of malloc, not new: what is large can then grow without being copied, and
  // without the old and the new memory being held at once.
  std::unique_ptr<char[], Free> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t bytes_moved_ = 0;
  int calm_ = 0;
  Memory memory_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_BYTE_BUFFER_H_
