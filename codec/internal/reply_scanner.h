// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One RESP2 reply, with all values within it.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_REPLY_SCANNER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_REPLY_SCANNER_H_

#include <cstddef>
#include <cstdint>

#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/nothrow_array.h"
#include "kevy_replica/codec/internal/number_line.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// Reads a reply byte by byte: stops at any byte and resumes there. It skips the
// bytes of bulk strings. Its lists grow as values arrive, and keep their memory
// for the next reply.
//
// `data[0]` is the reply's first byte at every call. It may lie elsewhere each
// time. Meter: see meter.h.
template <typename Meter>
class BasicReplyScanner {
 public:
  explicit BasicReplyScanner(const ReplyLimits& limits) : limits_(limits) {}

  // Begins a reply, and drops the values of the last one.
  void Start() {
    nodes_.Clear();
    open_.Clear();
    phase_ = Phase::kType;
    index_ = 0;
    elements_ = 0;
    done_ = false;
  }

  // Reads on in `data[0]` to `data[size - 1]`. On kDone the index is the
  // reply's end. Errors: kBadReply, kBulkTooLong, kLineTooLong,
  // kTooManyElements, kTooDeep, kReplyTooLong, kOutOfMemory.
  DecodeResult Scan(const char* data, size_t size) {
    while (index_ < size) {
      meter_.Examined(1);
      const WireError error = Take(data[index_]);
      if (error != WireError::kNone) {
        return DecodeResult::Error(error, index_);
      }
      ++index_;
      if (done_) return DecodeResult::Done(index_);
      index_ += skip_;
      skip_ = 0;
    }
    return DecodeResult::NeedMore(size);
  }

  // The values, after kDone, the whole reply first. Valid until Start().
  const ReplyNode* nodes() const { return nodes_.data(); }

  const Meter& meter() const { return meter_; }
  size_t memory_bytes() const {
    return nodes_.memory_bytes() + open_.memory_bytes();
  }

 private:
  enum class Phase : uint8_t {
    // A value begins: its type is next.
    // Then kText or kNumber.
    kType,
    // The type of a simple string or error was read. Its text or CR is next.
    // Then kTextLf.
    kText,
    // The CR behind a text was read. The LF is next.
    // Then kType, or the reply is done.
    kTextLf,
    // The type of an integer, a bulk string or an array was read. Its number or
    // the CRLF behind it is next.
    // Then kBulkCr, kType, or the reply is done.
    kNumber,
    // The header of a bulk string was read. The CR behind its skipped bytes is
    // next.
    // Then kBulkLf.
    kBulkCr,
    // The CR was read. The LF is next.
    // Then kType, or the reply is done.
    kBulkLf,
  };

  // An array whose elements have not all arrived.
  struct Open {
    size_t node;
    uint64_t left;
  };

  WireError Take(char c) {
    if (index_ >= limits_.max_reply_bytes) return WireError::kReplyTooLong;
    switch (phase_) {
      case Phase::kType:
        return TakeType(c);
      case Phase::kText:
      case Phase::kTextLf:
        return TakeText(c);
      case Phase::kNumber:
        return TakeNumber(c);
      case Phase::kBulkCr:
        phase_ = Phase::kBulkLf;
        return c == '\r' ? WireError::kNone : WireError::kBadReply;
      case Phase::kBulkLf:
        if (c != '\n') return WireError::kBadReply;
        CompleteValue();
        return WireError::kNone;
    }
    return WireError::kBadReply;  // Unreachable.
  }

  WireError TakeType(char c) {
    value_ = ReplyNode();
    value_.depth = static_cast<uint32_t>(open_.size());
    number_.Clear();
    negative_ = false;
    phase_ = Phase::kNumber;
    switch (c) {
      case '+':
      case '-':
        value_.type = c == '+' ? ReplyType::kSimpleString : ReplyType::kError;
        value_.begin = index_ + 1;
        phase_ = Phase::kText;
        break;
      case ':':
        value_.type = ReplyType::kInteger;
        break;
      case '$':
        value_.type = ReplyType::kBulk;
        break;
      case '*':
        value_.type = ReplyType::kArray;
        if (open_.size() >= limits_.max_depth) return WireError::kTooDeep;
        break;
      default:
        return WireError::kBadReply;
    }
    return WireError::kNone;
  }

