// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CODEC_INTERNAL_RECORD_SHAPE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_RECORD_SHAPE_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/payload_format.h"

namespace kevy_replica {
namespace internal {

// The numbers of a small collection in a snapshot payload, and the places of
// its strings. Collections of one kind of object often differ only in the
// strings' own bytes. Such a record is compared as a whole, and its strings'
// places are known.
//
// A shape is safe whatever it learned: it compares every number of a record
// except an expiry and scores.
class RecordShape {
 public:
  // Larger collections are not learned.
  static constexpr size_t kMaxStrings = 32;
  static constexpr size_t kMaxBytes = 1 << 16;

  // Whether records should be compared with it.
  bool active() const { return active_; }
  // Of a record, in bytes.
  size_t size() const { return size_; }

  // Notes a whole collection of `size` bytes. Returns whether to Learn() from
  // it: kRow in a row had the same size. So random lengths hardly cause wrong
  // guesses, each of which costs a mispredicted branch.
  bool Observe(size_t size) {
    if (size != size_) {
      active_ = false;
      row_ = 0;
      size_ = size;
    }
    ++row_;
    return row_ >= kRow && !active_ && size <= kMaxBytes;
  }

  // Learns the record at `p`, of the last Observe(): its key, its count, and
  // its strings. A score follows each string if `has_scores`.
  void Learn(const char* p, absl::string_view key, uint32_t count,
             absl::Span<const absl::string_view> strings, bool has_scores) {
    if (strings.empty() || strings.size() > kMaxStrings) return;
    active_ = true;
    opcode_ = p[0];
    flag_ = p[1];
    key_ = At(p, key);
    count_ = count;
    string_count_ = strings.size();
    has_scores_ = has_scores;
    for (size_t i = 0; i != strings.size(); ++i) {
      strings_[i] = At(p, strings[i]);
    }
  }

  // Sets the strings and the scores of the record at `p`, of which size() bytes
  // are readable, if it has this shape. Returns whether it has. Otherwise
  // forgets the shape.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Take(const char* p,
                                         absl::string_view* strings,
                                         double* scores) {
    // One branch for all numbers.
    uint32_t differ = static_cast<uint32_t>((p[0] ^ opcode_) | (p[1] ^ flag_));
    differ |= Differ(p, key_);
    differ |= LoadLittleEndian32(p + key_.at + key_.size) ^ count_;
    const size_t n = string_count_;
    for (size_t i = 0; i != n; ++i) {
      const String string = strings_[i];
      differ |= Differ(p, string);
      strings[i] = {p + string.at, string.size};
    }
    if (differ != 0) {
      active_ = false;
      row_ = 0;
      return false;
    }
    if (has_scores_) {
      for (size_t i = 0; i != n; ++i) {
        scores[i] =
            DoubleOf(LoadLittleEndian64(p + strings_[i].at + strings_[i].size));
      }
    }
    return true;
  }

  // Of the records that Take() takes.
  char opcode() const { return opcode_; }
  bool has_expiry() const { return flag_ != 0; }
  absl::string_view key(const char* p) const {
    return {p + key_.at, key_.size};
  }
  uint32_t count() const { return count_; }
  size_t string_count() const { return string_count_; }
  bool has_scores() const { return has_scores_; }

 private:
  static constexpr uint32_t kRow = 4;

  // The place of a string in its record, behind its length.
  struct String {
    uint32_t at;
    uint32_t size;
  };

  static String At(const char* p, absl::string_view string) {
    return {static_cast<uint32_t>(string.data() - p),
            static_cast<uint32_t>(string.size())};
  }
  static uint32_t Differ(const char* p, String string) {
    return LoadLittleEndian32(p + string.at - sizeof string.size) ^ string.size;
  }

  bool active_ = false;
  char opcode_ = 0;
  char flag_ = 0;
  bool has_scores_ = false;
  uint32_t row_ = 0;  // Records in a row of size_ bytes.
  size_t size_ = 0;
  String key_ = {};
  uint32_t count_ = 0;
  size_t string_count_ = 0;
  String strings_[kMaxStrings];
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_RECORD_SHAPE_H_
