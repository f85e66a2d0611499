// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Equality, hashing and text of every public value type.

#include "kevy_replica/codec/internal/value.h"

#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/hash/hash_testing.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

// The part of Abseil's sinks that AbslStringify() uses.
struct Sink {
  void Append(absl::string_view bytes) { text += std::string(bytes); }

  std::string text;
};

template <typename T>
struct Case {
  T value;
  std::string text;
};

// The values of all cases differ from each other. `copy(value)` returns an
// equal one.
template <typename T, typename Copy>
void ExpectValues(const std::vector<Case<T>>& cases, const Copy& copy) {
  std::vector<T> values;
  for (size_t i = 0; i < cases.size(); ++i) {
    const T& value = cases[i].value;
    values.push_back(value);
    for (size_t j = 0; j < cases.size(); ++j) {
      const T& other = cases[j].value;
      EXPECT_EQ(value == other, i == j) << cases[i].text << cases[j].text;
      EXPECT_EQ(value != other, i != j) << cases[i].text << cases[j].text;
    }
    const T same = copy(value);
    EXPECT_TRUE(value == same);
    EXPECT_EQ(absl::Hash<T>()(value), absl::Hash<T>()(same));
    std::ostringstream out;
    out << value;
    EXPECT_EQ(out.str(), cases[i].text);
    Sink sink;
    AbslStringify(sink, value);
    EXPECT_EQ(sink.text, cases[i].text);
  }
  if (values.size() == 1) return;  // The next check needs two or more.
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(values));
}

template <typename T>
void ExpectValues(const std::vector<Case<T>>& cases) {
  ExpectValues(cases, [](const T& value) { return value; });
}

TEST(ValueTest, EnumsCompareHashAndPrint) {
  ExpectValues<WireError>({{WireError::kNone, "none"},
                           {WireError::kBadBulk, "bad_bulk"},
                           {WireError::kNoSpace, "no_space"}});
  ExpectValues<Outcome>({{Outcome::kDone, "done"},
                         {Outcome::kNeedMore, "need_more"},
                         {Outcome::kError, "error"},
                         {static_cast<Outcome>(99), "unknown"}});
  ExpectValues<Protocol>({{Protocol::kV1, "1"}, {Protocol::kV2, "2"}});
  ExpectValues<RecordType>({{RecordType::kString, "string"},
                            {RecordType::kHash, "hash"},
                            {RecordType::kList, "list"},
                            {RecordType::kSet, "set"},
                            {RecordType::kSortedSet, "sorted_set"},
                            {RecordType::kStream, "stream"},
                            {static_cast<RecordType>(99), "unknown"}});
  ExpectValues<ReplyType>({{ReplyType::kSimpleString, "simple_string"},
                           {ReplyType::kError, "error"},
                           {ReplyType::kInteger, "integer"},
                           {ReplyType::kBulk, "bulk"},
                           {ReplyType::kNullBulk, "null_bulk"},
                           {ReplyType::kArray, "array"},
                           {ReplyType::kNullArray, "null_array"},
                           {static_cast<ReplyType>(99), "unknown"}});
}

TEST(ValueTest, ResultsCompareHashAndPrint) {
  ExpectValues<DecodeResult>(
      {{DecodeResult::Done(34), "done at 34"},
       {DecodeResult::NeedMore(34), "need_more at 34"},
       {DecodeResult::NeedMore(35), "need_more at 35"},
       {DecodeResult::Error(WireError::kBadBulk, 12), "error bad_bulk at 12"},
       {DecodeResult::Error(WireError::kBadOffset, 12),
        "error bad_offset at 12"}});
  ExpectValues<EncodeResult>({{{WireError::kNone, 0}, "0 bytes"},
                              {{WireError::kNone, 5}, "5 bytes"},
                              {{WireError::kNoSpace, 0}, "no_space"}});
}