  WireError TakeText(char c) {
    if (index_ - value_.begin + 1 >= limits_.max_line_bytes) {
      return WireError::kLineTooLong;
    }
    if (phase_ == Phase::kTextLf) {
      if (c != '\n') return WireError::kBadReply;
      return AddWhole();
    } else if (c == '\r') {
      value_.size = index_ - value_.begin;
      phase_ = Phase::kTextLf;
    } else if (c == '\n') {
      return WireError::kBadReply;
    }
    return WireError::kNone;
  }

  // The largest number that the header may have.
  uint64_t MaxNumber() const {
    constexpr uint64_t kMinInteger = uint64_t{1} << 63;  // Its magnitude.
    if (value_.type == ReplyType::kInteger) {
      return negative_ ? kMinInteger : kMinInteger - 1;
    }
    if (negative_) return 1;  // Null.
    return value_.type == ReplyType::kBulk ? limits_.max_bulk_bytes
                                           : limits_.max_elements - elements_;
  }

  WireError TakeNumber(char c) {
    if (c == '-' && number_.empty() && !negative_) {
      negative_ = true;
      return WireError::kNone;
    }
    switch (number_.Take(c, MaxNumber())) {
      case NumberLine::Step::kMore:
        return WireError::kNone;
      case NumberLine::Step::kBad:
        return WireError::kBadReply;
      case NumberLine::Step::kTooBig:
        if (negative_ || value_.type == ReplyType::kInteger) {
          return WireError::kBadReply;
        }
        return value_.type == ReplyType::kBulk ? WireError::kBulkTooLong
                                               : WireError::kTooManyElements;
      case NumberLine::Step::kDone:
        break;
    }
    switch (value_.type) {
      case ReplyType::kInteger:
        // The negation of an unsigned number is exact for -2^63, too.
        value_.integer = static_cast<int64_t>(negative_ ? 0 - number_.value()
                                                        : number_.value());
        return AddWhole();
      case ReplyType::kBulk:
        return negative_ ? CompleteNull(ReplyType::kNullBulk) : BeginBulk();
      default:
        return negative_ ? CompleteNull(ReplyType::kNullArray) : BeginArray();
    }
  }

  WireError CompleteNull(ReplyType type) {
    if (number_.value() != 1) return WireError::kBadReply;  // "-0".
    value_.type = type;
    return AddWhole();
  }

  WireError BeginBulk() {
    value_.begin = index_ + 1;
    const uint64_t left = limits_.max_reply_bytes - value_.begin;
    if (left < 2 || number_.value() > left - 2) return WireError::kReplyTooLong;
    value_.size = skip_ = static_cast<size_t>(number_.value());
    if (!nodes_.Add(value_)) return WireError::kOutOfMemory;
    phase_ = Phase::kBulkCr;
    return WireError::kNone;
  }

  WireError BeginArray() {
    value_.size = static_cast<size_t>(number_.value());
    elements_ += number_.value();
    if (value_.size == 0) return AddWhole();
    if (!nodes_.Add(value_) ||
        !open_.Add({nodes_.size() - 1, number_.value()})) {
      return WireError::kOutOfMemory;
    }
    phase_ = Phase::kType;
    return WireError::kNone;
  }

  WireError AddWhole() {
    if (!nodes_.Add(value_)) return WireError::kOutOfMemory;
    CompleteValue();
    return WireError::kNone;
  }

  // A value is whole, and with it each array whose last element it is.
  void CompleteValue() {
    phase_ = Phase::kType;
    while (!open_.empty()) {
      Open& array = open_.back();
      if (--array.left != 0) return;
      nodes_[array.node].nodes = nodes_.size() - array.node;
      open_.DropLast();
    }
    done_ = true;
  }

  ReplyLimits limits_;
  Meter meter_;
  NothrowArray<ReplyNode> nodes_;
  NothrowArray<Open> open_;  // The arrays around the current value.
  Phase phase_ = Phase::kType;
  bool done_ = false;
  size_t index_ = 0;       // Of the next byte to read; may lie past the input.
  size_t skip_ = 0;        // Bytes to skip behind the current one.
  uint64_t elements_ = 0;  // Declared by the arrays of the reply so far.
  // The value whose header is being read.
  ReplyNode value_;
  NumberLine number_;
  bool negative_ = false;
};

using ReplyScanner = BasicReplyScanner<NoMeter>;

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_REPLY_SCANNER_H_
