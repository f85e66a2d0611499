// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Replies of a client port, as views into the received bytes.
//
//   const ReplyView role = decoder.reply();  // ReplyDecoder, reply_decoder.h.
//   if (role.type() == ReplyType::kArray && role[0].text() == "master") ...
//   for (const ReplyView element : role) Print(element);
//
// A reply is a RESP2 value: a string, an error, an integer, null, or an array
// of such values. Encode the command with AppendCommand() (frame.h).
//
// Source: the Redis serialization protocol, version 2, and replies that kevy
// 2.0.20, 3.18.0, 4.1.1 and 5.4.0 gave (testdata/client_port).

#ifndef KEVY_REPLICA_CODEC_REPLY_H_
#define KEVY_REPLICA_CODEC_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

enum class ReplyType : uint8_t {
  kSimpleString,  // "+OK\r\n"
  kError,         // "-ERR unknown command\r\n"
  kInteger,       // ":8\r\n"
  kBulk,          // "$5\r\nhello\r\n"
  kNullBulk,      // "$-1\r\n"
  kArray,         // "*2\r\n", then two values
  kNullArray,     // "*-1\r\n"
};

// Returns "simple_string", "error", "integer", "bulk", "null_bulk", "array" or
// "null_array".
absl::string_view ReplyTypeName(ReplyType type);
std::ostream& operator<<(std::ostream& out, ReplyType type);
template <typename Sink>
void AbslStringify(Sink& sink, ReplyType type) {
  sink.Append(ReplyTypeName(type));
}

// The bounds on a reply. A claim past one is an error at the digit that passes
// it, and nothing is allocated for the claim.
//
// The defaults are far above every reply that this library asks for. On 32-bit
// machines each must be below 2 GiB.
struct ReplyLimits {
  // Length of one bulk string. Default: 16 MiB.
  uint64_t max_bulk_bytes = 16ull << 20;
  // Length of one simple string or error, with its type and CRLF. Default: 64
  // KiB.
  uint64_t max_line_bytes = 64ull << 10;
  // Elements of all arrays of one reply together. Default: 65,536 elements.
  uint64_t max_elements = 65'536;
  // Arrays within each other, the outermost included. Default: 16 arrays.
  uint64_t max_depth = 16;
  // Length of one reply. Default: 64 MiB.
  uint64_t max_reply_bytes = 64ull << 20;

  template <typename T>
  static auto ValueFields(const T& limits) {
    return std::tie(limits.max_bulk_bytes, limits.max_line_bytes,
                    limits.max_elements, limits.max_depth,
                    limits.max_reply_bytes);
  }
};

// Appends the limits by name: `max_bulk_bytes=16777216 max_line_bytes=...`.
void AppendText(const ReplyLimits& limits, std::string* out);

namespace internal {

// One value of a reply. The values lie in one list in the order of their first
// bytes, so the elements of an array stand behind it.
struct ReplyNode {
  ReplyType type = ReplyType::kNullBulk;
  uint32_t depth = 0;   // The number of arrays around it.
  int64_t integer = 0;  // Of kInteger.
  // The text's place, from the reply's first byte on, and its length. Of
  // kArray: `size` is the number of elements.
  size_t begin = 0;
  size_t size = 0;
  size_t nodes = 1;  // Its own and those of all values within it.
};
inline constexpr ReplyNode kNullReply;

}  // namespace internal

// One value of a reply, and a forward range of its elements.
//
// Every function is defined for every type, so a caller need not check what a
// hostile peer sent. The default is a null bulk.
//
// Trivially copyable. Valid until the next non-const call on the decoder that
// gave it.
class ReplyView {
 public:
  // A forward iterator over the elements, valid as long as its ReplyView.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = ReplyView;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = ReplyView;

    Iterator() = default;
    ReplyView operator*() const { return {base_, node_}; }
    Iterator& operator++() {
      node_ += node_->nodes;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(Iterator a, Iterator b) {
      return a.node_ == b.node_;
    }
    friend bool operator!=(Iterator a, Iterator b) { return !(a == b); }

   private:
    friend class ReplyView;
    Iterator(const char* base, const internal::ReplyNode* node)
        : base_(base), node_(node) {}

    const char* base_ = nullptr;
    const internal::ReplyNode* node_ = nullptr;
  };
  using value_type = ReplyView;
  using const_iterator = Iterator;
  using iterator = Iterator;
  using size_type = size_t;

  ReplyView() = default;
  // For ReplyDecoder. `*node` and the values within it lie in a row; `base` is
  // the reply's first byte.
  ReplyView(const char* base, const internal::ReplyNode* node)
      : base_(base), node_(node) {}

  ReplyType type() const { return node_->type; }

  // The bytes of a simple string, an error or a bulk string. Otherwise "".
  absl::string_view text() const {
    if (node_->type == ReplyType::kArray) return {};
    return absl::string_view(base_ + node_->begin, node_->size);
  }

  // The number of an integer. Otherwise 0.
  int64_t integer() const { return node_->integer; }

  // The number of elements of an array. Otherwise 0.
  size_t size() const {
    return node_->type == ReplyType::kArray ? node_->size : 0;
  }
  bool empty() const { return size() == 0; }

  // The elements of an array, by value. Otherwise an empty range.
  Iterator begin() const { return {base_, node_ + 1}; }
  Iterator end() const { return {base_, node_ + node_->nodes}; }

  // Element `i`, or a null bulk if there is none. Steps over the elements
  // before it: iterate to read them all.
  ReplyView operator[](size_t i) const;

  // Two are equal if their types, texts, numbers and elements are, wherever
  // the bytes lie.
  friend bool operator==(ReplyView a, ReplyView b);
  friend bool operator!=(ReplyView a, ReplyView b) { return !(a == b); }
  template <typename H>
  friend H AbslHashValue(H state, ReplyView reply) {
    const internal::ReplyNode* const end = reply.node_ + reply.node_->nodes;
    for (const internal::ReplyNode* node = reply.node_; node != end; ++node) {
      const ReplyView value(reply.base_, node);
      state = H::combine(std::move(state), value.type(), value.text(),
                         value.integer(), value.size());
    }
    return H::combine(std::move(state), reply.node_->nodes);
  }
  // As text: see AppendText() below.
  friend std::ostream& operator<<(std::ostream& out, ReplyView reply);
  template <typename Sink>
  friend void AbslStringify(Sink& sink, ReplyView reply) {
    std::string text;
    AppendText(reply, &text);
    sink.Append(absl::string_view(text));
  }
  friend void AppendText(ReplyView reply, std::string* out);

 private:
  const char* base_ = "";
  const internal::ReplyNode* node_ = &internal::kNullReply;
};

// Appends the reply as one line of text, with the escapes of escape.h:
//
//   +"OK"    -"ERR no"    8    "bulk"    null_bulk    null_array
//   ["master", 0, []]
void AppendText(ReplyView reply, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_REPLY_H_
