// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/control_line.h"

#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {
namespace {

// No keyword is the start of another. So one candidate is left at the last byte
// of a keyword.
struct Keyword {
  LineKind kind;
  absl::string_view text;
  int max_numbers;
};
constexpr Keyword kKeywords[] = {
    {LineKind::kAck, "+ACK ", 2},
    {LineKind::kPing, "+PING ", 2},
    {LineKind::kSnapshotBegin, "+SNAPSHOT\r", 0},
    {LineKind::kSnapshotEnd, "+SNAPSHOT_END ", 1},
};

}  // namespace

bool ControlLineScanner::TakeKeyword(char c) {
  LineKinds left = 0;
  bool whole = false;
  for (const Keyword& keyword : kKeywords) {
    if ((candidates_ & Kinds(keyword.kind)) == 0) continue;
    if (keyword.text[index_] != c) continue;
    left = static_cast<LineKinds>(left | Kinds(keyword.kind));
    whole = index_ + 1 == keyword.text.size();
    max_count_ = keyword.max_numbers;
  }
  if (left == 0) return false;
  candidates_ = left;
  if (whole) {
    if (c == '\r') {
      phase_ = Phase::kLf;
    } else {
      phase_ = Phase::kNumber;
      count_ = 1;
      numbers_[0].Clear();
    }
  }
  return true;
}

bool ControlLineScanner::TakeNumber(char c) {
  DecimalReader& number = numbers_[count_ - 1];
  if (number.Take(c, std::numeric_limits<uint64_t>::max())) return true;
  if (number.digits() == 0) return false;
  if (c == '\r') {
    phase_ = Phase::kLf;
    return true;
  }
  if (c != ' ' || count_ == max_count_) return false;
  numbers_[count_++].Clear();
  return true;
}

DecodeResult ControlLineScanner::Scan(const char* data, size_t size,
                                      const Limits& limits) {
  for (; index_ < size; ++index_) {
    if (index_ >= limits.max_line_bytes) {
      return DecodeResult::Error(WireError::kLineTooLong, index_);
    }
    const char c = data[index_];
    switch (phase_) {
      case Phase::kKeyword:
        if (!TakeKeyword(c)) {
          return Error(WireError::kUnknownElement);
        }
        break;
      case Phase::kNumber:
        if (!TakeNumber(c)) {
          return Error(WireError::kBadControlLine);
        }
        break;
      case Phase::kLf:
        if (c != '\n') {
          return Error(WireError::kBadControlLine);
        }
        return DecodeResult::Done(++index_);
    }
  }
  return DecodeResult::NeedMore(size);
}

}  // namespace internal
}  // namespace kevy_replica
