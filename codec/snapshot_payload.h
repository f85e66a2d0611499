// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A snapshot's payload, which its chunks' bytes are, decoded as it arrives.
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
//       return Fail(decoder.error(), decoder.position());
//     }
//   }
//   if (decoder.Finish() != WireError::kNone) return Fail(...);
//
// payload_event.h tells which events come, and in which order: that, the
// decoder sees to, so that nobody else has to. Up to an error all events are
// handed out, so what they become should be kept apart until Finish() is right.
//
// A string is a view of the piece that was fed, if it lies whole in it, and
// else of the decoder's scratch, to which it was copied, once. The decoder may
// be stopped at any byte: it goes on from there, so the work is linear in the
// bytes, however they arrive.
//
// Memory: the scratch holds the strings of one event, at most two, as far as
// they have arrived; at most twice that is allocated (or ByteBuffer's least, 4
// KiB). So that is no more than four times the longest string, however large a
// collection is and whatever lengths and counts are declared. What a huge
// string took is given back, down to ByteBuffer::kKeptCapacity, when some dozen
// others have been cut. In the steady state nothing is allocated.
//
// Under AddressSanitizer a view of the scratch that has outlived its event
// aborts when it is read. (A view of the piece is as good as the piece.)

#ifndef KEVY_REPLICA_CODEC_SNAPSHOT_PAYLOAD_H_
#define KEVY_REPLICA_CODEC_SNAPSHOT_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/payload_reader.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

namespace codec_testing {
class TestAccess;
}  // namespace codec_testing

// Decodes one payload, of any version from 2 to 7.
//
// Not thread-safe. Movable, not copyable; one that was moved from can only be
// assigned to or destroyed.
class PayloadDecoder {
 public:
  // `now_ms` is the Unix time in milliseconds, from which version 2 counts its
  // expiries; other versions do without. Of `limits`, max_bulk_bytes is for a
  // string and max_snapshot_bytes for the payload.
  explicit PayloadDecoder(uint64_t now_ms, const Limits& limits = Limits());
  PayloadDecoder(PayloadDecoder&&) = default;
  PayloadDecoder& operator=(PayloadDecoder&&) = default;

  // Gives the next bytes, of any number. They must stay as they are until
  // Next() has returned kNeedMore, and as long as events are used that are
  // views of them. Feeding more while there are some left is kWrongOrder.
  void Feed(absl::string_view bytes);

  // Decodes the next event.
  //
  // | returns   | then                                                        |
  // |-----------|-------------------------------------------------------------|
  // | kDone     | event() is it, until the next non-const call                |
  // | kNeedMore | the piece was taken whole: Feed the next one, or Finish     |
  // | kError    | error() and position() say what and where; for ever         |
  //
  // Errors, and where:
  //
  // | error            | position                                             |
  // |------------------|------------------------------------------------------|
  // | kBadMagic        | the first byte that is not the magic's               |
  // | kBadVersion, kBadOpcode, kBadExpiryFlag | that byte                     |
  // | kBulkTooLong     | the first byte of the length                         |
  // | kSnapshotTooLong | the same; or, if that is no length, the first byte   |
  // |                  | past the limit                                       |
  // | kRowSegment      | the opcode; error_key() has the key                  |
  // | kTrailingBytes   | the first byte behind the end                        |
  // | kWrongOrder      | the first byte that had not been taken               |
  //
  // kBadOpcode is also a hash field expiry before version 6, a row-segment stub
  // before 7, and a record behind the first hash field expiry.
  Outcome Next();

  // To be called at the snapshot's end, when Next() has returned kNeedMore:
  // kNone if the payload has ended, too; else kTruncatedPayload, with the
  // number of bytes that there were as position(); or the error that there was.
  // For ever, too.
  WireError Finish();

  // The event that the last Next() decoded. Valid after kDone, until the next
  // non-const call.
  const PayloadEvent& event() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return event_;
  }

  // kNone, until a call has told of an error; from then on what it was.
  WireError error() const { return error_; }

  // After kRowSegment: the key whose row lies on the primary's disk, so that it
  // cannot be had from a snapshot. Valid as long as this object; else empty.
  absl::string_view error_key() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return error_key_;
  }

  // Bytes from the start of the payload: to the end of the last event decoded,
  // or, after an error, to the byte that is wrong. RecordEnd takes up none.
  uint64_t position() const { return position_; }

  // Whether PayloadEnd has come.
  bool ended() const { return state_ == State::kEnded; }

  // Bytes of memory held for strings that are cut.
  size_t memory_bytes() const { return reader_.scratch_capacity(); }

  // What copying those has cost so far: at most a few times the bytes fed.
  uint64_t bytes_copied() const { return reader_.bytes_copied(); }

 private:
  friend class codec_testing::TestAccess;

  // What comes next.
  enum class State : uint8_t {
    kMagic,
    kVersion,
    kPosition,
    kOpcode,
    kExpiryFlag,
    kExpiry,
    kKey,
    kStringValue,
    kHashField,
    kListItem,
    kSetMember,
    kScoredMember,
    kStreamInfo,
    kStreamEntry,
    kStreamField,
    kStreamGroupCount,
    kStreamGroup,
    kStreamConsumer,
    kStreamPendingCount,
    kStreamPending,
    kRecordEnd,
    kFieldExpiry,
    kEnded,
    kFailed,
  };

  template <typename Event>
  Outcome Give(const Event& event, State next);
  bool BeginRecord(uint64_t opcode);
  Outcome Key();
  State AfterElement(State element);
  State AfterEntry() const;
  State AfterConsumer() const;
  State AfterGroup() const;
  Outcome Stop();
  Outcome Fail(WireError error, uint64_t position);
  void SetError(WireError error, uint64_t position);

  internal::PayloadReader reader_;
  uint64_t now_ms_;
  State state_ = State::kMagic;
  uint8_t version_ = 0;
  uint8_t magic_bytes_ = 0;  // Of the magic that have come.
  uint8_t opcode_ = 0;
  bool records_ended_ = false;  // A hash field expiry has come.
  uint64_t opcode_position_ = 0;
  std::optional<uint64_t> expire_at_ms_;
  // Still to come: of entries or groups, and of what is innermost.
  uint32_t outer_left_ = 0;
  uint32_t left_ = 0;

  PayloadEvent event_;
  WireError error_ = WireError::kNone;
  uint64_t position_ = 0;
  std::string error_key_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_SNAPSHOT_PAYLOAD_H_
