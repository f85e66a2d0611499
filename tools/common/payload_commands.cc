// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/payload_commands.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/payload_event.h"

namespace kevy_replica {
namespace {

std::string Text(const StreamId& id) {
  return absl::StrCat(id.ms, "-", id.seq);
}

// Whether a server accepts `ms` as a time. A later time never comes.
bool IsDeadline(uint64_t ms) {
  return ms <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
}

// 17 digits tell every double from its neighbours.
std::string Text(double score) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", score);
  return text;
}

}  // namespace

class PayloadCommands::Taker {
 public:
  explicit Taker(PayloadCommands* self) : self_(self) {}

  void operator()(const PayloadHeader&) const {}
  void operator()(const RecordBegin& record) const {
    self_->key_ = std::string(record.key);
    self_->type_ = record.type;
    self_->expire_at_ms_ = record.expire_at_ms;
    self_->entries_ended_ = false;
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
    self_->Add(Text(member.score));
    self_->Add(member.member);
    self_->EmitIfLarge();
  }

  void operator()(const StreamInfo& info) const { self_->stream_ = info; }
  void operator()(const StreamEntry& entry) const {
    self_->EmitGathered();
    self_->Begin({"XADD", self_->key_, Text(entry.id)});
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
    self_->EmitNow({"XCLAIM", self_->key_, self_->group_, pending.consumer, "0",
                    Text(pending.id), "TIME",
                    absl::StrCat(pending.delivered_at_ms), "RETRYCOUNT",
                    absl::StrCat(pending.delivery_count), "FORCE", "JUSTID"});
  }

  void operator()(const RecordEnd&) const {
    if (self_->type_ == RecordType::kStream) self_->EndEntries();
    self_->EmitGathered();
    self_->Begin({});
    if (self_->expire_at_ms_.has_value() && IsDeadline(*self_->expire_at_ms_)) {
      self_->EmitNow(
          {"PEXPIREAT", self_->key_, absl::StrCat(*self_->expire_at_ms_)});
    }
  }
  void operator()(const FieldExpiry& expiry) const {
    if (!IsDeadline(expiry.expire_at_ms)) return;
    if (!self_->target_.has_hpexpireat) {
      ++self_->losses_.field_expiries;
      return;
    }
    self_->EmitNow({"HPEXPIREAT", expiry.key, absl::StrCat(expiry.expire_at_ms),
                    "FIELDS", "1", expiry.field});
  }
  void operator()(const PayloadEnd&) const {}
  void operator()(const PayloadTrailer&) const {}

 private:
  PayloadCommands* const self_;
};

PayloadCommands::PayloadCommands(Target target, Emit emit)
    : target_(target), emit_(std::move(emit)) {}

void PayloadCommands::Take(const PayloadEvent& event) {
  std::visit(Taker(this), event);
}

void PayloadCommands::EmitNow(std::initializer_list<absl::string_view> argv) {
  emit_(absl::MakeConstSpan(argv.begin(), argv.size()));
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
  if (ends_.size() >= kMaxArguments || bytes_.size() >= kMaxBytes) {
    EmitGathered();
  }
}

void PayloadCommands::EmitGathered() {
  if (ends_.size() <= head_) return;
  argv_.clear();
  size_t begin = 0;
  for (const size_t end : ends_) {
    argv_.push_back(absl::string_view(bytes_).substr(begin, end - begin));
    begin = end;
  }
  emit_(argv_);
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
    EmitNow({"XGROUP", "CREATE", key_, "kevy_mirror", "0", "MKSTREAM"});
    EmitNow({"XGROUP", "DESTROY", key_, "kevy_mirror"});
  }
  if (target_.has_long_xsetid) {
    EmitNow({"XSETID", key_, Text(stream_.last_id), "ENTRIESADDED",
             absl::StrCat(stream_.entries_added), "MAXDELETEDID",
             Text(stream_.max_deleted_id)});
  } else {
    EmitNow({"XSETID", key_, Text(stream_.last_id)});
  }
}

}  // namespace kevy_replica
