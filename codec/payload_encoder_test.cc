// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/payload_encoder.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

PayloadEvent Record(RecordType type, uint32_t count) {
  return RecordBegin{type, "key", 1000, count};
}

// A payload with every event, and counts of 2.
std::vector<PayloadEvent> AllEvents() {
  return {
      PayloadHeader{6, 7, 8},
      Record(RecordType::kString, 0),
      StringValue{"value"},
      RecordEnd(),
      Record(RecordType::kHash, 2),
      HashField{"field", "value"},
      HashField{"", ""},
      RecordEnd(),
      Record(RecordType::kList, 2),
      ListItem{"item"},
      ListItem{""},
      RecordEnd(),
      Record(RecordType::kSet, 2),
      SetMember{"member"},
      SetMember{""},
      RecordEnd(),
      Record(RecordType::kSortedSet, 2),
      ScoredMember{"member", 1.5},
      ScoredMember{"", 0},
      RecordEnd(),
      Record(RecordType::kStream, 0),
      StreamInfo{{6, 0}, {5, 0}, 9, 2},
      StreamEntry{{5, 1}, 2},
      StreamField{"field", "value"},
      StreamField{"", ""},
      StreamEntry{{6, 0}, 0},
      StreamGroupCount{2},
      StreamGroup{"group", {5, 1}, 2},
      StreamConsumer{"consumer", 1},
      StreamConsumer{"", 2},
      StreamPendingCount{2},
      StreamPending{{5, 1}, "consumer", 1, 1},
      StreamPending{{6, 0}, "", 2, 2},
      StreamGroup{"", {0, 0}, 0},
      StreamPendingCount{0},
      RecordEnd(),
      FieldExpiry{"key", "field", 1},
      FieldExpiry{"", "", 2},
      PayloadEnd(),
      PayloadTrailer{"trailer"},
      PayloadTrailer{""},
  };
}

void AppendAll(const std::vector<PayloadEvent>& events, PayloadEncoder* encoder,
               std::string* out) {
  for (const PayloadEvent& event : events) {
    ASSERT_EQ(encoder->Append(event, out), WireError::kNone);
  }
}

// Returns the error of `event` behind `before`, and expects that it changes
// nothing.
WireError ErrorBehind(const std::vector<PayloadEvent>& before,
                      const PayloadEvent& event) {
  PayloadEncoder encoder;
  std::string out;
  AppendAll(before, &encoder, &out);
  const std::string copy = out;
  const WireError error = encoder.Append(event, &out);
  EXPECT_EQ(out == copy, error != WireError::kNone);
  return error;
}

TEST(PayloadEncoderTest, AppendsTheBytes) {
  PayloadEncoder encoder;
  std::string out = "before";
  AppendAll({PayloadHeader{5, 0x0102030405060708, 9},
             RecordBegin{RecordType::kString, "key", 1, 0},
             StringValue{"value"}, RecordEnd()},
            &encoder, &out);
  EXPECT_FALSE(encoder.ended());
  EXPECT_EQ(out, "beforeKEVYSNAP\5" + std::string("\x8\7\6\5\4\3\2\1", 8) +
                     std::string("\x9\0\0\0\0\0\0\0", 8) +
                     std::string("\1\1\1\0\0\0\0\0\0\0\3\0\0\0key", 17) +
                     std::string("\5\0\0\0value", 9));
  out.clear();  // As after sending it.
  AppendAll({PayloadEnd()}, &encoder, &out);
  EXPECT_EQ(out, std::string(1, '\0'));
  EXPECT_TRUE(encoder.ended());
}

TEST(PayloadEncoderTest, AppendsTrailerAsItIs) {
  PayloadEncoder encoder;
  std::string out;
  AppendAll({PayloadHeader{4, 0, 0}, PayloadEnd()}, &encoder, &out);
  AppendAll({PayloadTrailer{"\x9"}, PayloadTrailer{"more"}}, &encoder, &out);
  EXPECT_EQ(out, std::string("KEVYSNAP\4\0\x9more", 15));
  EXPECT_TRUE(encoder.ended());
  EXPECT_EQ(ErrorBehind({PayloadHeader{4, 0, 0}}, PayloadTrailer{"t"}),
            WireError::kWrongOrder);
}

