// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// GoogleMock matchers for the events of a snapshot's payload.
//
//   EXPECT_CALL(index, OnPayload(IsRecordBegin(RecordType::kHash, "user:1")));
//   EXPECT_CALL(index, OnPayload(IsHashField("name", "Ann")));
//   EXPECT_CALL(index, OnPayload(IsScoredMember("m", Gt(1.0))));
//   EXPECT_CALL(index, OnPayload(IsPayloadEnd()));
//
// Each matcher matches a PayloadEvent, or the event's own struct. It takes a
// value or a matcher for each property. Strings are matched as std::string. A
// failure shows the event as text. For a property that no matcher takes, use
// VariantWith<StreamInfo>(Field(...)) of GoogleMock.

#ifndef KEVY_REPLICA_TESTING_PAYLOAD_MATCHERS_H_
#define KEVY_REPLICA_TESTING_PAYLOAD_MATCHERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/testing/internal/event_matcher.h"

namespace kevy_replica {
namespace testing_internal {

template <typename Element>
using PayloadEventMatcher = EventMatcher<PayloadEvent, Element>;

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

}  // namespace testing_internal

// Matches a PayloadHeader.
[[nodiscard]] inline auto IsPayloadHeader(
    const ::testing::Matcher<uint8_t>& version) {
  return testing_internal::PayloadEventMatcher<PayloadHeader>(
      "a payload's header",
      ::testing::Field("version", &PayloadHeader::version, version));
}

// Matches a RecordBegin.
[[nodiscard]] inline auto IsRecordBegin(
    const ::testing::Matcher<RecordType>& type,
    testing_internal::StringMatcher key) {
  return testing_internal::PayloadEventMatcher<RecordBegin>(
      "a record's begin",
      ::testing::AllOf(::testing::Field("type", &RecordBegin::type, type),
                       testing_internal::StringField("key", &RecordBegin::key,
                                                     std::move(key))));
}

// `expire_at_ms` is empty for a record without an expiry.
[[nodiscard]] inline auto IsRecordBegin(
    const ::testing::Matcher<RecordType>& type,
    testing_internal::StringMatcher key,
    const ::testing::Matcher<std::optional<uint64_t>>& expire_at_ms) {
  return testing_internal::PayloadEventMatcher<RecordBegin>(
      "a record's begin",
      ::testing::AllOf(
          ::testing::Field("type", &RecordBegin::type, type),
          testing_internal::StringField("key", &RecordBegin::key,
                                        std::move(key)),
          ::testing::Field("expire_at_ms", &RecordBegin::expire_at_ms,
                           expire_at_ms)));
}

// Matches a StringValue.
[[nodiscard]] inline auto IsStringValue(testing_internal::StringMatcher value) {
  return testing_internal::PayloadEventMatcher<StringValue>(
      "a string's value", testing_internal::StringField(
                              "value", &StringValue::value, std::move(value)));
}

// Matches a HashField.
[[nodiscard]] inline auto IsHashField(testing_internal::StringMatcher field,
                                      testing_internal::StringMatcher value) {
  return testing_internal::PayloadEventMatcher<HashField>(
      "a hash's field",
      ::testing::AllOf(testing_internal::StringField("field", &HashField::field,
                                                     std::move(field)),
                       testing_internal::StringField("value", &HashField::value,
                                                     std::move(value))));
}

// Matches a ListItem.
[[nodiscard]] inline auto IsListItem(testing_internal::StringMatcher item) {
  return testing_internal::PayloadEventMatcher<ListItem>(
      "a list's item",
      testing_internal::StringField("item", &ListItem::item, std::move(item)));
}

// Matches a SetMember.
[[nodiscard]] inline auto IsSetMember(testing_internal::StringMatcher member) {
  return testing_internal::PayloadEventMatcher<SetMember>(
      "a set's member", testing_internal::StringField(
                            "member", &SetMember::member, std::move(member)));
}

// Matches a ScoredMember.
[[nodiscard]] inline auto IsScoredMember(
    testing_internal::StringMatcher member,
    const ::testing::Matcher<double>& score) {
  return testing_internal::PayloadEventMatcher<ScoredMember>(
      "a sorted set's member",
      ::testing::AllOf(testing_internal::StringField(
                           "member", &ScoredMember::member, std::move(member)),
                       ::testing::Field("score", &ScoredMember::score, score)));
}

// Matches a StreamInfo.
[[nodiscard]] inline auto IsStreamInfo(
    const ::testing::Matcher<StreamId>& last_id,
    const ::testing::Matcher<uint64_t>& entries_added) {
  return testing_internal::PayloadEventMatcher<StreamInfo>(
      "a stream's info",
      ::testing::AllOf(
          ::testing::Field("last_id", &StreamInfo::last_id, last_id),
          ::testing::Field("entries_added", &StreamInfo::entries_added,
                           entries_added)));
}

// Matches a StreamEntry.
[[nodiscard]] inline auto IsStreamEntry(
    const ::testing::Matcher<StreamId>& id) {
  return testing_internal::PayloadEventMatcher<StreamEntry>(
      "a stream's entry", ::testing::Field("id", &StreamEntry::id, id));
}

// Matches a StreamField.
[[nodiscard]] inline auto IsStreamField(testing_internal::StringMatcher field,
                                        testing_internal::StringMatcher value) {
  return testing_internal::PayloadEventMatcher<StreamField>(
      "a stream entry's field",
      ::testing::AllOf(testing_internal::StringField(
                           "field", &StreamField::field, std::move(field)),
                       testing_internal::StringField(
                           "value", &StreamField::value, std::move(value))));
}

// Matches a StreamGroupCount.
[[nodiscard]] inline auto IsStreamGroupCount(
    const ::testing::Matcher<uint32_t>& count) {
  return testing_internal::PayloadEventMatcher<StreamGroupCount>(
      "a stream's number of groups",
      ::testing::Field("count", &StreamGroupCount::count, count));
}

// Matches a StreamGroup.
[[nodiscard]] inline auto IsStreamGroup(
    testing_internal::StringMatcher name,
    const ::testing::Matcher<StreamId>& last_delivered_id) {
  return testing_internal::PayloadEventMatcher<StreamGroup>(
      "a stream's group",
      ::testing::AllOf(
          testing_internal::StringField("name", &StreamGroup::name,
                                        std::move(name)),
          ::testing::Field("last_delivered_id", &StreamGroup::last_delivered_id,
                           last_delivered_id)));
}

// Matches a StreamConsumer.
[[nodiscard]] inline auto IsStreamConsumer(
    testing_internal::StringMatcher name) {
  return testing_internal::PayloadEventMatcher<StreamConsumer>(
      "a group's consumer",
      testing_internal::StringField("name", &StreamConsumer::name,
                                    std::move(name)));
}

// Matches a StreamPendingCount.
[[nodiscard]] inline auto IsStreamPendingCount(
    const ::testing::Matcher<uint32_t>& count) {
  return testing_internal::PayloadEventMatcher<StreamPendingCount>(
      "a group's number of pending entries",
      ::testing::Field("count", &StreamPendingCount::count, count));
}

// Matches a StreamPending.
[[nodiscard]] inline auto IsStreamPending(
    const ::testing::Matcher<StreamId>& id,
    testing_internal::StringMatcher consumer) {
  return testing_internal::PayloadEventMatcher<StreamPending>(
      "a group's pending entry",
      ::testing::AllOf(
          ::testing::Field("id", &StreamPending::id, id),
          testing_internal::StringField("consumer", &StreamPending::consumer,
                                        std::move(consumer))));
}

// Matches a RecordEnd.
[[nodiscard]] inline auto IsRecordEnd() {
  return testing_internal::PayloadEventMatcher<RecordEnd>("a record's end",
                                                          ::testing::_);
}

// Matches a FieldExpiry.
[[nodiscard]] inline auto IsFieldExpiry(
    testing_internal::StringMatcher key, testing_internal::StringMatcher field,
    const ::testing::Matcher<uint64_t>& expire_at_ms) {
  return testing_internal::PayloadEventMatcher<FieldExpiry>(
      "a field's expiry",
      ::testing::AllOf(
          testing_internal::StringField("key", &FieldExpiry::key,
                                        std::move(key)),
          testing_internal::StringField("field", &FieldExpiry::field,
                                        std::move(field)),
          ::testing::Field("expire_at_ms", &FieldExpiry::expire_at_ms,
                           expire_at_ms)));
}

// Matches a PayloadEnd.
[[nodiscard]] inline auto IsPayloadEnd() {
  return testing_internal::PayloadEventMatcher<PayloadEnd>("a payload's end",
                                                           ::testing::_);
}

// Matches a PayloadTrailer.
[[nodiscard]] inline auto IsPayloadTrailer(
    testing_internal::StringMatcher bytes) {
  return testing_internal::PayloadEventMatcher<PayloadTrailer>(
      "a payload's trailer",
      testing_internal::StringField("bytes", &PayloadTrailer::bytes,
                                    std::move(bytes)));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_PAYLOAD_MATCHERS_H_
