// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/payload_commands.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"

namespace kevy_replica {
namespace {

std::string Text(const StreamId& id) {
  return absl::StrCat(id.ms, "-", id.seq);
}

// The largest number that a server reads.
constexpr uint64_t kMaxNumber = std::numeric_limits<int64_t>::max();

// Whether a server accepts `ms` as a time. A later time never comes.
bool IsDeadline(uint64_t ms) { return ms <= kMaxNumber; }

bool IsEarlier(const StreamId& a, const StreamId& b) {
  return std::tie(a.ms, a.seq) < std::tie(b.ms, b.seq);
}

// 17 digits tell every double from its neighbours.
std::string Text(double score) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", score);
  return text;
}

struct ItemTexts {
  PayloadItem item;
  absl::string_view name;
  absl::string_view text;
};

constexpr ItemTexts kItemTexts[] = {
    {PayloadItem::kFieldDeadline, "field_deadline",
     "the target cannot expire hash fields: a field stays without a deadline"},
    {PayloadItem::kFieldDeadlineAlone, "field_deadline_alone",
     "a field's deadline came without the field: left out"},
    {PayloadItem::kNanScore, "nan_score",
     "a score is not a number, which no target keeps: its member is left out"},
    {PayloadItem::kStreamId, "stream_id",
     "the stream's last or highest deleted id is out of the target's range: "
     "clamped"},
    {PayloadItem::kStreamCounter, "stream_counter",
     "the stream's number of added entries is out of the target's range: "
     "clamped"},
    {PayloadItem::kPendingTime, "pending_time",
     "the delivery time of a pending entry is out of the target's range: "
     "clamped"},
    {PayloadItem::kPendingAlone, "pending_alone",
     "the target keeps no pending entry whose message is gone: left out"},
};

const ItemTexts& TextsOf(PayloadItem item) {
  for (const ItemTexts& texts : kItemTexts) {
    if (texts.item == item) return texts;
  }
  return kItemTexts[0];
}

}  // namespace

class PayloadCommands::Taker {
 public:
  explicit Taker(PayloadCommands* self) : self_(self) {}

  void operator()(const PayloadHeader&) const {
    self_->status_ = absl::OkStatus();
    self_->Begin({});
  }
  void operator()(const RecordBegin& record) const {
    self_->key_ = std::string(record.key);
    self_->type_ = record.type;
    self_->expire_at_ms_ = record.expire_at_ms;
    self_->entries_ended_ = false;
    self_->entries_ = 0;
    self_->last_entry_ = StreamId();
    // SET replaces the value and the deadline by itself.
    if (self_->options_.delete_first && record.type != RecordType::kString) {
      self_->EmitNow({"DEL", self_->key_});
    }
    switch (record.type) {
      case RecordType::kHash:
        self_->Begin({"HSET", self_->key_});
        break;
      case RecordType::kList:
        self_->Begin({"RPUSH", self_->key_});
        break;
      case RecordType::kSet:
        self_->Begin({"SADD", self_->key_});
        break;
      case RecordType::kSortedSet:
        self_->Begin({"ZADD", self_->key_});
        break;
      case RecordType::kString:
      case RecordType::kStream:
        break;
    }
  }
  void operator()(const StringValue& value) const {
    self_->EmitNow({"SET", self_->key_, value.value});
  }
  void operator()(const HashField& field) const {
    self_->Add(field.field);
    self_->Add(field.value);
    self_->EmitIfLarge();
  }
  void operator()(const ListItem& item) const {
    self_->Add(item.item);
    self_->EmitIfLarge();
  }
  void operator()(const SetMember& member) const {
    self_->Add(member.member);
    self_->EmitIfLarge();
  }
  void operator()(const ScoredMember& member) const {
    if (std::isnan(member.score)) {
      self_->Lose(PayloadItem::kNanScore);
      return;
    }
    self_->Add(Text(member.score));
    self_->Add(member.member);
    self_->EmitIfLarge();
  }

