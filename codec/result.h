// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The result of a call of the codec.

#ifndef KEVY_REPLICA_CODEC_RESULT_H_
#define KEVY_REPLICA_CODEC_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

// Decoding has three outcomes. A caller must not drop one: the compiler warns.
enum class [[nodiscard]] Outcome : uint8_t {
  kDone,      // One whole element was read.
  kNeedMore,  // Well formed so far, but incomplete.
  kError,     // Malformed, or past a limit. More bytes do not help.
};

// Returns "done", "need_more" or "error".
absl::string_view OutcomeName(Outcome outcome);
std::ostream& operator<<(std::ostream& out, Outcome outcome);
template <typename Sink>
void AbslStringify(Sink& sink, Outcome outcome) {
  sink.Append(OutcomeName(outcome));
}

// The result of decoding one element from the front of an input.
//
// The functions Decode...(input, limits, &value) read `input` alone, and only
// the element at its front. They set the value on kDone alone. They allocate
// nothing, and any thread may call them.
struct [[nodiscard]] DecodeResult {
  Outcome outcome = Outcome::kNeedMore;
  WireError error = WireError::kNone;  // Set with kError alone.
  // A count from input[0], by the outcome:
  //
  //   kDone      the element's size: input.remove_prefix() of it is the rest
  //   kNeedMore  the bytes that were looked at, of no use to a caller
  //   kError     the bytes before the wrong one, so the wrong byte's index
  size_t bytes_decoded = 0;

  // The element ends before byte `size`.
  static DecodeResult Done(size_t size) {
    return {Outcome::kDone, WireError::kNone, size};
  }
  // The first `examined` bytes were looked at.
  static DecodeResult NeedMore(size_t examined) {
    return {Outcome::kNeedMore, WireError::kNone, examined};
  }
  // The byte at index `bytes_decoded` is wrong.
  static DecodeResult Error(WireError error, size_t bytes_decoded) {
    return {Outcome::kError, error, bytes_decoded};
  }

  bool done() const { return outcome == Outcome::kDone; }

  template <typename T>
  static auto ValueFields(const T& result) {
    return std::tie(result.outcome, result.error, result.bytes_decoded);
  }
};

// The result of a function that encodes into a span: `size` bytes were written,
// or, with an `error`, 0.
//
// Each element has three functions. EncodedSize(value) is its size on the wire
// in bytes, if it can be encoded. Encode(value, out) writes it to the front of
// `out`. Append(value, &text) appends it, and allocates as std::string does.
// With an error both leave their output as it was.
struct [[nodiscard]] EncodeResult {
  WireError error = WireError::kNone;
  size_t size = 0;

  bool ok() const { return error == WireError::kNone; }

  template <typename T>
  static auto ValueFields(const T& result) {
    return std::tie(result.error, result.size);
  }
};

// Append `done at 34`, `need_more at 5`, `error bad_bulk at 12`; and `5 bytes`,
// or the error's name.
void AppendText(const DecodeResult& result, std::string* out);
void AppendText(const EncodeResult& result, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_RESULT_H_