TEST(ValueTest, LimitsCompareHashAndPrint) {
  Limits other[7];
  other[0].max_arguments = 1;
  other[1].max_bulk_bytes = 1;
  other[2].max_frame_bytes = 1;
  other[3].max_line_bytes = 1;
  other[4].max_chunk_bytes = 1;
  other[5].max_snapshot_bytes = 1;
  other[6].max_trailer_bytes = 1;
  ExpectValues<Limits>(
      {{Limits(),
        "max_arguments=1048576 max_bulk_bytes=536870912 "
        "max_frame_bytes=1073741824 max_line_bytes=256 max_chunk_bytes=65536 "
        "max_snapshot_bytes=18446744073709551615 max_trailer_bytes=1048576"},
       {other[0],
        "max_arguments=1 max_bulk_bytes=536870912 "
        "max_frame_bytes=1073741824 max_line_bytes=256 max_chunk_bytes=65536 "
        "max_snapshot_bytes=18446744073709551615 max_trailer_bytes=1048576"}});
  for (const Limits& a : other) {
    EXPECT_NE(a, Limits());
    for (const Limits& b : other) EXPECT_EQ(a == b, &a == &b);
  }
}

TEST(ValueTest, ReplyLimitsCompareHashAndPrint) {
  ReplyLimits other[5];
  other[0].max_bulk_bytes = 1;
  other[1].max_line_bytes = 1;
  other[2].max_elements = 1;
  other[3].max_depth = 1;
  other[4].max_reply_bytes = 1;
  ExpectValues<ReplyLimits>(
      {{ReplyLimits(),
        "max_bulk_bytes=16777216 max_line_bytes=65536 max_elements=65536 "
        "max_depth=16 max_reply_bytes=67108864"},
       {other[0],
        "max_bulk_bytes=1 max_line_bytes=65536 max_elements=65536 "
        "max_depth=16 max_reply_bytes=67108864"}});
  for (const ReplyLimits& a : other) {
    EXPECT_NE(a, ReplyLimits());
    for (const ReplyLimits& b : other) EXPECT_EQ(a == b, &a == &b);
  }
}

TEST(ValueTest, RepliesCompareContents) {
  std::vector<ReplyDecoder> decoders(13);
  std::vector<Case<ReplyView>> cases;
  const auto add = [&](absl::string_view bytes, const std::string& text) {
    ReplyDecoder& decoder = decoders[cases.size()];
    decoder.Feed(bytes);
    ASSERT_EQ(decoder.Next(), Outcome::kDone) << text;
    cases.push_back({decoder.reply(), text});
  };
  add("+a\r\n", "+\"a\"");
  add("+b\r\n", "+\"b\"");
  add("-a\r\n", "-\"a\"");
  add("$1\r\na\r\n", "\"a\"");
  add(":1\r\n", "1");
  add(":2\r\n", "2");
  add("$-1\r\n", "null_bulk");
  add("*-1\r\n", "null_array");
  add("*0\r\n", "[]");
  add("*2\r\n*1\r\n:1\r\n:2\r\n", "[[1], 2]");
  add("*2\r\n*1\r\n:1\r\n:3\r\n", "[[1], 3]");
  add("*1\r\n*2\r\n:1\r\n:2\r\n", "[[1, 2]]");
  ExpectValues<ReplyView>(cases, [](ReplyView reply) { return reply; });
  // The same contents elsewhere.
  ReplyDecoder& decoder = decoders.back();
  decoder.Feed("*1\r\n*2\r\n*1\r\n:1\r\n:2\r\n");
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  const ReplyView same = decoder.reply()[0];
  EXPECT_EQ(same, cases[9].value);
  EXPECT_EQ(absl::HashOf(same), absl::HashOf(cases[9].value));
  EXPECT_EQ(ReplyView(), cases[6].value);
}

