// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A record of a snapshot's payload: several events at once, in a row of
// records that PayloadDecoder::NextRecords() gives (snapshot_payload.h).

#ifndef KEVY_REPLICA_CODEC_PAYLOAD_RECORD_H_
#define KEVY_REPLICA_CODEC_PAYLOAD_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/payload_event.h"

namespace kevy_replica {

namespace internal {
class RecordScanner;
}  // namespace internal

// A string, a hash, a list, a set or a sorted set; or a part of one of the
// last four. A large one comes in several parts, in order: only the first
// begins(), only the last ends(). The parts between them have elements alone.
// Single events of PayloadDecoder::Next() may come between two parts, or
// instead of the first or the last: see ForEachEvent().
//
// A view: PayloadDecoder::NextRecords() defines its lifetime. Two records are
// equal if their strings and numbers are: a score that is no number equals
// none.
class PayloadRecord {
 public:
  PayloadRecord() = default;

  // Any type except kStream.
  RecordType type() const { return type_; }

  // Whether RecordBegin is the first of its events. The next three functions
  // return its members.
  bool begins() const { return begins_; }
  // Without begins(): "", nullopt and 0. The reader keeps the key of a record
  // that it has begun.
  absl::string_view key() const { return {key_, key_size_}; }
  std::optional<uint64_t> expire_at_ms() const {
    if (!has_expiry_) return std::nullopt;
    return expire_at_ms_;
  }
  uint32_t count() const { return count_; }
  // That event. Precondition: begins().
  RecordBegin begin_event() const {
    return {type_, key(), expire_at_ms(), count_};
  }

  // | type            | strings                                |
  // |-----------------|----------------------------------------|
  // | kString         | the value: exactly one                 |
  // | kHash           | field, value, field, value, ...        |
  // | kList           | items, head first                      |
  // | kSet            | members                                |
  // | kSortedSet      | members; their scores are in scores()  |
  absl::Span<const absl::string_view> strings() const {
    return {strings_, string_count_};
  }
  // Of kSortedSet, one for each string; else empty.
  absl::Span<const double> scores() const {
    return {scores_, scores_ == nullptr ? 0 : string_count_};
  }

  // Whether RecordEnd is the last of its events.
  bool ends() const { return ends_; }

  template <typename T>
  static auto ValueFields(const T& record) {
    return std::make_tuple(record.type(), record.begins(), record.ends(),
                           record.key(), record.has_expiry_,
                           record.expire_at_ms_, record.count(),
                           record.strings(), record.scores());
  }

 private:
  friend class internal::RecordScanner;

  const char* key_ = nullptr;
  uint32_t key_size_ = 0;
  uint32_t count_ = 0;
  uint64_t expire_at_ms_ = 0;
  const absl::string_view* strings_ = nullptr;
  const double* scores_ = nullptr;
  uint32_t string_count_ = 0;
  RecordType type_ = RecordType::kString;
  bool has_expiry_ = false;
  bool begins_ = false;
  bool ends_ = false;
};

// Calls `take` with the events of the record, in order, until it returns false.
// Returns whether all calls returned true. A reader of single events then needs
// no second code path:
//
//   for (const PayloadRecord& record : decoder.NextRecords()) {
//     if (!ForEachEvent(record, take)) return;
//   }
bool ForEachEvent(const PayloadRecord& record,
                  absl::FunctionRef<bool(const PayloadEvent& event)> take);

// Appends the record as one line of text: its first event or its type, and its
// strings. "..." stands for the parts before and behind it.
//
//   string "str" expire_at_ms=1795464156171 "hello"
//   hash "user:1" count=9 "name" "Ann" "mail" "ann@example.org" ...
//   sorted_set ... "m" 1.5
void AppendText(const PayloadRecord& record, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_PAYLOAD_RECORD_H_
