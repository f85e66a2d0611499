// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The events of a decoded snapshot payload.
//
//   header version=6 generation=0 offset=0
//   hash "user:1" count=2 expire_at_ms=1795464156171
//   field "name" "Ann"
//   field "mail" "ann@example.org"
//   record_end
//   field_expiry "user:1" "mail" expire_at_ms=1795464156373
//   payload_end
//   trailer "\t..."
//
// PayloadDecoder (snapshot_payload.h) gives these events, and PayloadEncoder
// (payload_encoder.h) takes them, in the same order.
//
// Source: kevy's documentation of its snapshots, and payloads that kevy 2.0.20,
// 3.18.0 and 5.4.0 wrote (testdata/captures). For the trailer: the source of
// kevy 7.0.

#ifndef KEVY_REPLICA_CODEC_PAYLOAD_EVENT_H_
#define KEVY_REPLICA_CODEC_PAYLOAD_EVENT_H_

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// Strings are binary, may be empty, and are views: PayloadDecoder::Next()
// defines their lifetime. Times are Unix time in milliseconds. A count is the
// peer's claim, up to 2^32 - 1, about the events that follow. Do not reserve
// memory by it.

// Always the first event. The position is {0, 0} before version 5; kevy 5.4.0
// leaves it {0, 0} in version 6, too. SnapshotEnd tells the next offset always.
struct PayloadHeader {
  uint8_t version = 0;      // 2 to 7.
  uint64_t generation = 0;  // 0: unknown.
  uint64_t offset = 0;

  template <typename T>
  static auto ValueFields(const T& header) {
    return std::tie(header.version, header.generation, header.offset);
  }
};

// The numbers of the wire.
enum class RecordType : uint8_t {
  kString = 1,
  kHash = 2,
  kList = 3,
  kSet = 4,
  kSortedSet = 5,
  kStream = 6,
};

// Returns "string", "hash", "list", "set", "sorted_set" or "stream".
absl::string_view RecordTypeName(RecordType type);
std::ostream& operator<<(std::ostream& out, RecordType type);
template <typename Sink>
void AbslStringify(Sink& sink, RecordType type) {
  sink.Append(RecordTypeName(type));
}

// A key. Its value follows, up to RecordEnd:
//
// | type       | events                                                      |
// |------------|-------------------------------------------------------------|
// | kString    | one StringValue                                             |
// | kHash      | `count` HashField                                           |
// | kList      | `count` ListItem, head first                                |
// | kSet       | `count` SetMember                                           |
// | kSortedSet | `count` ScoredMember                                        |
// | kStream    | StreamInfo; its StreamEntry, each with its StreamField;     |
// |            | from version 4 on StreamGroupCount; its StreamGroup, each   |
// |            | with its StreamConsumer, StreamPendingCount, StreamPending  |
struct RecordBegin {
  RecordType type = RecordType::kString;
  absl::string_view key;
  std::optional<uint64_t> expire_at_ms;
  uint32_t count = 0;  // Of kHash, kList, kSet, kSortedSet; else 0.

  template <typename T>
  static auto ValueFields(const T& record) {
    return std::make_tuple(record.type, record.key,
                           record.expire_at_ms.has_value(),
                           record.expire_at_ms.value_or(0), record.count);
  }
};

// The value of a kString.
struct StringValue {
  absl::string_view value;

  template <typename T>
  static auto ValueFields(const T& string) {
    return std::tie(string.value);
  }
};

// One field of a kHash.
struct HashField {
  absl::string_view field;
  absl::string_view value;

  template <typename T>
  static auto ValueFields(const T& pair) {
    return std::tie(pair.field, pair.value);
  }
};

// One item of a kList.
struct ListItem {
  absl::string_view item;

  template <typename T>
  static auto ValueFields(const T& element) {
    return std::tie(element.item);
  }
};

// One member of a kSet.
struct SetMember {
  absl::string_view member;

  template <typename T>
  static auto ValueFields(const T& element) {
    return std::tie(element.member);
  }
};

// One member of a kSortedSet.
struct ScoredMember {
  absl::string_view member;
  double score = 0;  // Often infinite; NaN is possible.

  template <typename T>
  static auto ValueFields(const T& element) {
    return std::tie(element.member, element.score);
  }
};

// "<ms>-<seq>", as in stream commands.
struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  template <typename T>
  static auto ValueFields(const T& id) {
    return std::tie(id.ms, id.seq);
  }
};

// The numbers of a kStream. Its entries follow.
struct StreamInfo {
  StreamId last_id;
  StreamId max_deleted_id;
  uint64_t entries_added = 0;  // Over all time, deleted ones included.
  uint32_t entry_count = 0;

  template <typename T>
  static auto ValueFields(const T& info) {
    return std::tie(info.last_id, info.max_deleted_id, info.entries_added,
                    info.entry_count);
  }
};

// One entry of a kStream. Its fields follow.
struct StreamEntry {
  StreamId id;
  uint32_t field_count = 0;

  template <typename T>
  static auto ValueFields(const T& entry) {
    return std::tie(entry.id, entry.field_count);
  }
};

