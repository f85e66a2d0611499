// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A snapshot's payload, the joined bytes of its chunks, decoded as it arrives.
//
//   PayloadDecoder decoder(now_ms);
//   while (there is another chunk) {
//     decoder.Feed(chunk.bytes);
//     Outcome outcome;
//     while ((outcome = decoder.Next()) == Outcome::kDone) {
//       if (const auto* field = std::get_if<HashField>(&decoder.event())) {
//         hash->Set(field->field, field->value);
//       } ...
//     }
//     if (outcome == Outcome::kError) {
//       return Fail(decoder.error(), decoder.bytes_decoded());
//     }
//   }
//   if (decoder.Finish() != WireError::kNone) return Fail(...);
//
// NextRecords() gives records in batches, as StreamDecoder::NextFrames() gives
// frames:
//
//     while (true) {
//       const absl::Span<const PayloadRecord> records = decoder.NextRecords();
//       if (records.empty()) break;  // Next() tells why.
//       for (const PayloadRecord& record : records) Load(record);
//     }
//
// payload_event.h lists the events and their order. The decoder enforces that
// order, so a caller need not check it. It gives all events before an error, so
// keep the loaded data apart until Finish() succeeds.
//
// A string is a view of the fed piece, if it lies whole in it. Otherwise it is
// a view of the decoder's scratch, to which it was copied, once. The decoder
// resumes at any byte, so the work is linear in the bytes, however they arrive.
// Two exceptions, which are bounded. A call reads the numbers of a cut record
// or element again, fewer than 64 bytes. NextRecords() compares records with
// the last ones, and reads the numbers of one that differs again: fewer than
// 160 bytes, in one of four records or elements at most.
//
// Memory: the scratch holds the received part of the strings of one event, at
// most two strings. It allocates at most twice that, or 4 KiB. So it stays
// below four times the longest string, whatever lengths and counts the peer
// declares. It frees the memory of a huge string, down to 1 MiB, after some
// dozen later strings were cut. In the steady state it allocates nothing.
//
// Under AddressSanitizer a view of the scratch aborts if it is read after its
// event. A view of the piece is valid as long as the piece.

#ifndef KEVY_REPLICA_CODEC_SNAPSHOT_PAYLOAD_H_
#define KEVY_REPLICA_CODEC_SNAPSHOT_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/payload_format.h"
#include "kevy_replica/codec/internal/payload_reader.h"
#include "kevy_replica/codec/internal/record_scanner.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

namespace codec_testing {
class TestAccess;
}  // namespace codec_testing

// Decodes one payload of any version from 2 to 7.
//
// Not thread-safe. Movable, not copyable; a moved-from one can only be assigned
// to or destroyed.
class PayloadDecoder {
 public:
  // `now_ms` is the Unix time in milliseconds. Version 2 counts its expiries
  // from it; other versions ignore it. Of `limits`, max_bulk_bytes applies to a
  // string, max_snapshot_bytes to the payload and max_trailer_bytes to its
  // trailer.
  explicit PayloadDecoder(uint64_t now_ms, const Limits& limits = Limits());
  PayloadDecoder(PayloadDecoder&&) = default;
  PayloadDecoder& operator=(PayloadDecoder&&) = default;

  // Gives the next bytes, any number. They must stay unchanged until Next() has
  // returned kNeedMore, and as long as events that view them are used. Feeding
  // before that kNeedMore is the error kWrongOrder.
  void Feed(absl::string_view bytes);

