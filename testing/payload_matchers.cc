// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/payload_matchers.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/testing/internal/event_matcher.h"

namespace kevy_replica {
namespace {

template <typename Element>
using PayloadEventMatcher =
    testing_internal::ElementMatcher<PayloadEvent, Element>;

using StringMatcher = ::testing::Matcher<const std::string&>;

// Matches a member that is a string.
template <typename Element>
auto StringField(const char* name, absl::string_view Element::* member,
                 StringMatcher matcher) {
  return ::testing::ResultOf(
      name,
      [member](const Element& element) { return std::string(element.*member); },
      std::move(matcher));
}

}  // namespace

testing_internal::EventMatcher<PayloadEvent> IsPayloadHeader(
    const ::testing::Matcher<uint8_t>& version) {
  return PayloadEventMatcher<PayloadHeader>(
      "a payload's header",
      ::testing::Field("version", &PayloadHeader::version, version));
}

testing_internal::EventMatcher<PayloadEvent> IsRecordBegin(
    const ::testing::Matcher<RecordType>& type, StringMatcher key) {
  return PayloadEventMatcher<RecordBegin>(
      "a record's begin",
      ::testing::AllOf(::testing::Field("type", &RecordBegin::type, type),
                       StringField("key", &RecordBegin::key, std::move(key))));
}

testing_internal::EventMatcher<PayloadEvent> IsRecordBegin(
    const ::testing::Matcher<RecordType>& type, StringMatcher key,
    const ::testing::Matcher<std::optional<uint64_t>>& expire_at_ms) {
  return PayloadEventMatcher<RecordBegin>(
      "a record's begin",
      ::testing::AllOf(
          ::testing::Field("type", &RecordBegin::type, type),
          StringField("key", &RecordBegin::key, std::move(key)),
          ::testing::Field("expire_at_ms", &RecordBegin::expire_at_ms,
                           expire_at_ms)));
}

testing_internal::EventMatcher<PayloadEvent> IsStringValue(
    StringMatcher value) {
  return PayloadEventMatcher<StringValue>(
      "a string's value",
      StringField("value", &StringValue::value, std::move(value)));
}

testing_internal::EventMatcher<PayloadEvent> IsHashField(StringMatcher field,
                                                         StringMatcher value) {
  return PayloadEventMatcher<HashField>(
      "a hash's field",
      ::testing::AllOf(
          StringField("field", &HashField::field, std::move(field)),
          StringField("value", &HashField::value, std::move(value))));
}

testing_internal::EventMatcher<PayloadEvent> IsListItem(StringMatcher item) {
  return PayloadEventMatcher<ListItem>(
      "a list's item", StringField("item", &ListItem::item, std::move(item)));
}

testing_internal::EventMatcher<PayloadEvent> IsSetMember(StringMatcher member) {
  return PayloadEventMatcher<SetMember>(
      "a set's member",
      StringField("member", &SetMember::member, std::move(member)));
}

testing_internal::EventMatcher<PayloadEvent> IsScoredMember(
    StringMatcher member, const ::testing::Matcher<double>& score) {
  return PayloadEventMatcher<ScoredMember>(
      "a sorted set's member",
      ::testing::AllOf(
          StringField("member", &ScoredMember::member, std::move(member)),
          ::testing::Field("score", &ScoredMember::score, score)));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamInfo(
    const ::testing::Matcher<StreamId>& last_id,
    const ::testing::Matcher<uint64_t>& entries_added) {
  return PayloadEventMatcher<StreamInfo>(
      "a stream's info",
      ::testing::AllOf(
          ::testing::Field("last_id", &StreamInfo::last_id, last_id),
          ::testing::Field("entries_added", &StreamInfo::entries_added,
                           entries_added)));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamEntry(
    const ::testing::Matcher<StreamId>& id) {
  return PayloadEventMatcher<StreamEntry>(
      "a stream's entry", ::testing::Field("id", &StreamEntry::id, id));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamField(
    StringMatcher field, StringMatcher value) {
  return PayloadEventMatcher<StreamField>(
      "a stream entry's field",
      ::testing::AllOf(
          StringField("field", &StreamField::field, std::move(field)),
          StringField("value", &StreamField::value, std::move(value))));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamGroupCount(
    const ::testing::Matcher<uint32_t>& count) {
  return PayloadEventMatcher<StreamGroupCount>(
      "a stream's number of groups",
      ::testing::Field("count", &StreamGroupCount::count, count));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamGroup(
    StringMatcher name, const ::testing::Matcher<StreamId>& last_delivered_id) {
  return PayloadEventMatcher<StreamGroup>(
      "a stream's group",
      ::testing::AllOf(
          StringField("name", &StreamGroup::name, std::move(name)),
          ::testing::Field("last_delivered_id", &StreamGroup::last_delivered_id,
                           last_delivered_id)));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamConsumer(
    StringMatcher name) {
  return PayloadEventMatcher<StreamConsumer>(
      "a group's consumer",
      StringField("name", &StreamConsumer::name, std::move(name)));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamPendingCount(
    const ::testing::Matcher<uint32_t>& count) {
  return PayloadEventMatcher<StreamPendingCount>(
      "a group's number of pending entries",
      ::testing::Field("count", &StreamPendingCount::count, count));
}

testing_internal::EventMatcher<PayloadEvent> IsStreamPending(
    const ::testing::Matcher<StreamId>& id, StringMatcher consumer) {
  return PayloadEventMatcher<StreamPending>(
      "a group's pending entry",
      ::testing::AllOf(::testing::Field("id", &StreamPending::id, id),
                       StringField("consumer", &StreamPending::consumer,
                                   std::move(consumer))));
}

testing_internal::EventMatcher<PayloadEvent> IsRecordEnd() {
  return PayloadEventMatcher<RecordEnd>("a record's end", ::testing::_);
}

testing_internal::EventMatcher<PayloadEvent> IsFieldExpiry(
    StringMatcher key, StringMatcher field,
    const ::testing::Matcher<uint64_t>& expire_at_ms) {
  return PayloadEventMatcher<FieldExpiry>(
      "a field's expiry",
      ::testing::AllOf(
          StringField("key", &FieldExpiry::key, std::move(key)),
          StringField("field", &FieldExpiry::field, std::move(field)),
          ::testing::Field("expire_at_ms", &FieldExpiry::expire_at_ms,
                           expire_at_ms)));
}

testing_internal::EventMatcher<PayloadEvent> IsPayloadEnd() {
  return PayloadEventMatcher<PayloadEnd>("a payload's end", ::testing::_);
}

testing_internal::EventMatcher<PayloadEvent> IsPayloadTrailer(
    StringMatcher bytes) {
  return PayloadEventMatcher<PayloadTrailer>(
      "a payload's trailer",
      StringField("bytes", &PayloadTrailer::bytes, std::move(bytes)));
}

}  // namespace kevy_replica