// At every place, try each wrong event. It is either accepted, or returns an
// error and changes nothing.
TEST(PayloadEncoderTest, ErrorLeavesEverythingUnchanged) {
  const std::vector<PayloadEvent> events = AllEvents();
  PayloadEncoder encoder;
  std::string expected;
  AppendAll(events, &encoder, &expected);
  EXPECT_TRUE(encoder.ended());

  PayloadEncoder tried;
  std::string out;
  size_t errors = 0;
  for (const PayloadEvent& event : events) {
    for (const PayloadEvent& other : events) {
      PayloadEncoder copy = tried;
      std::string copy_out = out;
      if (copy.Append(other, &copy_out) == WireError::kNone) continue;
      ++errors;
      ASSERT_EQ(copy_out, out);
      ASSERT_NE(tried.Append(other, &out), WireError::kNone);
    }
    ASSERT_EQ(tried.Append(event, &out), WireError::kNone);
  }
  EXPECT_EQ(out, expected);
  EXPECT_GT(errors, events.size() * events.size() / 2);
  for (const PayloadEvent& other : events) {  // Behind the end.
    if (std::holds_alternative<PayloadTrailer>(other)) continue;
    EXPECT_EQ(tried.Append(other, &out), WireError::kWrongOrder);
  }
  EXPECT_EQ(out, expected);
}

TEST(PayloadEncoderTest, RejectsWrongHeaders) {
  for (int version = 0; version <= 255; ++version) {
    EXPECT_EQ(
        ErrorBehind({}, PayloadHeader{static_cast<uint8_t>(version), 0, 0}),
        version >= 4 && version <= 6 ? WireError::kNone
                                     : WireError::kBadVersion);
  }
  EXPECT_EQ(ErrorBehind({}, PayloadHeader{4, 1, 0}), WireError::kBadGeneration);
  EXPECT_EQ(ErrorBehind({}, PayloadHeader{4, 0, 1}), WireError::kBadGeneration);
  EXPECT_EQ(ErrorBehind({}, PayloadHeader{5, 1, 1}), WireError::kNone);
}

TEST(PayloadEncoderTest, RejectsWrongOrder) {
  const PayloadEvent header = PayloadHeader{6, 0, 0};
  const auto expect = [&](std::vector<PayloadEvent> before,
                          const PayloadEvent& event) {
    before.insert(before.begin(), header);
    EXPECT_EQ(ErrorBehind(before, event), WireError::kWrongOrder);
  };
  EXPECT_EQ(ErrorBehind({}, PayloadEnd()), WireError::kWrongOrder);
  EXPECT_EQ(ErrorBehind({}, Record(RecordType::kSet, 0)),
            WireError::kWrongOrder);
  expect({}, header);
  expect({}, StringValue{"v"});
  expect({}, RecordEnd());
  const PayloadEvent string = Record(RecordType::kString, 0);
  expect({string}, RecordEnd());
  expect({string}, PayloadEnd());
  expect({string}, ListItem{"i"});
  expect({string, StringValue{"v"}}, StringValue{"v"});
  const PayloadEvent set = Record(RecordType::kSet, 2);
  expect({set}, ListItem{"i"});
  expect({set}, set);
  expect({set}, FieldExpiry{"k", "f", 1});
  const PayloadEvent stream = Record(RecordType::kStream, 0);
  const PayloadEvent info = StreamInfo{{}, {}, 0, 0};
  expect({stream}, RecordEnd());
  expect({stream}, StreamGroupCount{0});
  expect({stream, info}, info);
  expect({stream, info}, StreamGroup{"g", {}, 0});
  const PayloadEvent groups = StreamGroupCount{1};
  const PayloadEvent group = StreamGroup{"g", {}, 0};
  expect({stream, info, groups}, groups);
  expect({stream, info, groups}, StreamEntry{{}, 0});
  expect({stream, info, groups}, StreamPendingCount{0});
  expect({stream, info, groups, group}, RecordEnd());
  expect({stream, info, groups, group}, StreamPending{{}, "c", 0, 0});
  expect({stream, info, groups, group, StreamPendingCount{0}},
         StreamPendingCount{0});
  expect({stream, info, groups, group, StreamPendingCount{0}},
         StreamConsumer{"c", 0});
  expect({FieldExpiry{"k", "f", 1}}, string);
}

