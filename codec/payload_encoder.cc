// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/payload_encoder.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/encode.h"
#include "kevy_replica/codec/internal/payload_format.h"
#include "kevy_replica/codec/internal/store.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr uint8_t kMinEncodedVersion = 4;
constexpr uint8_t kMaxEncodedVersion = 6;

bool TooLong(absl::string_view bytes) {
  return bytes.size() > std::numeric_limits<uint32_t>::max();
}

uint64_t BitsOf(double number) {
  static_assert(std::numeric_limits<double>::is_iec559, "IEEE 754");
  uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

}  // namespace

// Each function checks its event completely before it appends or changes
// anything.
class PayloadEncoder::Appender {
 public:
  Appender(PayloadEncoder* encoder, std::string* out)
      : e_(*encoder), out_(*out) {}

  WireError operator()(const PayloadHeader& header) {
    if (e_.state_ != State::kHeader) return WireError::kWrongOrder;
    if (header.version < kMinEncodedVersion ||
        header.version > kMaxEncodedVersion) {
      return WireError::kBadVersion;
    }
    const bool has_position = header.version >= internal::kPositionSince;
    if (!has_position && (header.generation != 0 || header.offset != 0)) {
      return WireError::kBadGeneration;
    }
    out_.append(internal::kPayloadMagic.data(), internal::kPayloadMagic.size());
    Byte(header.version);
    if (has_position) {
      Number64(header.generation);
      Number64(header.offset);
    }
    e_.version_ = header.version;
    e_.state_ = State::kRecord;
    return WireError::kNone;
  }

  WireError operator()(const RecordBegin& record) {
    if (e_.state_ != State::kRecord) return WireError::kWrongOrder;
    const std::optional<State> state = StateIn(record.type);
    if (!state.has_value()) return WireError::kBadOpcode;
    const bool has_count =
        *state != State::kStringValue && *state != State::kStreamInfo;
    if (TooLong(record.key)) return WireError::kBulkTooLong;
    if (!has_count && record.count != 0) return WireError::kWrongCount;
    Byte(static_cast<uint8_t>(record.type));
    Byte(record.expire_at_ms.has_value() ? 1 : 0);
    if (record.expire_at_ms.has_value()) Number64(*record.expire_at_ms);
    String(record.key);
    if (has_count) Number32(record.count);
    e_.state_ = *state;
    e_.left_ = record.count;
    return WireError::kNone;
  }

  WireError operator()(const StringValue& value) {
    if (e_.state_ != State::kStringValue) return WireError::kWrongOrder;
    if (TooLong(value.value)) return WireError::kBulkTooLong;
    String(value.value);
    e_.state_ = State::kRecordEnd;
    return WireError::kNone;
  }

  WireError operator()(const HashField& field) {
    return Pair(State::kHash, field.field, field.value);
  }

  WireError operator()(const ListItem& item) {
    return Element(State::kList, item.item);
  }

  WireError operator()(const SetMember& member) {
    return Element(State::kSet, member.member);
  }

  WireError operator()(const ScoredMember& member) {
    const WireError error = Element(State::kSortedSet, member.member);
    if (error == WireError::kNone) Number64(BitsOf(member.score));
    return error;
  }

  WireError operator()(const StreamInfo& info) {
    if (e_.state_ != State::kStreamInfo) return WireError::kWrongOrder;
    Id(info.last_id);
    Id(info.max_deleted_id);
    Number64(info.entries_added);
    Number32(info.entry_count);
    e_.state_ = State::kEntry;
    e_.outer_left_ = info.entry_count;
    e_.left_ = 0;
    return WireError::kNone;
  }

  WireError operator()(const StreamEntry& entry) {
    if (e_.state_ != State::kEntry) return WireError::kWrongOrder;
    if (e_.left_ != 0 || e_.outer_left_ == 0) return WireError::kWrongCount;
    Id(entry.id);
    Number32(entry.field_count);
    --e_.outer_left_;
    e_.left_ = entry.field_count;
    return WireError::kNone;
  }

  WireError operator()(const StreamField& field) {
    return Pair(State::kEntry, field.field, field.value);
  }

  WireError operator()(const StreamGroupCount& groups) {
    if (e_.state_ != State::kEntry) return WireError::kWrongOrder;
    if (SomeLeft()) return WireError::kWrongCount;
    Number32(groups.count);
    e_.state_ = State::kGroup;
    e_.outer_left_ = groups.count;
    return WireError::kNone;
  }

  WireError operator()(const StreamGroup& group) {
    if (e_.state_ != State::kGroup && e_.state_ != State::kPending) {
      return WireError::kWrongOrder;
    }
    if (e_.left_ != 0 || e_.outer_left_ == 0) return WireError::kWrongCount;
    if (TooLong(group.name)) return WireError::kBulkTooLong;
    String(group.name);
    Id(group.last_delivered_id);
    Number32(group.consumer_count);
    e_.state_ = State::kConsumer;
    --e_.outer_left_;
    e_.left_ = group.consumer_count;
    return WireError::kNone;
  }

