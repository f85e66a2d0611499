// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Writes a snapshot's payload: for primaries, and for tests.
//
//   PayloadEncoder encoder;
//   std::string payload;
//   for (const PayloadEvent& event :
//        {PayloadEvent(PayloadHeader{6, generation, offset}),
//         PayloadEvent(RecordBegin{RecordType::kString, "key"}),
//         PayloadEvent(StringValue{"value"}), PayloadEvent(RecordEnd()),
//         PayloadEvent(PayloadEnd())}) {
//     const WireError error = encoder.Append(event, &payload);
//     if (error != WireError::kNone) return Fail(error);
//   }
//
// It takes the events of PayloadDecoder, in the same order. The events of a
// payload of versions 4 to 6 become the same bytes again. The caller may empty
// the string between two events, as it sends the payload in chunks of up to
// kMaxChunkBytes (snapshot.h).

#ifndef KEVY_REPLICA_CODEC_PAYLOAD_ENCODER_H_
#define KEVY_REPLICA_CODEC_PAYLOAD_ENCODER_H_

#include <cstdint>
#include <string>

#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

// Encodes one payload of version 4, 5 or 6: the versions that kevy writes now
// and a replica can load.
//
// Not thread-safe. Copyable.
class PayloadEncoder {
 public:
  // Appends the bytes of `event` to `*out`. A record may have the events of an
  // older version: a stream without StreamGroupCount has zero groups.
  //
  // Errors, with `*out` and the encoder unchanged:
  //
  // | error          | condition                                            |
  // |----------------|------------------------------------------------------|
  // | kBadVersion    | the version is outside 4 to 6                        |
  // | kBadGeneration | version 4 cannot carry a generation or an offset     |
  // | kBadOpcode     | unknown RecordType; a FieldExpiry before version 6   |
  // | kWrongOrder    | the event may not come now (see RecordBegin)         |
  // | kWrongCount    | more or fewer elements than declared                 |
  // | kBulkTooLong   | a string over 2^32 - 1 bytes                         |
  //
  // Behind PayloadEnd every event but PayloadTrailer is kWrongOrder. Use a new
  // encoder for the next payload.
  WireError Append(const PayloadEvent& event, std::string* out);

  // Whether the payload is complete: PayloadEnd was appended. A trailer may
  // still follow.
  bool ended() const { return state_ == State::kEnded; }

 private:
  class Appender;

  enum class State : uint8_t {
    // The encoder is new. PayloadHeader is next.
    // Then kRecord.
    kHeader,
    // The header or a RecordEnd was appended. A record, FieldExpiry or
    // PayloadEnd may come. Then the record's state, kFieldExpiry or kEnded.
    kRecord,
    // A string's RecordBegin was appended. StringValue is next.
    // Then kRecordEnd.
    kStringValue,
    // A RecordBegin of this type was appended, and `left_` elements are due.
    // They keep the state. RecordEnd leads to kRecord when none is due.
    kHash,
    kList,
    kSet,
    kSortedSet,
    // A stream's RecordBegin was appended. StreamInfo is next.
    // Then kEntry.
    kStreamInfo,
    // StreamInfo was appended; entries and their fields are due.
    // StreamGroupCount leads to kGroup, RecordEnd (zero groups) to kRecord.
    kEntry,
    // StreamGroupCount was appended. StreamGroup or RecordEnd may come.
    // Then kConsumer or kRecord.
    kGroup,
    // A StreamGroup was appended; its consumers are due.
    // StreamPendingCount leads to kPending.
    kConsumer,
    // StreamPendingCount was appended; the group's pending entries are due.
    // StreamGroup leads to kConsumer, RecordEnd to kRecord.
    kPending,
    // A StringValue was appended. RecordEnd is next.
    // Then kRecord.
    kRecordEnd,
    // A FieldExpiry was appended. FieldExpiry or PayloadEnd may come.
    // Then kFieldExpiry or kEnded.
    kFieldExpiry,
    // PayloadEnd was appended. PayloadTrailer may come, any number of times.
    // It stays.
    kEnded,
  };

  State state_ = State::kHeader;
  uint8_t version_ = 0;
  // Elements still due: entries or groups, and the innermost ones.
  uint32_t outer_left_ = 0;
  uint32_t left_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_PAYLOAD_ENCODER_H_
