// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/codec/byte_buffer.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/base/config.h"
#include "absl/types/span.h"
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace kevy_replica {
namespace {

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
constexpr bool kAlwaysMove = true;
void Poison(const char* p, size_t n) { __asan_poison_memory_region(p, n); }
void Unpoison(const char* p, size_t n) { __asan_unpoison_memory_region(p, n); }
#else
constexpr bool kAlwaysMove = false;
void Poison(const char*, size_t) {}
void Unpoison(const char*, size_t) {}
#endif

}  // namespace

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : data_(std::move(other.data_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)),
      bytes_moved_(std::exchange(other.bytes_moved_, 0)) {}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
  if (this != &other) {
    Unpoison(data_.get(), capacity_);
    data_ = std::move(other.data_);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    bytes_moved_ = std::exchange(other.bytes_moved_, 0);
  }
  return *this;
}

// The allocator may hand the memory out again without clearing the poison.
ByteBuffer::~ByteBuffer() { Unpoison(data_.get(), capacity_); }

absl::Span<char> ByteBuffer::Prepare(size_t min) {
  const size_t size = end_ - begin_;
  if (capacity_ - end_ < min) {
    if (capacity_ - size >= min && size <= capacity_ / 2 && !kAlwaysMove) {
      // Moving no more than was consumed since the last move keeps the work
      // linear; half a buffer that is nearly full would be moved again and
      // again.
      if (size != 0) std::memmove(data_.get(), data_.get() + begin_, size);
      bytes_moved_ += size;
      begin_ = 0;
      end_ = size;
    } else {
      Reallocate(std::max({2 * size, size + min, kMinCapacity}));
    }
  } else if (size == 0 && !kAlwaysMove) {
    begin_ = end_ = 0;
  }
  Unpoison(data_.get() + end_, capacity_ - end_);
  return absl::Span<char>(data_.get() + end_, capacity_ - end_);
}

void ByteBuffer::Commit(size_t n) {
  assert(n <= capacity_ - end_);
  end_ += n;
  Poison(data_.get() + end_, capacity_ - end_);
}

void ByteBuffer::Consume(size_t n) {
  assert(n <= size());
  Poison(data_.get() + begin_, n);
  begin_ += n;
}

void ByteBuffer::Reallocate(size_t capacity) {
  // Not make_unique: new bytes need not be cleared.
  std::unique_ptr<char[]> data(new char[capacity]);
  const size_t size = end_ - begin_;
  if (size != 0) std::memcpy(data.get(), data_.get() + begin_, size);
  bytes_moved_ += size;
  Unpoison(data_.get(), capacity_);
  data_ = std::move(data);
  capacity_ = capacity;
  begin_ = 0;
  end_ = size;
}

}  // namespace kevy_replica
