// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The arguments of one command, as views into the received bytes.

#ifndef KEVY_REPLICA_CODEC_ARGV_VIEW_H_
#define KEVY_REPLICA_CODEC_ARGV_VIEW_H_

#include <cstddef>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/arg_ref.h"

namespace kevy_replica {

// Reusable room for the ArgRefs of one command after another. It grows to the
// longest command so far, so decoding allocates nothing in the steady state. It
// grows as arguments arrive, whatever count the peer declares.
//
// Not thread-safe. Movable, not copyable; moving it ends the validity of the
// frames that were decoded into it.
class ArgvStorage {
 public:
  ArgvStorage() = default;
  ArgvStorage(ArgvStorage&& other) noexcept
      : refs_(std::move(other.refs_)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ArgvStorage& operator=(ArgvStorage&& other) noexcept {
    refs_ = std::move(other.refs_);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  // The ArgRefs of the current command: the one being read, or else the last
  // one.
  const ArgRef* data() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return refs_.get() + begin_;
  }
  size_t size() const { return end_ - begin_; }
  size_t capacity() const { return capacity_; }

  // Drops all commands. The memory stays.
  void Clear() { begin_ = end_ = 0; }
  // Returns false, and changes nothing, if the process has no memory.
  [[nodiscard]] bool Add(size_t offset, size_t size) {
    ArgRef* const ref = Room(1);
    if (ref == nullptr) return false;
    *ref = {offset, size};
    ++end_;
    return true;
  }

  // The rest is for the scanners, which keep several commands at once.

  // Begins a command behind the held ones.
  void BeginNext() { begin_ = end_; }
  // Drops all commands before the current one.
  void DropEarlier();
  // The number of ArgRefs of all held commands.
  size_t total() const { return end_; }
  // The first ArgRef of all held commands. The pointer changes only when Room()
  // has to grow.
  const ArgRef* first() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return refs_.get();
  }

  // Room for `n` more ArgRefs of the current command. Write them, and then call
  // Resize() with the command's new size. Null, with nothing changed, if the
  // process has no memory. Precondition: `n` is 1 or more.
  ArgRef* Room(size_t n) ABSL_ATTRIBUTE_LIFETIME_BOUND {
    if (ABSL_PREDICT_FALSE(capacity_ - end_ < n) && !Grow(n)) return nullptr;
    return refs_.get() + end_;
  }
  void Resize(size_t size) { end_ = begin_ + size; }
  size_t IndexOf(const ArgRef* ref) const {
    return static_cast<size_t>(ref - data());
  }
  // Frees unused memory, as after a command of very many arguments.
  void ShrinkToFit();

 private:
  // Return false, with nothing changed, without memory.
  bool Grow(size_t n);
  bool Reallocate(size_t capacity);

  std::unique_ptr<ArgRef[]> refs_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

// A random-access range of absl::string_view: argument 0 is the command's name.
// Arguments are binary and may be empty.
//
// Trivially copyable. It owns neither the bytes nor the ArgRefs: it is valid as
// long as the object says that gave it.
class ArgvView {
 public:
  // A random-access iterator, valid as long as its ArgvView.
  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = absl::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = absl::string_view;

    Iterator() = default;
    absl::string_view operator*() const {
      return absl::string_view(base_ + ref_->offset, ref_->size);
    }
    absl::string_view operator[](difference_type n) const {
      return *(*this + n);
    }
    Iterator& operator++() { return *this += 1; }
    Iterator& operator--() { return *this -= 1; }
    Iterator operator++(int) { return {base_, ref_++}; }
    Iterator operator--(int) { return {base_, ref_--}; }
    Iterator& operator+=(difference_type n) {
      ref_ += n;
      return *this;
    }
    Iterator& operator-=(difference_type n) {
      ref_ -= n;
      return *this;
    }
    friend Iterator operator+(Iterator it, difference_type n) {
      return it += n;
    }
    friend Iterator operator+(difference_type n, Iterator it) {
      return it += n;
    }
    friend Iterator operator-(Iterator it, difference_type n) {
      return it -= n;
    }
    friend difference_type operator-(Iterator a, Iterator b) {
      return a.ref_ - b.ref_;
    }
    friend bool operator==(Iterator a, Iterator b) { return a.ref_ == b.ref_; }
    friend bool operator!=(Iterator a, Iterator b) { return a.ref_ != b.ref_; }
    friend bool operator<(Iterator a, Iterator b) { return a.ref_ < b.ref_; }
    friend bool operator>(Iterator a, Iterator b) { return a.ref_ > b.ref_; }
    friend bool operator<=(Iterator a, Iterator b) { return a.ref_ <= b.ref_; }
    friend bool operator>=(Iterator a, Iterator b) { return a.ref_ >= b.ref_; }

   private:
    friend class ArgvView;
    Iterator(const char* base, const ArgRef* ref) : base_(base), ref_(ref) {}

    const char* base_ = nullptr;
    const ArgRef* ref_ = nullptr;
  };
  using value_type = absl::string_view;
  using const_iterator = Iterator;
  using iterator = Iterator;
  using size_type = size_t;

  ArgvView() = default;
  // `refs[0]` to `refs[size - 1]` are offsets from `base`.
  ArgvView(const char* base, const ArgRef* refs, size_t size)
      : base_(base), refs_(refs), size_(size) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Argument `i`. Precondition: `i` < size().
  absl::string_view operator[](size_t i) const {
    return *Iterator(base_, refs_ + i);
  }
  absl::string_view front() const { return *begin(); }
  absl::string_view back() const { return *(end() - 1); }

  Iterator begin() const { return {base_, refs_}; }
  Iterator end() const { return {base_, refs_ + size_}; }

  // Two are equal if their arguments are, wherever the bytes lie.
  friend bool operator==(ArgvView a, ArgvView b);
  friend bool operator!=(ArgvView a, ArgvView b) { return !(a == b); }
  template <typename H>
  friend H AbslHashValue(H state, ArgvView argv) {
    for (const absl::string_view arg : argv) {
      state = H::combine(std::move(state), arg);
    }
    return H::combine(std::move(state), argv.size());
  }
  // As text: `"SET" "foo" "b\r\n\xff"`, with the escapes of escape.h.
  friend std::ostream& operator<<(std::ostream& out, ArgvView argv);
  template <typename Sink>
  friend void AbslStringify(Sink& sink, ArgvView argv) {
    std::string text;
    AppendText(argv, &text);
    sink.Append(absl::string_view(text));
  }
  friend void AppendText(ArgvView argv, std::string* out);

 private:
  const char* base_ = nullptr;
  const ArgRef* refs_ = nullptr;
  size_t size_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_ARGV_VIEW_H_
