// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The lines that a primary sends: "+ACK", "+PING", "+SNAPSHOT",
// "+SNAPSHOT_END".

#ifndef KEVY_REPLICA_CODEC_INTERNAL_CONTROL_LINE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_CONTROL_LINE_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// Which lines may come, as a set of bits.
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

// Reads one line, byte by byte: stops at any byte and goes on from there.
class ControlLineScanner {
 public:
  // Begins a line, which must be one of `kinds`.
  void Start(LineKinds kinds) {
    candidates_ = kinds;
    phase_ = Phase::kKeyword;
    position_ = 0;
    count_ = 0;
    answer_ = kinds == Kinds(LineKind::kAck);
  }

  // Reads on in `data[0]`, the line's first byte, to `data[size - 1]`. Errors:
  // kUnknownElement (no line of the kinds begins so) and kBadControlLine, or
  // kBadAnswer for both where only an answer may come; kLineTooLong.
  DecodeResult Scan(const char* data, size_t size, const Limits& limits);

  // After kDone.
  LineKind kind() const { return static_cast<LineKind>(candidates_); }
  // Whether it has two numbers: then the first is a generation.
  bool has_generation() const { return count_ == 2; }
  uint64_t generation() const {
    return has_generation() ? numbers_[0].value() : 0;
  }
  uint64_t offset() const { return numbers_[count_ - 1].value(); }

 private:
  enum class Phase : uint8_t { kKeyword, kNumber, kLf };

  bool TakeKeyword(char c);
  bool TakeNumber(char c);
  DecodeResult Error(WireError error) const {
    return DecodeResult::Error(answer_ ? WireError::kBadAnswer : error,
                               position_);
  }

  LineKinds candidates_ = 0;  // Those that the bytes so far begin.
  Phase phase_ = Phase::kKeyword;
  bool answer_ = false;
  size_t position_ = 0;
  int count_ = 0;  // Of numbers begun: 0, 1 or 2.
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