// One field of a StreamEntry.
struct StreamField {
  absl::string_view field;
  absl::string_view value;

  template <typename T>
  static auto ValueFields(const T& pair) {
    return std::tie(pair.field, pair.value);
  }
};

// The number of groups of a kStream. They follow.
struct StreamGroupCount {
  uint32_t count = 0;

  template <typename T>
  static auto ValueFields(const T& groups) {
    return std::tie(groups.count);
  }
};

// A consumer group. Its consumers and pending entries follow.
struct StreamGroup {
  absl::string_view name;
  StreamId last_delivered_id;
  uint32_t consumer_count = 0;

  template <typename T>
  static auto ValueFields(const T& group) {
    return std::tie(group.name, group.last_delivered_id, group.consumer_count);
  }
};

// A consumer of a StreamGroup.
struct StreamConsumer {
  absl::string_view name;
  uint64_t seen_at_ms = 0;

  template <typename T>
  static auto ValueFields(const T& consumer) {
    return std::tie(consumer.name, consumer.seen_at_ms);
  }
};

struct StreamPendingCount {
  uint32_t count = 0;  // Of the group, for all its consumers.

  template <typename T>
  static auto ValueFields(const T& pending) {
    return std::tie(pending.count);
  }
};

// A delivered entry that awaits its acknowledgement.
struct StreamPending {
  StreamId id;
  absl::string_view consumer;
  uint64_t delivered_at_ms = 0;
  uint32_t delivery_count = 0;

  template <typename T>
  static auto ValueFields(const T& pending) {
    return std::tie(pending.id, pending.consumer, pending.delivered_at_ms,
                    pending.delivery_count);
  }
};

// The end of a record's value.
struct RecordEnd {
  template <typename T>
  static auto ValueFields(const T&) {
    return std::tuple<>();
  }
};

// The expiry of one field of a hash. From version 6 on, behind all records.
struct FieldExpiry {
  absl::string_view key;
  absl::string_view field;
  uint64_t expire_at_ms = 0;

  template <typename T>
  static auto ValueFields(const T& expiry) {
    return std::tie(expiry.key, expiry.field, expiry.expire_at_ms);
  }
};

// All records and field expiries were given. A trailer may follow.
struct PayloadEnd {
  template <typename T>
  static auto ValueFields(const T&) {
    return std::tuple<>();
  }
};

// A piece of the bytes behind PayloadEnd, as they are. They arrive in any
// number of pieces, in order. A reader may ignore them.
//
// Kevy 7.0 writes two kinds of records there: a command that declares indexes,
// views and tables, and the state of stream consumer groups that StreamGroup
// cannot carry. Neither changes a key's value. Kevy itself ignores unknown ones
// and all behind them.
struct PayloadTrailer {
  absl::string_view bytes;

  template <typename T>
  static auto ValueFields(const T& trailer) {
    return std::tie(trailer.bytes);
  }
};

// Any event of a payload.
using PayloadEvent =
    std::variant<PayloadHeader, RecordBegin, StringValue, HashField, ListItem,
                 SetMember, ScoredMember, StreamInfo, StreamEntry, StreamField,
                 StreamGroupCount, StreamGroup, StreamConsumer,
                 StreamPendingCount, StreamPending, RecordEnd, FieldExpiry,
                 PayloadEnd, PayloadTrailer>;

// Appends the event as one line of text, without a line end, as in the examples
// above and below. Numbers have names, strings have the escapes of escape.h,
// and a score has the 17 digits that identify a double.
//
//   string "str" expire_at_ms=1795464156171       value "hello"
//   list "list" count=4                           item "a"
//   set "set" count=2                             member "x"
//   sorted_set "zset" count=4                     scored_member "m" 1.5
//   stream "stream"
//   stream_info last_id=6-0 max_deleted_id=0-0 entries_added=2 entries=2
//   stream_entry 5-1 fields=2                     stream_field "f" "v"
//   stream_groups 1
//   stream_group "grp" last_delivered_id=5-1 consumers=1
//   stream_consumer "c1" seen_at_ms=1795364156172
//   stream_pending_count 1
//   stream_pending 5-1 "c1" delivered_at_ms=1795364156172 deliveries=1
void AppendText(const PayloadEvent& event, std::string* out);
std::ostream& operator<<(std::ostream& out, const PayloadEvent& event);
// Templates of T, so that only programs that use them instantiate the variant.
template <typename H, typename T,
          std::enable_if_t<std::is_same_v<T, PayloadEvent>, int> = 0>
H AbslHashValue(H state, const T& event) {
  return std::visit(
      [&state, &event](const auto& alternative) {
        return H::combine(std::move(state), event.index(), alternative);
      },
      event);
}
template <typename Sink, typename T,
          std::enable_if_t<std::is_same_v<T, PayloadEvent>, int> = 0>
void AbslStringify(Sink& sink, const T& event) {
  std::string text;
  AppendText(event, &text);
  sink.Append(absl::string_view(text));
}

// Appends `5-1`.
void AppendText(const StreamId& id, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_PAYLOAD_EVENT_H_