  // Decodes the next event.
  //
  // Returns:
  //   kDone      event() is the event, valid until the next non-const call
  //   kNeedMore  the piece was read to its end: Feed() the next one, or
  //              Finish()
  //   kError     error() and bytes_decoded() tell the error, from now on
  //
  // Errors, and the wrong byte, whose index bytes_decoded() is:
  //
  // | error            | byte                                                 |
  // |------------------|------------------------------------------------------|
  // | kBadMagic        | the first byte that differs from the magic           |
  // | kBadVersion, kBadOpcode, kBadExpiryFlag | that byte                     |
  // | kBulkTooLong     | the first byte of the length                         |
  // | kSnapshotTooLong | the same; or, outside a length, the first byte past  |
  // |                  | the limit                                            |
  // | kOutOfMemory     | the first byte that found no memory                  |
  // | kRowSegment      | the opcode; error_key() is the key                   |
  // | kTrailerTooLong  | the first byte past the limit                        |
  // | kWrongOrder      | the first byte that was not read yet                 |
  //
  // kBadOpcode also reports a known opcode in the wrong place. Examples: a hash
  // field expiry before version 6, a row-segment stub before version 7, a
  // record behind the first hash field expiry.
  Outcome Next();

  // Decodes records alone: up to `max` and up to kBatch of them, instead of the
  // events of which they consist. They come to the same events in the same
  // order, and the calls of both functions may be mixed. Returns an empty span
  // if a record, or an element of the record that has begun, is not next, or is
  // cut by the end of the piece: Next() then decodes the next event, or tells
  // why it cannot. Streams and field expiries are never records. A long
  // collection comes in parts: see PayloadRecord.
  //
  // The span is valid until the next non-const call. Its strings are views of
  // the piece, and valid as long as the piece.
  //
  // The first call allocates 32 KiB at most. Without memory for it the span is
  // empty.
  //
  // Precondition: `max` is 1 or more. Default: kBatch records.
  [[nodiscard]] absl::Span<const PayloadRecord> NextRecords(size_t max = kBatch)
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  static constexpr size_t kBatch = internal::RecordScanner::kMostRecords;

  // Ends the payload. Call it at the snapshot's end, when Next() has returned
  // kNeedMore.
  //
  // Returns:
  //   kNone              the payload is complete
  //   kTruncatedPayload  it is not; bytes_decoded() is the number of bytes read
  //   kWrongOrder        a part of the trailer was not taken with Next()
  //   another error      an earlier call reported it already
  //
  // An error stays for all later calls.
  WireError Finish();

