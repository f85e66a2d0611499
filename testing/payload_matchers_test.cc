// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/payload_matchers.h"

#include <optional>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/payload_event.h"

namespace kevy_replica {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Eq;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Matcher;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct Row {
  PayloadEvent event;
  Matcher<PayloadEvent> matches;
  std::vector<Matcher<PayloadEvent>> differ;  // Each in one property.
};

std::vector<Row> Rows() {
  const StreamId id = {5, 1};
  const StreamId other_id = {5, 2};
  return {
      {PayloadHeader{6, 1, 2}, IsPayloadHeader(6), {IsPayloadHeader(7)}},
      {RecordBegin{RecordType::kHash, "k", 77, 1},
       IsRecordBegin(RecordType::kHash, "k"),
       {IsRecordBegin(RecordType::kSet, "k"),
        IsRecordBegin(RecordType::kHash, "l")}},
      {RecordBegin{RecordType::kHash, "k", 77, 1},
       IsRecordBegin(RecordType::kHash, "k", Eq(77u)),
       {IsRecordBegin(RecordType::kSet, "k", Eq(77u)),
        IsRecordBegin(RecordType::kHash, "l", Eq(77u)),
        IsRecordBegin(RecordType::kHash, "k", Eq(std::nullopt))}},
      {StringValue{"v"}, IsStringValue("v"), {IsStringValue("w")}},
      {HashField{"f", "v"},
       IsHashField("f", SizeIs(1)),
       {IsHashField("g", "v"), IsHashField("f", "w")}},
      {ListItem{"a"}, IsListItem("a"), {IsListItem("b")}},
      {SetMember{"a"}, IsSetMember("a"), {IsSetMember("b")}},
      {ScoredMember{"a", 1.5},
       IsScoredMember("a", Gt(1.0)),
       {IsScoredMember("b", 1.5), IsScoredMember("a", 1.0)}},
      {StreamInfo{id, {0, 0}, 3, 2},
       IsStreamInfo(id, 3),
       {IsStreamInfo(other_id, 3), IsStreamInfo(id, 4)}},
      {StreamEntry{id, 1}, IsStreamEntry(id), {IsStreamEntry(other_id)}},
      {StreamField{"f", "v"},
       IsStreamField("f", "v"),
       {IsStreamField("g", "v"), IsStreamField("f", "w")}},
      {StreamGroupCount{1}, IsStreamGroupCount(1), {IsStreamGroupCount(2)}},
      {StreamGroup{"g", id, 1},
       IsStreamGroup("g", id),
       {IsStreamGroup("h", id), IsStreamGroup("g", other_id)}},
      {StreamConsumer{"c", 9}, IsStreamConsumer("c"), {IsStreamConsumer("d")}},
      {StreamPendingCount{1},
       IsStreamPendingCount(1),
       {IsStreamPendingCount(2)}},
      {StreamPending{id, "c", 9, 1},
       IsStreamPending(id, "c"),
       {IsStreamPending(other_id, "c"), IsStreamPending(id, "d")}},
      {RecordEnd(), IsRecordEnd(), {}},
      {FieldExpiry{"k", "f", 9},
       IsFieldExpiry("k", "f", 9),
       {IsFieldExpiry("l", "f", 9), IsFieldExpiry("k", "g", 9),
        IsFieldExpiry("k", "f", 8)}},
      {PayloadEnd(), IsPayloadEnd(), {}},
      {PayloadTrailer{"t"}, IsPayloadTrailer("t"), {IsPayloadTrailer("u")}},
  };
}

TEST(PayloadMatchersTest, EachMatchesItsEventAlone) {
  const std::vector<Row> rows = Rows();
  for (const Row& row : rows) {
    EXPECT_THAT(row.event, row.matches);
    for (const Matcher<PayloadEvent>& other : row.differ) {
      EXPECT_THAT(row.event, Not(other));
    }
    for (const Row& other : rows) {
      if (other.event.index() == row.event.index()) continue;
      EXPECT_THAT(other.event, Not(row.matches));
    }
  }
}

TEST(PayloadMatchersTest, EveryKindOfEventHasOne) {
  std::vector<bool> seen(std::variant_size<PayloadEvent>::value);
  for (const Row& row : Rows()) seen[row.event.index()] = true;
  EXPECT_THAT(seen, Each(true));
}

TEST(PayloadMatchersTest, MatchesTheStructItself) {
  EXPECT_THAT((HashField{"f", "v"}), IsHashField("f", "v"));
  EXPECT_THAT(RecordEnd(), IsRecordEnd());
}

TEST(PayloadMatchersTest, FailureShowsEventAndReason) {
  const Matcher<PayloadEvent> matcher = IsHashField("f", "w");
  ::testing::StringMatchResultListener listener;
  EXPECT_FALSE(matcher.MatchAndExplain(HashField{"f", "v"}, &listener));
  EXPECT_THAT(listener.str(), AllOf(StartsWith(R"(which is [field "f" "v"], )"),
                                    HasSubstr("value")));
  EXPECT_THAT(::testing::DescribeMatcher<PayloadEvent>(matcher),
              StartsWith("is a hash's field that "));
}

}  // namespace
}  // namespace kevy_replica
