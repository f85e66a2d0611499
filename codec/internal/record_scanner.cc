// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/record_scanner.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/payload_format.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"

namespace kevy_replica {
namespace internal {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kCountBytes = 4;
constexpr size_t kExpiryBytes = 8;
constexpr size_t kOpcodeAndFlagBytes = 2;

constexpr char kStringOpcode = static_cast<char>(RecordType::kString);

size_t Left(const char* p, const char* end) {
  return static_cast<size_t>(end - p);
}

uint32_t Length(absl::string_view string) {
  return static_cast<uint32_t>(string.size());
}

// Reads a string. Returns its end, or null if it is cut or too long.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline const char* TakeOne(
    const char* p, const char* end, uint64_t max_bytes,
    absl::string_view* string) {
  return TakeWireString(end, max_bytes, &p, string) ? p : nullptr;
}

// The same for two strings. The end is added up in this order, so that it waits
// for one addition behind the second length.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline const char* TakeTwo(
    const char* p, const char* end, uint64_t max_bytes,
    absl::string_view* first, absl::string_view* second) {
  constexpr size_t kLengths = 2 * kLengthBytes;
  const size_t left = Left(p, end);
  if (ABSL_PREDICT_FALSE(left < kLengths)) return nullptr;
  const size_t first_size = LoadLittleEndian32(p);
  if (ABSL_PREDICT_FALSE(first_size > left - kLengths)) return nullptr;
  const size_t second_size = LoadLittleEndian32(p + kLengthBytes + first_size);
  const char* const second_begin = p + kLengths + first_size;
  if (ABSL_PREDICT_FALSE(second_size > left - kLengths - first_size ||
                         std::max(first_size, second_size) > max_bytes)) {
    return nullptr;
  }
  *first = absl::string_view(p + kLengthBytes, first_size);
  *second = absl::string_view(second_begin, second_size);
  return second_begin + second_size;
}

bool IsCollection(char opcode) {
  return opcode >= static_cast<char>(RecordType::kHash) &&
         opcode <= static_cast<char>(RecordType::kSortedSet);
}

}  // namespace

size_t RecordScanner::Scan(absl::string_view bytes, uint64_t expiry_base_ms,
                           size_t max, Open* open) {
  const char* p = bytes.data();
  end_ = p + bytes.size();
  expiry_base_ms_ = expiry_base_ms;
  record_count_ = string_count_ = 0;
  max = std::min(max, kMostRecords);
  if (open->left != 0) {
    PayloadRecord& record = records_[0];
    record = PayloadRecord();
    record.type_ = open->type;
    p = TakeElements(p, open, &record);
    if (record.string_count_ == 0) return 0;
    record_count_ = 1;
  }
  // Room for a field and its value.
  while (open->left == 0 && record_count_ < max &&
         string_count_ <= kMostStrings - 2 && p != end_) {
    const char* const next = *p == kStringOpcode ? TakeStrings(p, max)
                                                 : TakeCollection(p, max, open);
    if (next == p) break;
    p = next;
  }
  return Left(bytes.data(), p);
}

// The head of the record at `p`, whose flag says `has_expiry`.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline RecordScanner::Head RecordScanner::HeadAt(
    const char* p, bool has_expiry) const {
  if (!has_expiry) return {false, 0};
  return {true, ExpiryAt(expiry_base_ms_,
                         LoadLittleEndian64(p + kOpcodeAndFlagBytes))};
}

// Reads from the opcode up to the key's length.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline const char* RecordScanner::TakeHead(
    const char* p, Head* head) const {
  const size_t left = Left(p, end_);
  if (left < kOpcodeAndFlagBytes) return nullptr;
  const char flag = p[1];
  if (ABSL_PREDICT_TRUE(flag == 0)) {
    *head = HeadAt(p, false);
    return p + kOpcodeAndFlagBytes;
  }
  if (flag != 1 || left < kOpcodeAndFlagBytes + kExpiryBytes) return nullptr;
  *head = HeadAt(p, true);
  return p + kOpcodeAndFlagBytes + kExpiryBytes;
}

