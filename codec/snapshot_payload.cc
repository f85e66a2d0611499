// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/snapshot_payload.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>

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
namespace {

using internal::Wire;

}  // namespace

PayloadDecoder::PayloadDecoder(uint64_t now_ms, const Limits& limits)
    : reader_(limits),
      max_string_bytes_(limits.max_bulk_bytes),
      now_ms_(now_ms),
      trailer_left_(limits.max_trailer_bytes) {}

void PayloadDecoder::Feed(absl::string_view bytes) {
  reader_.Release();
  if (error_ != WireError::kNone) return;
  if (reader_.has_more()) {
    SetError(WireError::kWrongOrder, reader_.bytes_read());
  } else {
    reader_.Feed(bytes);
  }
}

Outcome PayloadDecoder::Next() {
  reader_.Release();
  while (true) {
    switch (state_) {
      case State::kMagic:
        while (magic_bytes_ != internal::kPayloadMagic.size()) {
          if (!reader_.Read<Wire::kU8>()) return Stop();
          const auto expected =
              static_cast<unsigned char>(internal::kPayloadMagic[magic_bytes_]);
          if (reader_.number(0) != expected) {
            return Fail(WireError::kBadMagic, reader_.bytes_read() - 1);
          }
          ++magic_bytes_;
        }
        state_ = State::kVersion;
        break;

      case State::kVersion:
        if (!reader_.Read<Wire::kU8>()) return Stop();
        if (reader_.number(0) < internal::kMinPayloadVersion ||
            reader_.number(0) > internal::kMaxPayloadVersion) {
          return Fail(WireError::kBadVersion, reader_.bytes_read() - 1);
        }
        version_ = static_cast<uint8_t>(reader_.number(0));
        if (version_ < internal::kPositionSince) {
          return Give(PayloadHeader{version_, 0, 0}, State::kOpcode);
        }
        state_ = State::kPosition;
        break;

      case State::kPosition:
        if (!reader_.Read<Wire::kU64, Wire::kU64>()) return Stop();
        return Give(
            PayloadHeader{version_, reader_.number(0), reader_.number(1)},
            State::kOpcode);

      case State::kOpcode:
        if (!reader_.Read<Wire::kU8>()) return Stop();
        if (reader_.number(0) == internal::kEndOpcode) {
          return Give(PayloadEnd(), State::kEnded);
        }
        if (!BeginRecord(reader_.number(0))) {
          return Fail(WireError::kBadOpcode, reader_.bytes_read() - 1);
        }
        break;

      case State::kExpiryFlag:
        if (!reader_.Read<Wire::kU8>()) return Stop();
        if (reader_.number(0) > 1) {
          return Fail(WireError::kBadExpiryFlag, reader_.bytes_read() - 1);
        }
        state_ = reader_.number(0) == 1 ? State::kExpiry : State::kKey;
        break;

      case State::kExpiry:
        if (!reader_.Read<Wire::kU64>()) return Stop();
        expire_at_ms_ = internal::ExpiryAt(expiry_base_ms(), reader_.number(0));
        state_ = State::kKey;
        break;

      case State::kKey:
        return Key();

      case State::kStringValue:
        if (!reader_.Read<Wire::kString>()) return Stop();
        return Give(StringValue{reader_.string(0)}, State::kRecordEnd);

      case State::kHashField:
        if (!reader_.Read<Wire::kString, Wire::kString>()) return Stop();
        return Give(HashField{reader_.string(0), reader_.string(1)},
                    AfterElement(State::kHashField));

      case State::kListItem:
        if (!reader_.Read<Wire::kString>()) return Stop();
        return Give(ListItem{reader_.string(0)},
                    AfterElement(State::kListItem));

      case State::kSetMember:
        if (!reader_.Read<Wire::kString>()) return Stop();
        return Give(SetMember{reader_.string(0)},
                    AfterElement(State::kSetMember));

      case State::kScoredMember:
        if (!reader_.Read<Wire::kString, Wire::kU64>()) return Stop();
        return Give(ScoredMember{reader_.string(0),
                                 internal::DoubleOf(reader_.number(0))},
                    AfterElement(State::kScoredMember));

      case State::kStreamInfo:
        if (!reader_.Read<Wire::kU64, Wire::kU64, Wire::kU64, Wire::kU64,
                          Wire::kU64, Wire::kU32>()) {
          return Stop();
        }
        outer_left_ = static_cast<uint32_t>(reader_.number(5));
        return Give(StreamInfo{{reader_.number(0), reader_.number(1)},
                               {reader_.number(2), reader_.number(3)},
                               reader_.number(4),
                               outer_left_},
                    AfterEntry());

      case State::kStreamEntry:
        if (!reader_.Read<Wire::kU64, Wire::kU64, Wire::kU32>()) return Stop();
        --outer_left_;
        left_ = static_cast<uint32_t>(reader_.number(2));
        return Give(StreamEntry{{reader_.number(0), reader_.number(1)}, left_},
                    left_ != 0 ? State::kStreamField : AfterEntry());

      case State::kStreamField:
        if (!reader_.Read<Wire::kString, Wire::kString>()) return Stop();
        return Give(StreamField{reader_.string(0), reader_.string(1)},
                    --left_ != 0 ? State::kStreamField : AfterEntry());

      case State::kStreamGroupCount:
        if (!reader_.Read<Wire::kU32>()) return Stop();
        outer_left_ = static_cast<uint32_t>(reader_.number(0));
        return Give(StreamGroupCount{outer_left_}, AfterGroup());

      case State::kStreamGroup:
        if (!reader_
                 .Read<Wire::kString, Wire::kU64, Wire::kU64, Wire::kU32>()) {
          return Stop();
        }
        --outer_left_;
        left_ = static_cast<uint32_t>(reader_.number(2));
        return Give(StreamGroup{reader_.string(0),
                                {reader_.number(0), reader_.number(1)},
                                left_},
                    AfterConsumer());

      case State::kStreamConsumer:
        if (!reader_.Read<Wire::kString, Wire::kU64>()) return Stop();
        --left_;
        return Give(StreamConsumer{reader_.string(0), reader_.number(0)},
                    AfterConsumer());

      case State::kStreamPendingCount:
        if (!reader_.Read<Wire::kU32>()) return Stop();
        left_ = static_cast<uint32_t>(reader_.number(0));
        return Give(StreamPendingCount{left_},
                    left_ != 0 ? State::kStreamPending : AfterGroup());

      case State::kStreamPending:
        if (!reader_.Read<Wire::kU64, Wire::kU64, Wire::kString, Wire::kU64,
                          Wire::kU32>()) {
          return Stop();
        }
        return Give(StreamPending{{reader_.number(0), reader_.number(1)},
                                  reader_.string(0),
                                  reader_.number(2),
                                  static_cast<uint32_t>(reader_.number(3))},
                    --left_ != 0 ? State::kStreamPending : AfterGroup());

      case State::kRecordEnd:
        return Give(RecordEnd(), State::kOpcode);

      case State::kFieldExpiry:
        if (!reader_.Read<Wire::kString, Wire::kString, Wire::kU64>()) {
          return Stop();
        }
        return Give(FieldExpiry{reader_.string(0), reader_.string(1),
                                reader_.number(0)},
                    State::kOpcode);

      case State::kEnded:
        return Trailer();

      case State::kFailed:
        return Outcome::kError;
    }
  }
}

