// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A growing array that survives the lack of memory.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_NOTHROW_ARRAY_H_
#define KEVY_REPLICA_CODEC_INTERNAL_NOTHROW_ARRAY_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace kevy_replica {
namespace internal {

// Returns memory for `capacity` values with a copy of the `size` values at
// `values`. The rest is not initialized. Null without memory.
template <typename T>
std::unique_ptr<T[]> NothrowCopy(const T* values, size_t size,
                                 size_t capacity) {
  static_assert(std::is_trivially_copyable<T>::value, "values are copied");
  std::unique_ptr<T[]> copy(new (std::nothrow) T[capacity]);
  if (copy != nullptr) std::copy_n(values, size, copy.get());
  return copy;
}

// The part of std::vector that the scanners use. Its capacity doubles, and
// stays. Not thread-safe.
template <typename T>
class NothrowArray {
 public:
  // Returns false, and changes nothing, if the process has no memory.
  [[nodiscard]] bool Add(const T& value) {
    if (size_ == capacity_) {
      const size_t capacity = std::max<size_t>(1, 2 * capacity_);
      std::unique_ptr<T[]> copy = NothrowCopy(values_.get(), size_, capacity);
      if (copy == nullptr) return false;
      values_ = std::move(copy);
      capacity_ = capacity;
    }
    values_[size_++] = value;
    return true;
  }
  void DropLast() { --size_; }
  void Clear() { size_ = 0; }

  T& operator[](size_t i) { return values_[i]; }
  T& back() { return values_[size_ - 1]; }
  const T* data() const { return values_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t memory_bytes() const { return capacity_ * sizeof(T); }

 private:
  std::unique_ptr<T[]> values_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_NOTHROW_ARRAY_H_
