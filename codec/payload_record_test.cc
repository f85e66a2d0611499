// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/payload_record.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

// The beginning of a payload.
std::string Bytes(const std::vector<PayloadEvent>& events) {
  PayloadEncoder encoder;
  std::string bytes;
  for (const PayloadEvent& event : events) {
    EXPECT_EQ(encoder.Append(event, &bytes), WireError::kNone);
  }
  return bytes;
}

std::string Payload() {
  return Bytes({PayloadHeader{6, 7, 8},
                RecordBegin{RecordType::kHash, "h", 5, 2}, HashField{"f", "v"},
                HashField{"g", "w"}, RecordEnd(),
                RecordBegin{RecordType::kSortedSet, "z", {}, 2},
                ScoredMember{"m", 1.5}, ScoredMember{"n", -2}});
}

// Two records: a whole hash, and a sorted set without its last member.
class PayloadRecordTest : public ::testing::Test {
 protected:
  PayloadRecordTest() : bytes_(Payload()), decoder_(0) {
    bytes_.pop_back();
    decoder_.Feed(bytes_);
    EXPECT_EQ(decoder_.Next(), Outcome::kDone);
    records_ = decoder_.NextRecords();
    EXPECT_EQ(records_.size(), 2u);
  }

  std::string bytes_;
  PayloadDecoder decoder_;
  absl::Span<const PayloadRecord> records_;
};

TEST_F(PayloadRecordTest, RecordsComeToTheirEvents) {
  std::vector<std::string> lines;
  for (const PayloadRecord& record : records_) {
    EXPECT_TRUE(ForEachEvent(record, [&lines](const PayloadEvent& event) {
      lines.emplace_back();
      AppendText(event, &lines.back());
      return true;
    }));
  }
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "hash \"h\" count=2 expire_at_ms=5", "field \"f\" \"v\"",
                       "field \"g\" \"w\"", "record_end",
                       "sorted_set \"z\" count=2", "scored_member \"m\" 1.5"}));
}

TEST_F(PayloadRecordTest, FalseEndsTheEvents) {
  for (int most = 1; most <= 4; ++most) {
    int calls = 0;
    EXPECT_FALSE(ForEachEvent(
        records_[0], [&](const PayloadEvent&) { return ++calls != most; }));
    EXPECT_EQ(calls, most);
  }
}

TEST_F(PayloadRecordTest, RecordsCompareHashAndPrint) {
  std::ostringstream out;
  out << records_[0] << "\n" << records_[1];
  EXPECT_EQ(out.str(),
            "hash \"h\" count=2 expire_at_ms=5 \"f\" \"v\" \"g\" \"w\"\n"
            "sorted_set \"z\" count=2 \"m\" 1.5 ...");
  EXPECT_FALSE(records_[0] == records_[1]);
  // The same bytes at another place.
  const std::string copy = bytes_;
  PayloadDecoder other(0);
  other.Feed(copy);
  ASSERT_EQ(other.Next(), Outcome::kDone);
  const absl::Span<const PayloadRecord> same = other.NextRecords();
  ASSERT_EQ(same.size(), 2u);
  for (size_t i = 0; i != 2; ++i) {
    EXPECT_TRUE(records_[i] == same[i]);
    EXPECT_EQ(absl::Hash<PayloadRecord>()(records_[i]),
              absl::Hash<PayloadRecord>()(same[i]));
  }
}

// A record equals the one that a new decoder gives for the same bytes, whatever
// the decoder read before: rows of alike records, and one that differs.
TEST(PayloadRecordsTest, RecordsDoNotDependOnEarlierOnes) {
  std::vector<std::vector<PayloadEvent>> kinds;
  for (const std::optional<uint64_t> expiry :
       {std::optional<uint64_t>(), {7}}) {
    const auto begin = [&expiry](RecordType type, uint32_t count) {
      return PayloadEvent(RecordBegin{type, "key", expiry, count});
    };
    kinds.push_back({begin(RecordType::kString, 0), StringValue{"value"}});
    kinds.push_back({begin(RecordType::kHash, 2), HashField{"f", "v"},
                     HashField{"gg", "ww"}});
    kinds.push_back(
        {begin(RecordType::kList, 2), ListItem{"i"}, ListItem{"jj"}});
    kinds.push_back({begin(RecordType::kSet, 0)});
    kinds.push_back({begin(RecordType::kSortedSet, 2), ScoredMember{"m", 1.5},
                     ScoredMember{"nn", -2}});
  }
  const std::string header = Bytes({PayloadHeader{6, 7, 8}});
  std::vector<std::string> wire;
  for (int round = 0; round != 4; ++round) {
    for (size_t i = 0; i != kinds.size(); ++i) {
      std::vector<PayloadEvent> events = kinds[i * 3 % kinds.size()];
      events.insert(events.begin(), PayloadHeader{6, 7, 8});
      events.push_back(RecordEnd());
      const std::string record = Bytes(events).substr(header.size());
      // Rows that are guessed, and short ones.
      wire.insert(wire.end(), round % 2 == 0 ? 6 : 1, record);
    }
  }
  const std::string all = absl::StrCat(header, absl::StrJoin(wire, ""));
  PayloadDecoder decoder(0);
  decoder.Feed(all);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  for (size_t i = 0; i != wire.size();) {
    const absl::Span<const PayloadRecord> records = decoder.NextRecords();
    ASSERT_FALSE(records.empty());
    for (const PayloadRecord& record : records) {
      const std::string one = absl::StrCat(header, wire[i++]);
      PayloadDecoder other(0);
      other.Feed(one);
      ASSERT_EQ(other.Next(), Outcome::kDone);
      const absl::Span<const PayloadRecord> alone = other.NextRecords();
      ASSERT_EQ(alone.size(), 1u);
      EXPECT_EQ(record, alone[0]) << "record " << i;
      EXPECT_EQ(record.count(), record.type() == RecordType::kString ||
                                        record.type() == RecordType::kSet
                                    ? 0u
                                    : 2u);
      EXPECT_EQ(record.scores().size(),
                record.type() == RecordType::kSortedSet ? 2u : 0u);
    }
  }
}

}  // namespace
}  // namespace kevy_replica
