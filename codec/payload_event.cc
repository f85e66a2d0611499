// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/payload_event.h"

#include <cstdint>
#include <ostream>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"

namespace kevy_replica {
namespace {

bool HasCount(RecordType type) {
  return type != RecordType::kString && type != RecordType::kStream;
}

class TextAppender {
 public:
  explicit TextAppender(std::string* out) : out_(out) {}

  void operator()(const PayloadHeader& header) const {
    Word("header");
    Number("version", header.version);
    Number("generation", header.generation);
    Number("offset", header.offset);
  }
  void operator()(const RecordBegin& record) const {
    Word(RecordTypeName(record.type));
    String(record.key);
    if (HasCount(record.type)) Number("count", record.count);
    if (record.expire_at_ms.has_value()) {
      Number("expire_at_ms", *record.expire_at_ms);
    }
  }
  void operator()(const StringValue& value) const {
    Word("value");
    String(value.value);
  }
  void operator()(const HashField& field) const {
    Word("field");
    String(field.field);
    String(field.value);
  }
  void operator()(const ListItem& item) const {
    Word("item");
    String(item.item);
  }
  void operator()(const SetMember& member) const {
    Word("member");
    String(member.member);
  }
  void operator()(const ScoredMember& member) const {
    Word("scored_member");
    String(member.member);
    absl::StrAppendFormat(out_, " %.17g", member.score);
  }
  void operator()(const StreamInfo& info) const {
    Word("stream_info");
    Id("last_id=", info.last_id);
    Id("max_deleted_id=", info.max_deleted_id);
    Number("entries_added", info.entries_added);
    Number("entries", info.entry_count);
  }
  void operator()(const StreamEntry& entry) const {
    Word("stream_entry");
    Id("", entry.id);
    Number("fields", entry.field_count);
  }
  void operator()(const StreamField& field) const {
    Word("stream_field");
    String(field.field);
    String(field.value);
  }
  void operator()(const StreamGroupCount& groups) const {
    absl::StrAppend(out_, "stream_groups ", groups.count);
  }
  void operator()(const StreamGroup& group) const {
    Word("stream_group");
    String(group.name);
    Id("last_delivered_id=", group.last_delivered_id);
    Number("consumers", group.consumer_count);
  }
  void operator()(const StreamConsumer& consumer) const {
    Word("stream_consumer");
    String(consumer.name);
    Number("seen_at_ms", consumer.seen_at_ms);
  }
  void operator()(const StreamPendingCount& pending) const {
    absl::StrAppend(out_, "stream_pending_count ", pending.count);
  }
  void operator()(const StreamPending& pending) const {
    Word("stream_pending");
    Id("", pending.id);
    String(pending.consumer);
    Number("delivered_at_ms", pending.delivered_at_ms);
    Number("deliveries", pending.delivery_count);
  }
  void operator()(const RecordEnd&) const { Word("record_end"); }
  void operator()(const FieldExpiry& expiry) const {
    Word("field_expiry");
    String(expiry.key);
    String(expiry.field);
    Number("expire_at_ms", expiry.expire_at_ms);
  }
  void operator()(const PayloadEnd&) const { Word("payload_end"); }
  void operator()(const PayloadTrailer& trailer) const {
    Word("trailer");
    String(trailer.bytes);
  }

 private:
  void Word(absl::string_view word) const { absl::StrAppend(out_, word); }
  void String(absl::string_view bytes) const {
    out_->push_back(' ');
    AppendEscaped(bytes, out_);
  }
  void Number(absl::string_view name, uint64_t number) const {
    absl::StrAppend(out_, " ", name, "=", number);
  }
  void Id(absl::string_view prefix, const StreamId& id) const {
    absl::StrAppend(out_, " ", prefix);
    AppendText(id, out_);
  }

  std::string* out_;
};

}  // namespace

absl::string_view RecordTypeName(RecordType type) {
  switch (type) {
    case RecordType::kString:
      return "string";
    case RecordType::kHash:
      return "hash";
    case RecordType::kList:
      return "list";
    case RecordType::kSet:
      return "set";
    case RecordType::kSortedSet:
      return "sorted_set";
    case RecordType::kStream:
      return "stream";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, RecordType type) {
  return out << RecordTypeName(type);
}

void AppendText(const StreamId& id, std::string* out) {
  absl::StrAppend(out, id.ms, "-", id.seq);
}

void AppendText(const PayloadEvent& event, std::string* out) {
  std::visit(TextAppender(out), event);
}

std::ostream& operator<<(std::ostream& out, const PayloadEvent& event) {
  std::string text;
  AppendText(event, &text);
  return out << text;
}

}  // namespace kevy_replica