TEST(PayloadEncoderTest, RejectsWrongCounts) {
  const auto expect = [](std::vector<PayloadEvent> before,
                         const PayloadEvent& event) {
    before.insert(before.begin(), PayloadHeader{6, 0, 0});
    EXPECT_EQ(ErrorBehind(before, event), WireError::kWrongCount);
  };
  expect({}, Record(RecordType::kString, 1));
  expect({}, Record(RecordType::kStream, 1));
  expect({Record(RecordType::kHash, 1)}, RecordEnd());
  expect({Record(RecordType::kHash, 0)}, HashField{"f", "v"});
  expect({Record(RecordType::kList, 1), ListItem{"i"}}, ListItem{"i"});
  expect({Record(RecordType::kList, 2), ListItem{"i"}}, RecordEnd());
  expect({Record(RecordType::kSet, 1)}, RecordEnd());
  expect({Record(RecordType::kSortedSet, 0)}, ScoredMember{"m", 1});
  const PayloadEvent stream = Record(RecordType::kStream, 0);
  const PayloadEvent info = StreamInfo{{}, {}, 0, 1};
  const PayloadEvent entry = StreamEntry{{}, 1};
  const PayloadEvent field = StreamField{"f", "v"};
  expect({stream, info}, RecordEnd());
  expect({stream, info}, StreamGroupCount{0});
  expect({stream, info}, field);
  expect({stream, info, entry}, entry);
  expect({stream, info, entry}, RecordEnd());
  expect({stream, info, entry}, StreamGroupCount{0});
  expect({stream, info, entry, field}, field);
  expect({stream, info, entry, field}, entry);
  const PayloadEvent groups = StreamGroupCount{1};
  const PayloadEvent group = StreamGroup{"g", {}, 1};
  const PayloadEvent consumer = StreamConsumer{"c", 0};
  const PayloadEvent pending = StreamPending{{}, "c", 0, 0};
  expect({stream, info, entry, field, groups}, RecordEnd());
  expect({stream, info, entry, field, StreamGroupCount{0}}, group);
  expect({stream, info, entry, field, groups, group}, StreamPendingCount{0});
  expect({stream, info, entry, field, groups, group, consumer}, consumer);
  const std::vector<PayloadEvent> before = {
      stream, info,  entry,    field,
      groups, group, consumer, StreamPendingCount{1}};
  expect(before, RecordEnd());
  expect(before, group);
  std::vector<PayloadEvent> behind = before;
  behind.push_back(pending);
  expect(behind, pending);
  expect(behind, group);
}

TEST(PayloadEncoderTest, OldStreamEncodesWithZeroGroups) {
  std::vector<PayloadEvent> events = {
      PayloadHeader{4, 0, 0}, Record(RecordType::kStream, 0),
      StreamInfo{{}, {}, 0, 0}, RecordEnd(), PayloadEnd()};
  PayloadEncoder without;
  std::string bytes;
  AppendAll(events, &without, &bytes);
  events.insert(events.begin() + 3, StreamGroupCount{0});
  PayloadEncoder with;
  std::string same;
  AppendAll(events, &with, &same);
  EXPECT_EQ(bytes, same);
}

TEST(PayloadEncoderTest, RejectsEventsOfLaterVersions) {
  for (const uint8_t version : {4, 5}) {
    EXPECT_EQ(
        ErrorBehind({PayloadHeader{version, 0, 0}}, FieldExpiry{"k", "f", 1}),
        WireError::kBadOpcode);
  }
  for (const int type : {0, 7, 8, 255}) {
    EXPECT_EQ(
        ErrorBehind({PayloadHeader{6, 0, 0}},
                    RecordBegin{static_cast<RecordType>(type), "k", {}, 0}),
        WireError::kBadOpcode);
  }
}

// The encoder checks the length alone: the bytes do not exist.
TEST(PayloadEncoderTest, RejectsTooLongStrings) {
  if (sizeof(size_t) <= 4) GTEST_SKIP() << "There are none.";
  const char byte = 'x';
  const absl::string_view huge(
      &byte,
      static_cast<size_t>(uint64_t{std::numeric_limits<uint32_t>::max()} + 1));
  const auto expect = [](std::vector<PayloadEvent> before,
                         const PayloadEvent& event) {
    before.insert(before.begin(), PayloadHeader{6, 0, 0});
    EXPECT_EQ(ErrorBehind(before, event), WireError::kBulkTooLong);
  };
  expect({}, RecordBegin{RecordType::kString, huge, {}, 0});
  expect({Record(RecordType::kString, 0)}, StringValue{huge});
  expect({Record(RecordType::kHash, 1)}, HashField{huge, "v"});
  expect({Record(RecordType::kHash, 1)}, HashField{"f", huge});
  expect({Record(RecordType::kList, 1)}, ListItem{huge});
  expect({Record(RecordType::kSet, 1)}, SetMember{huge});
  expect({Record(RecordType::kSortedSet, 1)}, ScoredMember{huge, 1});
  const PayloadEvent stream = Record(RecordType::kStream, 0);
  const PayloadEvent info = StreamInfo{{}, {}, 0, 1};
  const PayloadEvent entry = StreamEntry{{}, 1};
  expect({stream, info, entry}, StreamField{huge, "v"});
  expect({stream, info, entry}, StreamField{"f", huge});
  const PayloadEvent empty = StreamInfo{{}, {}, 0, 0};
  const PayloadEvent groups = StreamGroupCount{1};
  expect({stream, empty, groups}, StreamGroup{huge, {}, 0});
  expect({stream, empty, groups, StreamGroup{"g", {}, 1}},
         StreamConsumer{huge, 0});
  expect(
      {stream, empty, groups, StreamGroup{"g", {}, 0}, StreamPendingCount{1}},
      StreamPending{{}, huge, 0, 0});
  expect({}, FieldExpiry{huge, "f", 1});
  expect({}, FieldExpiry{"k", huge, 1});
}

}  // namespace
}  // namespace kevy_replica