  void operator()(const StreamInfo& info) const { self_->stream_ = info; }
  void operator()(const StreamEntry& entry) const {
    self_->EmitGathered();
    self_->Begin({"XADD", self_->key_, Text(entry.id)});
    self_->last_entry_ = std::max(self_->last_entry_, entry.id, IsEarlier);
    ++self_->entries_;
  }
  void operator()(const StreamField& field) const {
    self_->Add(field.field);
    self_->Add(field.value);
  }
  void operator()(const StreamGroupCount&) const { self_->EndEntries(); }
  void operator()(const StreamGroup& group) const {
    self_->group_ = std::string(group.name);
    self_->EmitNow({"XGROUP", "CREATE", self_->key_, self_->group_,
                    Text(group.last_delivered_id)});
  }
  void operator()(const StreamConsumer& consumer) const {
    self_->EmitNow({"XGROUP", "CREATECONSUMER", self_->key_, self_->group_,
                    consumer.name});
  }
  void operator()(const StreamPendingCount&) const {}
  void operator()(const StreamPending& pending) const {
    const uint64_t time = std::min(pending.delivered_at_ms, kMaxNumber);
    if (time != pending.delivered_at_ms) {
      self_->Lose(PayloadItem::kPendingTime);
    }
    self_->EmitNow({"XCLAIM", self_->key_, self_->group_, pending.consumer, "0",
                    Text(pending.id), "TIME", absl::StrCat(time), "RETRYCOUNT",
                    absl::StrCat(pending.delivery_count), "FORCE", "JUSTID"},
                   PayloadCheck::kPending);
  }

  void operator()(const RecordEnd&) const {
    if (self_->type_ == RecordType::kStream) self_->EndEntries();
    self_->EmitGathered();
    self_->Begin({});
    self_->EmitDeadline(self_->key_, self_->expire_at_ms_);
  }
  void operator()(const FieldExpiry& expiry) const {
    if (!IsDeadline(expiry.expire_at_ms)) return;
    if (self_->options_.has_hpexpireat) {
      self_->EmitNow(
          {"HPEXPIREAT", expiry.key, absl::StrCat(expiry.expire_at_ms),
           "FIELDS", "1", expiry.field},
          PayloadCheck::kSetDeadline);
    } else if (expiry.expire_at_ms <= self_->options_.now_ms) {
      self_->EmitNow({"HDEL", expiry.key, expiry.field},
                     PayloadCheck::kDeadField);
    } else {
      self_->EmitNow({"HEXISTS", expiry.key, expiry.field},
                     PayloadCheck::kDeadline);
    }
  }
  void operator()(const PayloadEnd&) const {}
  void operator()(const PayloadTrailer&) const {}

 private:
  PayloadCommands* const self_;
};

absl::string_view PayloadItemName(PayloadItem item) {
  return TextsOf(item).name;
}

absl::string_view PayloadItemText(PayloadItem item) {
  return TextsOf(item).text;
}

std::ostream& operator<<(std::ostream& out, PayloadItem item) {
  return out << PayloadItemName(item);
}

