// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The lines of a primary: "+ACK", "+PING", "+SNAPSHOT", "+SNAPSHOT_END".

#ifndef KEVY_REPLICA_CODEC_INTERNAL_CONTROL_LINE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_CONTROL_LINE_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// The kinds of lines, as a set of bits.
enum class LineKind : uint8_t {
  kAck = 1,
  kPing = 2,
  kSnapshotBegin = 4,
  kSnapshotEnd = 8,
};
using LineKinds = uint8_t;

constexpr LineKinds Kinds(LineKind a) { return static_cast<LineKinds>(a); }
template <typename... More>
constexpr LineKinds Kinds(LineKind a, More... more) {
  return static_cast<LineKinds>(Kinds(a) | Kinds(more...));
}

// Reads one line, byte by byte: stops at any byte and resumes there.
class ControlLineScanner {
 public:
  // Begins a line, which must be one of `kinds`.
  void Start(LineKinds kinds) {
    candidates_ = kinds;
    phase_ = Phase::kKeyword;
    index_ = 0;
    count_ = 0;
    answer_ = kinds == Kinds(LineKind::kAck);
  }

  // Reads on in `data[0]`, the line's first byte, to `data[size - 1]`. Errors:
  // kLineTooLong; kUnknownElement (the keyword of another line) and
  // kBadControlLine. Both are kBadAnswer where only an answer may come.
  DecodeResult Scan(const char* data, size_t size, const Limits& limits);

  // The results, valid after kDone.
  LineKind kind() const { return static_cast<LineKind>(candidates_); }
  // Whether the line has two numbers: the first is then a generation.
  bool has_generation() const { return count_ == 2; }
  uint64_t generation() const {
    return has_generation() ? numbers_[0].value() : 0;
  }
  uint64_t offset() const { return numbers_[count_ - 1].value(); }

 private:
  enum class Phase : uint8_t {
    // Start() was called, and some keyword begins with the bytes so far.
    // Then kNumber, or kLf for a line without numbers.
    kKeyword,
    // The keyword and its space were read, and perhaps a whole first number.
    // Then kLf.
    kNumber,
    // The CR was read. The LF is next.
    // Then the line is done.
    kLf,
  };

  bool TakeKeyword(char c);
  bool TakeNumber(char c);
  DecodeResult Error(WireError error) const {
    return DecodeResult::Error(answer_ ? WireError::kBadAnswer : error, index_);
  }

  LineKinds candidates_ = 0;  // Kinds that begin with the bytes so far.
  Phase phase_ = Phase::kKeyword;
  bool answer_ = false;
  size_t index_ = 0;
  int count_ = 0;      // Numbers begun: 0, 1 or 2.
  int max_count_ = 0;  // Behind a keyword: the most numbers of its line.
  DecimalReader numbers_[2];
};

// One-shot: reads one line of `kinds` at the front of `input` into `*scanner`.
inline DecodeResult ScanControlLine(absl::string_view input, LineKinds kinds,
                                    const Limits& limits,
                                    ControlLineScanner* scanner) {
  scanner->Start(kinds);
  return scanner->Scan(input.data(), input.size(), limits);
}

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_CONTROL_LINE_H_