TEST(ValueTest, ElementsCompareHashAndPrint) {
  ExpectValues<Ack>({{{8}, "ack next_offset=8"}, {{9}, "ack next_offset=9"}});
  ExpectValues<Heartbeat>({{{7, 9}, "# heartbeat generation=7 next_offset=9"},
                           {{8, 9}, "# heartbeat generation=8 next_offset=9"},
                           {{7, 8}, "# heartbeat generation=7 next_offset=8"}});
  ExpectValues<SnapshotBegin>({{{}, "# snapshot_begin"}});
  ExpectValues<SnapshotChunk>({{{"ab"}, "# snapshot_chunk bytes=2"},
                               {{"xy"}, "# snapshot_chunk bytes=2"},
                               {{""}, "# snapshot_chunk bytes=0"}});
  ExpectValues<SnapshotEnd>({{{8}, "# snapshot_end next_offset=8"},
                             {{9}, "# snapshot_end next_offset=9"}});
  ExpectValues<HandshakeRequest>(
      {{{Protocol::kV2, 7, 8, "r1"},
        "request protocol=2 generation=7 offset=8 id=\"r1\""},
       {{Protocol::kV1, 7, 8, "r1"},
        "request protocol=1 generation=7 offset=8 id=\"r1\""},
       {{Protocol::kV2, 6, 8, "r1"},
        "request protocol=2 generation=6 offset=8 id=\"r1\""},
       {{Protocol::kV2, 7, 9, "r1"},
        "request protocol=2 generation=7 offset=9 id=\"r1\""},
       {{Protocol::kV2, 7, 8, "\n"},
        "request protocol=2 generation=7 offset=8 id=\"\\n\""}});
  ExpectValues<HandshakeAnswer>(
      {{{Protocol::kV2, 7, 8}, "answer protocol=2 generation=7 offset=8"},
       {{Protocol::kV1, 7, 8}, "answer protocol=1 generation=7 offset=8"},
       {{Protocol::kV2, 6, 8}, "answer protocol=2 generation=6 offset=8"},
       {{Protocol::kV2, 7, 9}, "answer protocol=2 generation=7 offset=9"}});
}

TEST(ValueTest, ArgvCompareContents) {
  ExpectValues<ArgRef>({{{3, 5}, "offset=3 size=5"},
                        {{4, 5}, "offset=4 size=5"},
                        {{3, 6}, "offset=3 size=6"}});
  constexpr char kBytes[] = "SETSETSE\n";
  constexpr ArgRef kRefs[] = {{0, 3}, {3, 3}, {6, 3}, {0, 2}, {2, 4}};
  const ArgvView set(kBytes, kRefs, 1);
  ExpectValues<ArgvView>({{ArgvView(), ""},
                          {set, "\"SET\""},
                          {ArgvView(kBytes, kRefs, 2), "\"SET\" \"SET\""},
                          {ArgvView(kBytes, kRefs + 2, 1), "\"SE\\n\""},
                          {ArgvView(kBytes, kRefs + 3, 2), "\"SE\" \"TSET\""}},
                         [](const ArgvView& argv) { return argv; });
  // The same contents elsewhere.
  const ArgvView second(kBytes, kRefs + 1, 1);
  EXPECT_EQ(set, second);
  EXPECT_EQ(absl::HashOf(set), absl::HashOf(second));
}

TEST(ValueTest, FramesCompareOffsetAndCommand) {
  const auto owned = [](absl::string_view wire) {
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done()) << wire;
    return OwnedFrame(frame);
  };
  const OwnedFrame frame = owned("*2\r\n:8\r\n*2\r\n$3\r\nGET\r\n$1\r\n\n\r\n");
  const OwnedFrame later = owned("*2\r\n:9\r\n*2\r\n$3\r\nGET\r\n$1\r\n\n\r\n");
  const OwnedFrame other = owned("*2\r\n:8\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
  const OwnedFrame zeros =
      owned("*2\r\n:008\r\n*2\r\n$3\r\nGET\r\n$1\r\n\n\r\n");
  ExpectValues<FrameView>({{frame.view(), "8 \"GET\" \"\\n\""},
                           {later.view(), "9 \"GET\" \"\\n\""},
                           {other.view(), "8 \"GET\" \"k\""}});
  ExpectValues<OwnedFrame>({{frame, "8 \"GET\" \"\\n\""},
                            {later, "9 \"GET\" \"\\n\""},
                            {other, "8 \"GET\" \"k\""}});
  EXPECT_EQ(frame, zeros);
  EXPECT_EQ(absl::HashOf(frame), absl::HashOf(zeros));
  EXPECT_EQ(frame.view(), zeros.view());
  ExpectValues<StreamEvent>(
      {{frame.view(), "8 \"GET\" \"\\n\""},
       {other.view(), "8 \"GET\" \"k\""},
       {Heartbeat{7, 9}, "# heartbeat generation=7 next_offset=9"},
       {SnapshotBegin(), "# snapshot_begin"},
       {SnapshotEnd{8}, "# snapshot_end next_offset=8"}});
}