absl::Span<const PayloadRecord> PayloadDecoder::NextRecords(size_t max) {
  reader_.Release();
  internal::RecordScanner::Open open;
  switch (state_) {
    case State::kOpcode:
      if (records_ended_) return {};
      break;
    case State::kHashField:
      open = {RecordType::kHash, left_};
      break;
    case State::kListItem:
      open = {RecordType::kList, left_};
      break;
    case State::kSetMember:
      open = {RecordType::kSet, left_};
      break;
    case State::kScoredMember:
      open = {RecordType::kSortedSet, left_};
      break;
    default:
      return {};
  }
  const absl::string_view bytes = reader_.whole_groups();
  if (bytes.empty()) return {};
  if (scanner_ == nullptr) {
    scanner_.reset(new (std::nothrow)
                       internal::RecordScanner(max_string_bytes_));
    if (scanner_ == nullptr) return {};
  }
  const size_t n =
      scanner_->Scan(bytes, expiry_base_ms(), std::max<size_t>(max, 1), &open);
  if (n == 0) return {};
  reader_.SkipGroups(n);
  bytes_decoded_ = reader_.bytes_read();
  left_ = open.left;
  state_ = open.left != 0 ? ElementState(open.type) : State::kOpcode;
  return scanner_->records();
}

WireError PayloadDecoder::Finish() {
  reader_.Release();
  if (error_ != WireError::kNone) return error_;
  if (!ended()) {
    SetError(WireError::kTruncatedPayload, reader_.bytes_read());
  } else if (reader_.has_more()) {
    SetError(WireError::kWrongOrder, reader_.bytes_read());
  }
  return error_;
}

