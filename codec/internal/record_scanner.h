// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Whole records of a snapshot payload, in memory.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_RECORD_SCANNER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_RECORD_SCANNER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/record_shape.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"

namespace kevy_replica {
namespace internal {

// The fast reader in front of PayloadReader. It takes records and elements that
// lie whole in the piece, within the limits. It leaves all other bytes to the
// strict reader: cut ones, streams, field expiries, the end, errors.
//
// The place of a string waits for the length of the one before it, which takes
// most of the time. So strings or elements with the lengths of the last ones
// are compared with them, and small collections with the shape of the last ones
// (record_shape.h): their places are known, and the lengths are only verified.
// In Payload/next_records an element of hash_mixed, with lengths that nobody
// guesses, takes 2.5 times as long as one of hash100k.
class RecordScanner {
 public:
  static constexpr size_t kMostRecords = 32;
  // Of a batch: 512 fields of a hash.
  static constexpr size_t kMostStrings = 1024;

  // A collection with elements still due. None: `left` is 0.
  struct Open {
    RecordType type = RecordType::kHash;
    uint32_t left = 0;
  };

  explicit RecordScanner(uint64_t max_string_bytes)
      : max_string_bytes_(max_string_bytes) {}
  RecordScanner(const RecordScanner&) = delete;
  RecordScanner& operator=(const RecordScanner&) = delete;

  // Reads the next elements of `*open`, and then the records behind it, from
  // the front of `bytes`: at most `max` and kMostRecords records. The last one
  // may be open at its end. Returns the number of bytes taken. Expiries count
  // from `expiry_base_ms`.
  //
  // Precondition: `bytes` begins with an element of `*open`, or an opcode.
  size_t Scan(absl::string_view bytes, uint64_t expiry_base_ms, size_t max,
              Open* open);

  // The records of the last Scan(), valid until the next one.
  absl::Span<const PayloadRecord> records() const {
    return {records_, record_count_};
  }

 private:
  // A wrong guess costs a mispredicted branch, so random lengths must not make
  // one often: only lengths that came kSteady times in a row are guessed.
  static constexpr uint32_t kSteady = 4;
  // The lengths of a key and its value, or of an element's strings.
  struct Lengths {
    uint32_t first = 0;
    uint32_t second = 0;
  };
  // The lengths of the last one, and how many in a row had them.
  struct Row {
    void Count(Lengths next, bool alike = true) {
      // Without a branch, which random lengths would mispredict.
      const uint32_t differ = (next.first ^ lengths.first) |
                              (next.second ^ lengths.second) | !alike;
      count = (count + 1) & (uint32_t{differ != 0} - 1);
      lengths = next;
    }
    bool steady() const { return count >= kSteady; }

    Lengths lengths;
    uint32_t count = 0;
  };

  struct Head {
    bool has_expiry;
    uint64_t expire_at_ms;
  };

  // Each takes a place in the bytes, and returns the place behind the part that
  // it has read. Places are arguments, not a member: a member would make each
  // string wait for a store, too.
  Head HeadAt(const char* p, bool has_expiry) const;
  const char* TakeHead(const char* p, Head* head) const;
  const char* TakeStrings(const char* p, size_t max);
  template <bool kExpires>
  const char* TakeAlikeStrings(const char* p, Lengths lengths, size_t from,
                               size_t most, size_t* taken);
  const char* TakeCollection(const char* p, size_t max, Open* open);
  const char* TakeElements(const char* p, Open* open, PayloadRecord* record);
  template <size_t kStrings, size_t kScoreBytes>
  const char* TakeElementsOf(const char* p, size_t most, size_t* taken);
  template <size_t kStrings, size_t kScoreBytes>
  const char* TakeAlikeElements(const char* p, Lengths lengths, size_t at,
                                size_t most, size_t* taken);
  const char* TakeAlikeCollections(const char* p, size_t max);
  static void SetBegin(RecordType type, const Head& head, absl::string_view key,
                       uint32_t count, PayloadRecord* record);
  static void SetString(const Head& head, absl::string_view key,
                        absl::string_view value, absl::string_view* string,
                        PayloadRecord* record);

  const uint64_t max_string_bytes_;
  uint64_t expiry_base_ms_ = 0;
  const char* end_ = nullptr;
  size_t record_count_ = 0;
  size_t string_count_ = 0;

  Row string_;
  bool string_has_expiry_ = false;
  Row element_;
  RecordShape shape_;

  PayloadRecord records_[kMostRecords];
  absl::string_view strings_[kMostStrings];
  double scores_[kMostStrings];  // Of the strings with the same index.
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_RECORD_SCANNER_H_
