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
// It takes the events that PayloadDecoder gives, in the same order: what came
// from a payload of versions 4 to 6 becomes the same bytes again. The string
// may be emptied between two events, as it is sent, in chunks of up to
// kMaxChunkBytes (snapshot.h).

#ifndef KEVY_REPLICA_CODEC_PAYLOAD_ENCODER_H_
#define KEVY_REPLICA_CODEC_PAYLOAD_ENCODER_H_

#include <cstdint>
#include <string>

#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

// Encodes one payload, of version 4, 5 or 6: those that kevy writes now and a
// replica can load.
//
// Not thread-safe. Copyable.
class PayloadEncoder {
 public:
  // Appends the bytes of `event` to `*out`. An event of a record of an older
  // version is taken as it is: a stream without StreamGroupCount has no groups.
  //
  // After an error both `*out` and the encoder are as they were:
  //
  // | error        | when                                                    |
  // |--------------|---------------------------------------------------------|
  // | kBadVersion  | the version is none of 4 to 6                           |
  // | kBadGeneration | version 4 has no place for a generation or an offset  |
  // | kBadOpcode   | no such RecordType; a FieldExpiry before version 6      |
  // | kWrongOrder  | the event may not come now (see RecordBegin)            |
  // | kWrongCount  | there were more or fewer than were declared             |
  // | kBulkTooLong | a string over 2^32 - 1 bytes                            |
  //
  // An event behind PayloadEnd is kWrongOrder; take a new encoder.
  WireError Append(const PayloadEvent& event, std::string* out);

  // Whether the payload is whole: PayloadEnd was appended.
  bool ended() const { return state_ == State::kEnded; }

 private:
  class Appender;

  // What was appended last, or what may come next.
  enum class State : uint8_t {
    kHeader,       // Nothing yet.
    kRecord,       // Between records.
    kStringValue,  // Behind a string's RecordBegin.
    kHash,         // Among the elements of a record of this type.
    kList,
    kSet,
    kSortedSet,
    kStreamInfo,  // Behind a stream's RecordBegin.
    kEntry,       // Among a stream's entries and their fields.
    kGroup,       // Before a group, or behind the last one.
    kConsumer,    // Among a group's consumers.
    kPending,     // Among a group's pending entries.
    kRecordEnd,   // Behind a string's value.
    kFieldExpiry,
    kEnded,
  };

  State state_ = State::kHeader;
  uint8_t version_ = 0;
  // Still to come: of entries or groups, and of what is innermost.
  uint32_t outer_left_ = 0;
  uint32_t left_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_PAYLOAD_ENCODER_H_
