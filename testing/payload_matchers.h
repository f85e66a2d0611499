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

#include "gmock/gmock.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/testing/internal/event_matcher.h"

namespace kevy_replica {

// Matches a PayloadHeader.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsPayloadHeader(
    const ::testing::Matcher<uint8_t>& version);

// Matches a RecordBegin.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsRecordBegin(
    const ::testing::Matcher<RecordType>& type,
    ::testing::Matcher<const std::string&> key);

// `expire_at_ms` is empty for a record without an expiry.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsRecordBegin(
    const ::testing::Matcher<RecordType>& type,
    ::testing::Matcher<const std::string&> key,
    const ::testing::Matcher<std::optional<uint64_t>>& expire_at_ms);

// Matches a StringValue.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStringValue(
    ::testing::Matcher<const std::string&> value);

// Matches a HashField.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsHashField(
    ::testing::Matcher<const std::string&> field,
    ::testing::Matcher<const std::string&> value);

// Matches a ListItem.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsListItem(
    ::testing::Matcher<const std::string&> item);

// Matches a SetMember.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsSetMember(
    ::testing::Matcher<const std::string&> member);

// Matches a ScoredMember.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsScoredMember(
    ::testing::Matcher<const std::string&> member,
    const ::testing::Matcher<double>& score);

// Matches a StreamInfo.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamInfo(
    const ::testing::Matcher<StreamId>& last_id,
    const ::testing::Matcher<uint64_t>& entries_added);

// Matches a StreamEntry.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamEntry(
    const ::testing::Matcher<StreamId>& id);

// Matches a StreamField.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamField(
    ::testing::Matcher<const std::string&> field,
    ::testing::Matcher<const std::string&> value);

// Matches a StreamGroupCount.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamGroupCount(
    const ::testing::Matcher<uint32_t>& count);

// Matches a StreamGroup.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamGroup(
    ::testing::Matcher<const std::string&> name,
    const ::testing::Matcher<StreamId>& last_delivered_id);

// Matches a StreamConsumer.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamConsumer(
    ::testing::Matcher<const std::string&> name);

// Matches a StreamPendingCount.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamPendingCount(
    const ::testing::Matcher<uint32_t>& count);

// Matches a StreamPending.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsStreamPending(
    const ::testing::Matcher<StreamId>& id,
    ::testing::Matcher<const std::string&> consumer);

// Matches a RecordEnd.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsRecordEnd();

// Matches a FieldExpiry.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsFieldExpiry(
    ::testing::Matcher<const std::string&> key,
    ::testing::Matcher<const std::string&> field,
    const ::testing::Matcher<uint64_t>& expire_at_ms);

// Matches a PayloadEnd.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsPayloadEnd();

// Matches a PayloadTrailer.
[[nodiscard]] testing_internal::EventMatcher<PayloadEvent> IsPayloadTrailer(
    ::testing::Matcher<const std::string&> bytes);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_PAYLOAD_MATCHERS_H_