absl::string_view PayloadCheckName(PayloadCheck check) {
  switch (check) {
    case PayloadCheck::kNone:
      return "none";
    case PayloadCheck::kSetDeadline:
      return "set_deadline";
    case PayloadCheck::kDeadline:
      return "deadline";
    case PayloadCheck::kDeadField:
      return "dead_field";
    case PayloadCheck::kPending:
      return "pending";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, PayloadCheck check) {
  return out << PayloadCheckName(check);
}

void AppendText(const PayloadCommand& command, std::string* out) {
  const char* separator = "";
  for (const absl::string_view argument : command.argv) {
    out->append(separator);
    AppendEscaped(argument, out);
    separator = " ";
  }
  if (command.check != PayloadCheck::kNone) {
    absl::StrAppend(out, separator, "check=", PayloadCheckName(command.check));
  }
}

PayloadCommands::PayloadCommands(Emit emit, PayloadCommandsOptions options)
    : emit_(std::move(emit)), options_(std::move(options)) {}

absl::Status PayloadCommands::Take(const PayloadEvent& event) {
  std::visit(Taker(this), event);
  return status_;
}

absl::Status PayloadCommands::Take(absl::Span<const PayloadRecord> records) {
  const Taker take(this);
  for (const PayloadRecord& record : records) {
    switch (record.type()) {
      case RecordType::kString:
        TakeString(record);
        break;
      case RecordType::kHash:
      case RecordType::kList:
      case RecordType::kSet:
        if (record.begins()) take(record.begin_event());
        TakeElements(record);
        if (record.ends()) take(RecordEnd());
        break;
      case RecordType::kSortedSet:
      case RecordType::kStream:
        ForEachEvent(record, [&take](const PayloadEvent& event) {
          std::visit(take, event);
          return true;
        });
    }
    if (!status_.ok()) break;
  }
  return status_;
}

void PayloadCommands::TakeString(const PayloadRecord& record) {
  EmitNow({"SET", record.key(), record.strings()[0]});
  EmitDeadline(record.key(), record.expire_at_ms());
}

// Emits a command as soon as it is large, as the events do. Copies only the
// elements of a command that a later call will end.
void PayloadCommands::TakeElements(const PayloadRecord& record) {
  absl::Span<const absl::string_view> left = record.strings();
  const size_t each = record.type() == RecordType::kHash ? 2 : 1;
  size_t bytes = bytes_.size();
  size_t n = 0;
  while (n != left.size()) {
    for (size_t i = 0; i != each; ++i) bytes += left[n++].size();
    if (!IsLarge(ends_.size() + n, bytes)) continue;
    EmitGathered(left.first(n));
    left.remove_prefix(n);
    bytes = bytes_.size();
    n = 0;
  }
  if (record.ends()) {
    EmitGathered(left);
  } else {
    for (const absl::string_view argument : left) Add(argument);
  }
}

void PayloadCommands::EmitDeadline(absl::string_view key,
                                   std::optional<uint64_t> ms) {
  if (ms.has_value() && IsDeadline(*ms)) {
    EmitNow({"PEXPIREAT", key, absl::StrCat(*ms)});
  }
}

void PayloadCommands::Lose(PayloadItem item) {
  if (options_.on_loss != nullptr) options_.on_loss(item, key_);
}

void PayloadCommands::EmitNow(std::initializer_list<absl::string_view> argv,
                              PayloadCheck check) {
  if (!status_.ok()) return;
  status_ = emit_({absl::MakeConstSpan(argv.begin(), argv.size()), check});
}

void PayloadCommands::Begin(std::initializer_list<absl::string_view> argv) {
  bytes_.clear();
  ends_.clear();
  for (const absl::string_view argument : argv) Add(argument);
  head_ = argv.size();
}

void PayloadCommands::Add(absl::string_view argument) {
  bytes_.append(argument.data(), argument.size());
  ends_.push_back(bytes_.size());
}

void PayloadCommands::EmitIfLarge() {
  if (IsLarge(ends_.size(), bytes_.size())) EmitGathered();
}

void PayloadCommands::EmitGathered(absl::Span<const absl::string_view> more) {
  if (ends_.size() + more.size() <= head_) return;
  argv_.clear();
  size_t begin = 0;
  for (const size_t end : ends_) {
    argv_.push_back(absl::string_view(bytes_).substr(begin, end - begin));
    begin = end;
  }
  argv_.insert(argv_.end(), more.begin(), more.end());
  if (status_.ok()) status_ = emit_({argv_, PayloadCheck::kNone});
  ends_.resize(head_);
  bytes_.resize(head_ == 0 ? 0 : ends_.back());
}

// Emits the commands for the stream itself, after its last entry.
void PayloadCommands::EndEntries() {
  if (std::exchange(entries_ended_, true)) return;
  EmitGathered();
  Begin({});
  if (stream_.entry_count == 0) {
    // Only MKSTREAM creates a stream without entries.
    EmitNow({"XGROUP", "CREATE", key_, "kevy_replica", "0", "MKSTREAM"});
    EmitNow({"XGROUP", "DESTROY", key_, "kevy_replica"});
  }
  SetStreamId();
}

// kevy allows ids and counters that a target refuses.
void PayloadCommands::SetStreamId() {
  const StreamId last = std::max(stream_.last_id, last_entry_, IsEarlier);
  const StreamId deleted = std::min(stream_.max_deleted_id, last, IsEarlier);
  if (last != stream_.last_id || deleted != stream_.max_deleted_id) {
    Lose(PayloadItem::kStreamId);
  }
  if (!options_.has_long_xsetid) {
    EmitNow({"XSETID", key_, Text(last)});
    return;
  }
  const uint64_t added =
      std::min(std::max(stream_.entries_added, entries_), kMaxNumber);
  if (added != stream_.entries_added) {
    Lose(PayloadItem::kStreamCounter);
  }
  EmitNow({"XSETID", key_, Text(last), "ENTRIESADDED", absl::StrCat(added),
           "MAXDELETEDID", Text(deleted)});
}

}  // namespace kevy_replica