// Sets what a record's RecordBegin tells.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void RecordScanner::SetBegin(
    RecordType type, const Head& head, absl::string_view key, uint32_t count,
    PayloadRecord* record) {
  record->key_ = key.data();
  record->key_size_ = Length(key);
  record->count_ = count;
  record->expire_at_ms_ = head.expire_at_ms;
  record->type_ = type;
  record->has_expiry_ = head.has_expiry;
  record->begins_ = true;
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline void RecordScanner::SetString(
    const Head& head, absl::string_view key, absl::string_view value,
    absl::string_view* string, PayloadRecord* record) {
  *string = value;
  SetBegin(RecordType::kString, head, key, 0, record);
  record->strings_ = string;
  record->scores_ = nullptr;
  record->string_count_ = 1;
  record->ends_ = true;
}

// Reads strings up to another record, or up to `max` records.
const char* RecordScanner::TakeStrings(const char* p, size_t max) {
  const size_t most =
      std::min(max - record_count_, kMostStrings - string_count_);
  PayloadRecord* const records = records_ + record_count_;
  absl::string_view* const strings = strings_ + string_count_;
  Row row = string_;
  bool row_has_expiry = string_has_expiry_;
  size_t n = 0;
  while (n != most) {
    if (row.steady()) {
      size_t alike;
      p = row_has_expiry
              ? TakeAlikeStrings<true>(p, row.lengths, n, most - n, &alike)
              : TakeAlikeStrings<false>(p, row.lengths, n, most - n, &alike);
      n += alike;
      if (n != most) row.count = 0;
      continue;
    }
    if (p == end_ || *p != kStringOpcode) break;
    Head head;
    const char* next = TakeHead(p, &head);
    if (next == nullptr) break;
    absl::string_view key;
    absl::string_view value;
    next = TakeTwo(next, end_, max_string_bytes_, &key, &value);
    if (next == nullptr) break;
    row.Count({Length(key), Length(value)}, head.has_expiry == row_has_expiry);
    row_has_expiry = head.has_expiry;
    SetString(head, key, value, &strings[n], &records[n]);
    p = next;
    ++n;
  }
  string_ = row;
  string_has_expiry_ = row_has_expiry;
  record_count_ += n;
  string_count_ += n;
  return p;
}

// Reads up to `most` strings while they have `lengths`. They go behind the
// first `from` of this batch's part.
template <bool kExpires>
const char* RecordScanner::TakeAlikeStrings(const char* p, Lengths lengths,
                                            size_t from, size_t most,
                                            size_t* taken) {
  constexpr size_t kHead =
      kOpcodeAndFlagBytes + (kExpires ? kExpiryBytes : 0) + kLengthBytes;
  const size_t key_size = lengths.first;
  const size_t value_size = lengths.second;
  const size_t value_at = kHead + key_size + kLengthBytes;
  const size_t size = value_at + value_size;
  most = std::min(most, Left(p, end_) / size);
  PayloadRecord* const records = records_ + record_count_ + from;
  absl::string_view* const strings = strings_ + string_count_ + from;
  size_t n = 0;
  for (; n != most; ++n) {
    if (p[0] != kStringOpcode || p[1] != (kExpires ? 1 : 0) ||
        LoadLittleEndian32(p + kHead - kLengthBytes) != key_size ||
        LoadLittleEndian32(p + value_at - kLengthBytes) != value_size) {
      break;
    }
    SetString(HeadAt(p, kExpires), {p + kHead, key_size},
              {p + value_at, value_size}, &strings[n], &records[n]);
    p += size;
  }
  *taken = n;
  return p;
}

const char* RecordScanner::TakeCollection(const char* p, size_t max,
                                          Open* open) {
  if (shape_.active()) {
    const char* const next = TakeAlikeCollections(p, max);
    if (next != p) return next;
  }
  if (!IsCollection(*p)) return p;
  Head head;
  absl::string_view key;
  const char* next = TakeHead(p, &head);
  if (next == nullptr) return p;
  next = TakeOne(next, end_, max_string_bytes_, &key);
  if (next == nullptr || Left(next, end_) < kCountBytes) return p;
  *open = {static_cast<RecordType>(*p), LoadLittleEndian32(next)};
  PayloadRecord& record = records_[record_count_++];
  record = PayloadRecord();
  SetBegin(open->type, head, key, open->left, &record);
  next = TakeElements(next + kCountBytes, open, &record);
  if (record.ends_ && shape_.Observe(Left(p, next))) {
    shape_.Learn(p, key, record.count_, record.strings(),
                 record.scores_ != nullptr);
  }
  return next;
}

// Reads collections while they have the shape of the last ones.
const char* RecordScanner::TakeAlikeCollections(const char* p, size_t max) {
  const size_t strings = shape_.string_count();
  const size_t most =
      std::min({max - record_count_, (kMostStrings - string_count_) / strings,
                Left(p, end_) / shape_.size()});
  for (size_t n = 0; n != most; ++n) {
    absl::string_view* const first = strings_ + string_count_;
    double* const scores = scores_ + string_count_;
    if (!shape_.Take(p, first, scores)) break;
    PayloadRecord& record = records_[record_count_++];
    SetBegin(static_cast<RecordType>(shape_.opcode()),
             HeadAt(p, shape_.has_expiry()), shape_.key(p), shape_.count(),
             &record);
    record.strings_ = first;
    record.scores_ = shape_.has_scores() ? scores : nullptr;
    record.string_count_ = static_cast<uint32_t>(strings);
    record.ends_ = true;
    string_count_ += strings;
    p += shape_.size();
  }
  return p;
}

const char* RecordScanner::TakeElements(const char* p, Open* open,
                                        PayloadRecord* record) {
  const bool is_sorted_set = open->type == RecordType::kSortedSet;
  const size_t each = open->type == RecordType::kHash ? 2 : 1;
  const size_t most =
      std::min<size_t>(open->left, (kMostStrings - string_count_) / each);
  size_t n = 0;
  p = each == 2       ? TakeElementsOf<2, 0>(p, most, &n)
      : is_sorted_set ? TakeElementsOf<1, sizeof(double)>(p, most, &n)
                      : TakeElementsOf<1, 0>(p, most, &n);
  open->left -= static_cast<uint32_t>(n);
  record->strings_ = strings_ + string_count_;
  record->string_count_ = static_cast<uint32_t>(n * each);
  if (is_sorted_set) record->scores_ = scores_ + string_count_;
  record->ends_ = open->left == 0;
  string_count_ += n * each;
  return p;
}

// Reads up to `most` elements of `kStrings` strings and then a score. Sets
// `*taken` to their number.
template <size_t kStrings, size_t kScoreBytes>
const char* RecordScanner::TakeElementsOf(const char* p, size_t most,
                                          size_t* taken) {
  Row row = element_;
  size_t n = 0;
  while (n != most) {
    const size_t at = string_count_ + n * kStrings;
    if (row.steady()) {
      size_t alike;
      p = TakeAlikeElements<kStrings, kScoreBytes>(p, row.lengths, at, most - n,
                                                   &alike);
      n += alike;
      if (n != most) row.count = 0;
      continue;
    }
    absl::string_view* const strings = strings_ + at;
    const char* next =
        kStrings == 2
            ? TakeTwo(p, end_, max_string_bytes_, &strings[0], &strings[1])
            : TakeOne(p, end_, max_string_bytes_, &strings[0]);
    if (ABSL_PREDICT_FALSE(next == nullptr)) break;
    if constexpr (kScoreBytes != 0) {
      if (ABSL_PREDICT_FALSE(Left(next, end_) < kScoreBytes)) break;
      scores_[at] = DoubleOf(LoadLittleEndian64(next));
      next += kScoreBytes;
    }
    row.Count({Length(strings[0]), Length(strings[kStrings - 1])});
    p = next;
    ++n;
  }
  element_ = row;
  *taken = n;
  return p;
}

// The same for elements of `lengths`. The strings go to index `at` and behind.
// (Inlined, it lacks registers.)
template <size_t kStrings, size_t kScoreBytes>
ABSL_ATTRIBUTE_NOINLINE const char* RecordScanner::TakeAlikeElements(
    const char* p, Lengths lengths, size_t at, size_t most, size_t* taken) {
  const size_t first = lengths.first;
  const size_t second = lengths.second;
  const size_t second_at = kLengthBytes + first + kLengthBytes;
  const size_t score_at = kLengthBytes + first;
  const size_t size =
      kStrings == 2 ? second_at + second : score_at + kScoreBytes;
  absl::string_view* strings = strings_ + at;
  most = std::min(most, Left(p, end_) / size);
  size_t n = 0;
  for (; n != most; ++n) {
    if (LoadLittleEndian32(p) != first) break;
    if constexpr (kStrings == 2) {
      if (LoadLittleEndian32(p + second_at - kLengthBytes) != second) break;
      strings[1] = {p + second_at, second};
    }
    if constexpr (kScoreBytes != 0) {
      scores_[at + n] = DoubleOf(LoadLittleEndian64(p + score_at));
    }
    strings[0] = {p + kLengthBytes, first};
    strings += kStrings;
    p += size;
  }
  *taken = n;
  return p;
}

}  // namespace internal
}  // namespace kevy_replica