  WireError operator()(const StreamConsumer& consumer) {
    const WireError error = Element(State::kConsumer, consumer.name);
    if (error == WireError::kNone) Number64(consumer.seen_at_ms);
    return error;
  }

  WireError operator()(const StreamPendingCount& pending) {
    if (e_.state_ != State::kConsumer) return WireError::kWrongOrder;
    if (e_.left_ != 0) return WireError::kWrongCount;
    Number32(pending.count);
    e_.state_ = State::kPending;
    e_.left_ = pending.count;
    return WireError::kNone;
  }

  WireError operator()(const StreamPending& pending) {
    const WireError error = CheckElement(State::kPending, pending.consumer);
    if (error != WireError::kNone) return error;
    Id(pending.id);
    String(pending.consumer);
    Number64(pending.delivered_at_ms);
    Number32(pending.delivery_count);
    --e_.left_;
    return WireError::kNone;
  }

  WireError operator()(const RecordEnd&) {
    switch (e_.state_) {
      case State::kHash:
      case State::kList:
      case State::kSet:
      case State::kSortedSet:
        if (e_.left_ != 0) return WireError::kWrongCount;
        break;
      case State::kEntry:
        if (SomeLeft()) return WireError::kWrongCount;
        Number32(0);  // Zero groups.
        break;
      case State::kGroup:
      case State::kPending:
        if (SomeLeft()) return WireError::kWrongCount;
        break;
      case State::kRecordEnd:
        break;
      default:
        return WireError::kWrongOrder;
    }
    e_.state_ = State::kRecord;
    return WireError::kNone;
  }

  WireError operator()(const FieldExpiry& expiry) {
    if (e_.state_ != State::kRecord && e_.state_ != State::kFieldExpiry) {
      return WireError::kWrongOrder;
    }
    if (e_.version_ < internal::kFieldExpirySince) return WireError::kBadOpcode;
    if (TooLong(expiry.key) || TooLong(expiry.field)) {
      return WireError::kBulkTooLong;
    }
    Byte(internal::kFieldExpiryOpcode);
    String(expiry.key);
    String(expiry.field);
    Number64(expiry.expire_at_ms);
    e_.state_ = State::kFieldExpiry;
    return WireError::kNone;
  }

  WireError operator()(const PayloadEnd&) {
    if (e_.state_ != State::kRecord && e_.state_ != State::kFieldExpiry) {
      return WireError::kWrongOrder;
    }
    Byte(internal::kEndOpcode);
    e_.state_ = State::kEnded;
    return WireError::kNone;
  }

  WireError operator()(const PayloadTrailer& trailer) {
    if (e_.state_ != State::kEnded) return WireError::kWrongOrder;
    out_.append(trailer.bytes.data(), trailer.bytes.size());
    return WireError::kNone;
  }

 private:
  // Returns the state behind the RecordBegin of a type, or nullopt for an
  // unknown type.
  static std::optional<State> StateIn(RecordType type) {
    switch (type) {
      case RecordType::kString:
        return State::kStringValue;
      case RecordType::kHash:
        return State::kHash;
      case RecordType::kList:
        return State::kList;
      case RecordType::kSet:
        return State::kSet;
      case RecordType::kSortedSet:
        return State::kSortedSet;
      case RecordType::kStream:
        return State::kStreamInfo;
    }
    return std::nullopt;
  }

  bool SomeLeft() const { return e_.left_ != 0 || e_.outer_left_ != 0; }

  WireError CheckElement(State state, absl::string_view bytes) const {
    if (e_.state_ != state) return WireError::kWrongOrder;
    if (e_.left_ == 0) return WireError::kWrongCount;
    return TooLong(bytes) ? WireError::kBulkTooLong : WireError::kNone;
  }
  WireError Element(State state, absl::string_view bytes) {
    const WireError error = CheckElement(state, bytes);
    if (error != WireError::kNone) return error;
    String(bytes);
    --e_.left_;
    return WireError::kNone;
  }
  WireError Pair(State state, absl::string_view field,
                 absl::string_view value) {
    const WireError error = CheckElement(state, field);
    if (error != WireError::kNone) return error;
    if (TooLong(value)) return WireError::kBulkTooLong;
    String(field);
    String(value);
    --e_.left_;
    return WireError::kNone;
  }

  void Byte(uint8_t byte) { out_.push_back(static_cast<char>(byte)); }
  void Number32(uint32_t number) {
    char bytes[sizeof number];
    internal::StoreLittleEndian32(number, bytes);
    out_.append(bytes, sizeof bytes);
  }
  void Number64(uint64_t number) {
    char bytes[sizeof number];
    internal::StoreLittleEndian64(number, bytes);
    out_.append(bytes, sizeof bytes);
  }
  void Id(const StreamId& id) {
    Number64(id.ms);
    Number64(id.seq);
  }
  void String(absl::string_view bytes) {
    Number32(static_cast<uint32_t>(bytes.size()));
    out_.append(bytes.data(), bytes.size());
  }

  PayloadEncoder& e_;
  std::string& out_;
};

WireError PayloadEncoder::Append(const PayloadEvent& event, std::string* out) {
  return std::visit(Appender(this, out), event);
}

}  // namespace kevy_replica