template <typename Event>
Outcome PayloadDecoder::Give(const Event& event, State next) {
  event_ = event;
  state_ = next;
  bytes_decoded_ = reader_.bytes_read();
  return Outcome::kDone;
}

// Continues behind an opcode. Returns false if the opcode may not come here.
bool PayloadDecoder::BeginRecord(uint64_t opcode) {
  if (opcode == internal::kFieldExpiryOpcode) {
    records_ended_ = true;
    state_ = State::kFieldExpiry;
    return version_ >= internal::kFieldExpirySince;
  }
  if (records_ended_ || opcode > internal::kRowSegmentOpcode) return false;
  if (opcode == internal::kRowSegmentOpcode &&
      version_ < internal::kRowSegmentSince) {
    return false;
  }
  opcode_ = static_cast<uint8_t>(opcode);
  opcode_index_ = reader_.bytes_read() - 1;
  expire_at_ms_.reset();
  state_ = State::kExpiryFlag;
  return true;
}

Outcome PayloadDecoder::Key() {
  if (opcode_ == internal::kRowSegmentOpcode) {
    if (!reader_.Read<Wire::kString>()) return Stop();
    error_key_ = std::string(reader_.string(0).substr(0, kMaxErrorKeyBytes));
    return Fail(WireError::kRowSegment, opcode_index_);
  }
  const auto type = static_cast<RecordType>(opcode_);
  if (type == RecordType::kString || type == RecordType::kStream) {
    if (!reader_.Read<Wire::kString>()) return Stop();
    return Give(
        RecordBegin{type, reader_.string(0), expire_at_ms_, 0},
        type == RecordType::kString ? State::kStringValue : State::kStreamInfo);
  }
  if (!reader_.Read<Wire::kString, Wire::kU32>()) return Stop();
  left_ = static_cast<uint32_t>(reader_.number(0));
  const State next = left_ != 0 ? ElementState(type) : State::kRecordEnd;
  return Give(RecordBegin{type, reader_.string(0), expire_at_ms_, left_}, next);
}

// Gives the rest of the piece.
Outcome PayloadDecoder::Trailer() {
  if (!reader_.has_more()) return Outcome::kNeedMore;
  if (trailer_left_ == 0) {
    return Fail(WireError::kTrailerTooLong, reader_.bytes_read());
  }
  const absl::string_view bytes = reader_.TakeUpTo(trailer_left_);
  if (bytes.empty()) {
    return Fail(WireError::kSnapshotTooLong, reader_.bytes_read());
  }
  trailer_left_ -= bytes.size();
  return Give(PayloadTrailer{bytes}, State::kEnded);
}

PayloadDecoder::State PayloadDecoder::ElementState(RecordType type) {
  switch (type) {
    case RecordType::kHash:
      return State::kHashField;
    case RecordType::kList:
      return State::kListItem;
    case RecordType::kSet:
      return State::kSetMember;
    default:
      return State::kScoredMember;
  }
}

PayloadDecoder::State PayloadDecoder::AfterElement(State element) {
  return --left_ != 0 ? element : State::kRecordEnd;
}

PayloadDecoder::State PayloadDecoder::AfterEntry() const {
  if (outer_left_ != 0) return State::kStreamEntry;
  return version_ >= internal::kStreamGroupsSince ? State::kStreamGroupCount
                                                  : State::kRecordEnd;
}

PayloadDecoder::State PayloadDecoder::AfterConsumer() const {
  return left_ != 0 ? State::kStreamConsumer : State::kStreamPendingCount;
}

PayloadDecoder::State PayloadDecoder::AfterGroup() const {
  return outer_left_ != 0 ? State::kStreamGroup : State::kRecordEnd;
}

// The reader stopped: at the piece's end, or at an error.
Outcome PayloadDecoder::Stop() {
  if (reader_.error() == WireError::kNone) return Outcome::kNeedMore;
  return Fail(reader_.error(), reader_.error_index());
}

Outcome PayloadDecoder::Fail(WireError error, uint64_t index) {
  SetError(error, index);
  return Outcome::kError;
}

void PayloadDecoder::SetError(WireError error, uint64_t index) {
  state_ = State::kFailed;
  error_ = error;
  bytes_decoded_ = index;
}

}  // namespace kevy_replica