TEST(ValueTest, PayloadPartsCompareHashAndPrint) {
  const StreamId id = {5, 1};
  const StreamId other = {5, 2};
  ExpectValues<StreamId>({{id, "5-1"}, {other, "5-2"}, {{6, 1}, "6-1"}});
  ExpectValues<ScoredMember>({{{"m", 1.5}, "scored_member \"m\" 1.5"},
                              {{"n", 1.5}, "scored_member \"n\" 1.5"},
                              {{"m", 0}, "scored_member \"m\" 0"},
                              {{"m", std::numeric_limits<double>::infinity()},
                               "scored_member \"m\" inf"}});
  // As for double itself.
  EXPECT_EQ((ScoredMember{"m", 0.0}), (ScoredMember{"m", -0.0}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE((ScoredMember{"m", nan}), (ScoredMember{"m", nan}));
  ExpectValues<RecordBegin>(
      {{{RecordType::kHash, "k", {}, 2}, "hash \"k\" count=2"},
       {{RecordType::kList, "k", {}, 2}, "list \"k\" count=2"},
       {{RecordType::kHash, "j", {}, 2}, "hash \"j\" count=2"},
       {{RecordType::kHash, "k", 0, 2}, "hash \"k\" count=2 expire_at_ms=0"},
       {{RecordType::kHash, "k", {}, 3}, "hash \"k\" count=3"}});
}

// All alternatives, and each of their fields: first those outside of streams.
TEST(ValueTest, PayloadEventsCompareHashAndPrint) {
  ExpectValues<PayloadEvent>({
      {PayloadHeader{6, 7, 8}, "header version=6 generation=7 offset=8"},
      {PayloadHeader{5, 7, 8}, "header version=5 generation=7 offset=8"},
      {PayloadHeader{6, 0, 8}, "header version=6 generation=0 offset=8"},
      {PayloadHeader{6, 7, 0}, "header version=6 generation=7 offset=0"},
      {RecordBegin{RecordType::kString, "k", {}, 0}, "string \"k\""},
      {StringValue{"a"}, "value \"a\""},
      {StringValue{"b"}, "value \"b\""},
      {HashField{"a", "b"}, "field \"a\" \"b\""},
      {HashField{"a", "c"}, "field \"a\" \"c\""},
      {HashField{"c", "b"}, "field \"c\" \"b\""},
      {ListItem{"a"}, "item \"a\""},
      {ListItem{"b"}, "item \"b\""},
      {SetMember{"a"}, "member \"a\""},
      {SetMember{"b"}, "member \"b\""},
      {RecordEnd(), "record_end"},
      {FieldExpiry{"k", "f", 1}, "field_expiry \"k\" \"f\" expire_at_ms=1"},
      {FieldExpiry{"j", "f", 1}, "field_expiry \"j\" \"f\" expire_at_ms=1"},
      {FieldExpiry{"k", "g", 1}, "field_expiry \"k\" \"g\" expire_at_ms=1"},
      {FieldExpiry{"k", "f", 2}, "field_expiry \"k\" \"f\" expire_at_ms=2"},
      {PayloadEnd(), "payload_end"},
      {PayloadTrailer{"a"}, "trailer \"a\""},
      {PayloadTrailer{"b"}, "trailer \"b\""},
  });
}

TEST(ValueTest, StreamEventsCompareHashAndPrint) {
  const StreamId id = {5, 1};
  const StreamId other = {5, 2};
  ExpectValues<PayloadEvent>({
      {StreamInfo{id, id, 3, 4},
       "stream_info last_id=5-1 max_deleted_id=5-1 entries_added=3 entries=4"},
      {StreamInfo{other, id, 3, 4},
       "stream_info last_id=5-2 max_deleted_id=5-1 entries_added=3 entries=4"},
      {StreamInfo{id, other, 3, 4},
       "stream_info last_id=5-1 max_deleted_id=5-2 entries_added=3 entries=4"},
      {StreamInfo{id, id, 9, 4},
       "stream_info last_id=5-1 max_deleted_id=5-1 entries_added=9 entries=4"},
      {StreamInfo{id, id, 3, 9},
       "stream_info last_id=5-1 max_deleted_id=5-1 entries_added=3 entries=9"},
      {StreamEntry{id, 2}, "stream_entry 5-1 fields=2"},
      {StreamEntry{other, 2}, "stream_entry 5-2 fields=2"},
      {StreamEntry{id, 3}, "stream_entry 5-1 fields=3"},
      {StreamField{"a", "b"}, "stream_field \"a\" \"b\""},
      {StreamField{"a", "c"}, "stream_field \"a\" \"c\""},
      {StreamField{"c", "b"}, "stream_field \"c\" \"b\""},
      {StreamGroupCount{1}, "stream_groups 1"},
      {StreamGroupCount{2}, "stream_groups 2"},
      {StreamGroup{"g", id, 1},
       "stream_group \"g\" last_delivered_id=5-1 consumers=1"},
      {StreamGroup{"h", id, 1},
       "stream_group \"h\" last_delivered_id=5-1 consumers=1"},
      {StreamGroup{"g", other, 1},
       "stream_group \"g\" last_delivered_id=5-2 consumers=1"},
      {StreamGroup{"g", id, 2},
       "stream_group \"g\" last_delivered_id=5-1 consumers=2"},
      {StreamConsumer{"c", 1}, "stream_consumer \"c\" seen_at_ms=1"},
      {StreamConsumer{"d", 1}, "stream_consumer \"d\" seen_at_ms=1"},
      {StreamConsumer{"c", 2}, "stream_consumer \"c\" seen_at_ms=2"},
      {StreamPendingCount{1}, "stream_pending_count 1"},
      {StreamPendingCount{2}, "stream_pending_count 2"},
      {StreamPending{id, "c", 1, 2},
       "stream_pending 5-1 \"c\" delivered_at_ms=1 deliveries=2"},
      {StreamPending{other, "c", 1, 2},
       "stream_pending 5-2 \"c\" delivered_at_ms=1 deliveries=2"},
      {StreamPending{id, "d", 1, 2},
       "stream_pending 5-1 \"d\" delivered_at_ms=1 deliveries=2"},
      {StreamPending{id, "c", 3, 2},
       "stream_pending 5-1 \"c\" delivered_at_ms=3 deliveries=2"},
      {StreamPending{id, "c", 1, 3},
       "stream_pending 5-1 \"c\" delivered_at_ms=1 deliveries=3"},
  });
}

TEST(ValueTest, ValuesServeAsKeys) {
  std::unordered_set<Heartbeat, absl::Hash<Heartbeat>> set;
  EXPECT_TRUE(set.insert({7, 8}).second);
  EXPECT_FALSE(set.insert({7, 8}).second);
  EXPECT_TRUE(set.insert({7, 9}).second);
}

TEST(ValueTest, PrintsAsAStringDoes) {
  std::ostringstream out;
  out << std::setw(20) << std::setfill('.') << Ack{8};
  EXPECT_EQ(out.str(), "...ack next_offset=8");
}

// Other types do not get the operators.
template <typename T, typename = void>
struct IsComparable : std::false_type {};
template <typename T>
struct IsComparable<T, std::void_t<decltype(std::declval<const T&>() ==
                                            std::declval<const T&>())>>
    : std::true_type {};

TEST(ValueTest, OnlyValuesHaveOperators) {
  struct NotAValue {};
  EXPECT_TRUE(IsComparable<Ack>::value);
  EXPECT_FALSE(IsComparable<NotAValue>::value);
  EXPECT_FALSE(IsComparable<FrameDecoder>::value);
  EXPECT_FALSE(IsComparable<ArgvStorage>::value);
}

}  // namespace
}  // namespace kevy_replica
