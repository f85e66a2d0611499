// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/payload_record.h"

#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "absl/hash/hash.h"
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

std::string Payload() {
  PayloadEncoder encoder;
  std::string bytes;
  for (const PayloadEvent& event :
       {PayloadEvent(PayloadHeader{6, 7, 8}),
        PayloadEvent(RecordBegin{RecordType::kHash, "h", 5, 2}),
        PayloadEvent(HashField{"f", "v"}), PayloadEvent(HashField{"g", "w"}),
        PayloadEvent(RecordEnd()),
        PayloadEvent(RecordBegin{RecordType::kSortedSet, "z", {}, 2}),
        PayloadEvent(ScoredMember{"m", 1.5}),
        PayloadEvent(ScoredMember{"n", -2})}) {
    EXPECT_EQ(encoder.Append(event, &bytes), WireError::kNone);
  }
  return bytes;
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

}  // namespace
}  // namespace kevy_replica