  // The event of the last Next(). Valid after kDone, until the next non-const
  // call.
  const PayloadEvent& event() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return event_;
  }

  // kNone until a call reports an error; then that error.
  WireError error() const { return error_; }

  // After kRowSegment: the key whose row lies only on the primary's disk,
  // outside the snapshot; of a longer key its first kMaxErrorKeyBytes. Valid as
  // long as this object. Otherwise empty.
  absl::string_view error_key() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return error_key_;
  }
  static constexpr size_t kMaxErrorKeyBytes = 128;

  // Bytes from the start of the payload: to the end of the last event or
  // record, or, after an error, to the wrong byte. So it is that byte's index.
  // RecordEnd takes up 0 bytes.
  uint64_t bytes_decoded() const { return bytes_decoded_; }

  // Whether PayloadEnd was given. A trailer may still follow.
  bool ended() const { return state_ == State::kEnded; }

  // Bytes of memory for cut strings. NextRecords() has memory of its own.
  size_t memory_bytes() const { return reader_.scratch_capacity(); }

  // The number of bytes copied for cut strings: at most a few times the fed
  // bytes.
  uint64_t bytes_copied() const { return reader_.bytes_copied(); }

 private:
  friend class codec_testing::TestAccess;

  // Each state reads the field of its name next. "An element" is one of the
  // record that is being read.
  enum class State : uint8_t {
    // Less than the whole magic was read.
    // Then kVersion.
    kMagic,
    // The magic was read.
    // Then kPosition (from version 5 on), else kOpcode.
    kVersion,
    // The version was read.
    // Then kOpcode.
    kPosition,
    // The header, a record or a field expiry was given.
    // Then kExpiryFlag, kFieldExpiry or kEnded.
    kOpcode,
    // A record's opcode was read.
    // Then kExpiry or kKey.
    kExpiryFlag,
    // The flag 1 was read.
    // Then kKey.
    kExpiry,
    // The flag, and the expiry if there is one, was read.
    // Then the first element's state, or kRecordEnd for an empty collection.
    kKey,
    // A string's RecordBegin was given.
    // Then kRecordEnd.
    kStringValue,
    // A hash's RecordBegin or field was given, and a field is due.
    // Then kHashField or kRecordEnd.
    kHashField,
    // A list's RecordBegin or item was given, and an item is due.
    // Then kListItem or kRecordEnd.
    kListItem,
    // A set's RecordBegin or member was given, and a member is due.
    // Then kSetMember or kRecordEnd.
    kSetMember,
    // A sorted set's RecordBegin or member was given, and a member is due.
    // Then kScoredMember or kRecordEnd.
    kScoredMember,
    // A stream's RecordBegin was given.
    // Then kStreamEntry, kStreamGroupCount or kRecordEnd.
    kStreamInfo,
    // StreamInfo or a whole entry was given, and an entry is due.
    // Then kStreamField, or as behind the last field.
    kStreamEntry,
    // An entry or one of its fields was given, and a field is due.
    // Then kStreamField, kStreamEntry, kStreamGroupCount or kRecordEnd.
    kStreamField,
    // All entries were given (from version 4 on).
    // Then kStreamGroup or kRecordEnd.
    kStreamGroupCount,
    // The count or a whole group was given, and a group is due.
    // Then kStreamConsumer or kStreamPendingCount.
    kStreamGroup,
    // A group or one of its consumers was given, and a consumer is due.
    // Then kStreamConsumer or kStreamPendingCount.
    kStreamConsumer,
    // All consumers of a group were given.
    // Then kStreamPending, kStreamGroup or kRecordEnd.
    kStreamPendingCount,
    // The count or a pending entry was given, and a pending entry is due.
    // Then kStreamPending, kStreamGroup or kRecordEnd.
    kStreamPending,
    // All elements were given. RecordEnd is next and takes up 0 bytes.
    // Then kOpcode.
    kRecordEnd,
    // A field expiry's opcode was read: all records were given.
    // Then kOpcode.
    kFieldExpiry,
    // PayloadEnd was given. The bytes behind it are the trailer.
    // It stays, or kFailed.
    kEnded,
    // An error was reported.
    // It stays.
    kFailed,
  };

  template <typename Event>
  Outcome Give(const Event& event, State next);
  bool BeginRecord(uint64_t opcode);
  Outcome Key();
  Outcome Trailer();
  // The time that the payload's expiries count from.
  uint64_t expiry_base_ms() const {
    return version_ < internal::kAbsoluteExpirySince ? now_ms_ : 0;
  }
  // The state before an element of `type`.
  static State ElementState(RecordType type);
  State AfterElement(State element);
  State AfterEntry() const;
  State AfterConsumer() const;
  State AfterGroup() const;
  Outcome Stop();
  Outcome Fail(WireError error, uint64_t index);
  void SetError(WireError error, uint64_t index);

  internal::PayloadReader reader_;
  // Null before NextRecords(). It lies apart, so that moving this object leaves
  // the records in place.
  std::unique_ptr<internal::RecordScanner> scanner_;
  uint64_t max_string_bytes_;
  uint64_t now_ms_;
  State state_ = State::kMagic;
  uint8_t version_ = 0;
  uint8_t magic_bytes_ = 0;  // Bytes of the magic read so far.
  uint8_t opcode_ = 0;
  bool records_ended_ = false;  // A hash field expiry was given.
  uint64_t opcode_index_ = 0;
  std::optional<uint64_t> expire_at_ms_;
  // Elements still due: entries or groups, and the innermost ones.
  uint32_t outer_left_ = 0;
  uint32_t left_ = 0;
  uint64_t trailer_left_;  // Bytes that the limit still allows.

  PayloadEvent event_;
  WireError error_ = WireError::kNone;
  uint64_t bytes_decoded_ = 0;
  std::string error_key_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_SNAPSHOT_PAYLOAD_H_
