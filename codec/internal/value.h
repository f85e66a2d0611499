// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The operators of value types: ==, !=, <<, hashing and AbslStringify.
//
//   struct Ack {
//     uint64_t next_offset = 0;
//
//     template <typename T>
//     static auto ValueFields(const T& ack) {
//       return std::tie(ack.next_offset);
//     }
//   };
//   void AppendText(const Ack& ack, std::string* out);
//
// Two values are equal if all fields of ValueFields() are. AppendText() appends
// a value as text, without a line end. The templates below find it by
// argument-dependent lookup.
//
// ValueFields() is a template, so the compiler makes the tuples of those types
// alone that a file compares, prints or hashes.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_VALUE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_VALUE_H_

#include <iosfwd>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/require_cpp17.h"

namespace kevy_replica {
namespace internal {

// Exists only for types with ValueFields().
template <typename T>
using FieldsOf = decltype(T::ValueFields(std::declval<const T&>()));

// Writes `text` as << writes a string, with width and fill.
std::ostream& Print(absl::string_view text, std::ostream& out);

}  // namespace internal

template <typename T, typename = internal::FieldsOf<T>>
bool operator==(const T& a, const T& b) {
  return T::ValueFields(a) == T::ValueFields(b);
}
template <typename T, typename = internal::FieldsOf<T>>
bool operator!=(const T& a, const T& b) {
  return !(a == b);
}

template <typename H, typename T, typename = internal::FieldsOf<T>>
H AbslHashValue(H state, const T& value) {
  return std::apply(
      [&state](const auto&... fields) {
        return H::combine(std::move(state), fields...);
      },
      T::ValueFields(value));
}

template <typename T, typename = internal::FieldsOf<T>>
std::ostream& operator<<(std::ostream& out, const T& value) {
  std::string text;
  AppendText(value, &text);
  return internal::Print(text, out);
}
// For absl::StrCat(), absl::StrFormat("%v") and logs, with Abseil 20230125 and
// later.
template <typename Sink, typename T, typename = internal::FieldsOf<T>>
void AbslStringify(Sink& sink, const T& value) {
  std::string text;
  AppendText(value, &text);
  sink.Append(absl::string_view(text));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_VALUE_H_
