// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The properties that golden files cannot show: the decoder's views, memory and
// copies, and the order of its calls.

#include "kevy_replica/codec/snapshot_payload.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

std::string Encoded(const std::vector<PayloadEvent>& events) {
  PayloadEncoder encoder;
  std::string bytes;
  for (const PayloadEvent& event : events) {
    EXPECT_EQ(encoder.Append(event, &bytes), WireError::kNone);
  }
  return bytes;
}

// The start of a hash that claims `count` fields.
std::string HashBegin(uint32_t count) {
  return Encoded({PayloadHeader{4, 0, 0},
                  RecordBegin{RecordType::kHash, "key", {}, count}});
}

// A hash of equal fields, and the payload's end.
std::string Hash(size_t count, absl::string_view field,
                 absl::string_view value) {
  std::vector<PayloadEvent> events = {
      PayloadHeader{4, 0, 0},
      RecordBegin{RecordType::kHash, "key", {}, static_cast<uint32_t>(count)}};
  events.insert(events.end(), count, HashField{field, value});
  events.emplace_back(RecordEnd());
  events.emplace_back(PayloadEnd());
  return Encoded(events);
}

// The next event as text, or the outcome of the call.
std::string Next(PayloadDecoder* decoder) {
  switch (decoder->Next()) {
    case Outcome::kDone: {
      std::string text;
      AppendText(decoder->event(), &text);
      return text;
    }
    case Outcome::kNeedMore:
      return "need_more";
    case Outcome::kError:
      return absl::StrCat("error ", WireErrorName(decoder->error()), " at ",
                          decoder->bytes_decoded());
  }
  return "";
}

// Feeds `bytes` in pieces, and calls `each` after every call of Next(). Returns
// the number of events.
size_t Decode(absl::string_view bytes, size_t piece, PayloadDecoder* decoder,
              const std::function<void()>& each = nullptr) {
  size_t events = 0;
  while (!bytes.empty()) {
    // In memory of its own, which is freed afterwards.
    const std::string part(bytes.substr(0, piece));
    decoder->Feed(part);
    bytes.remove_prefix(part.size());
    Outcome outcome;
    do {
      outcome = decoder->Next();
      events += outcome == Outcome::kDone;
      if (each != nullptr) each();
    } while (outcome == Outcome::kDone);
    EXPECT_EQ(outcome, Outcome::kNeedMore);
  }
  return events;
}

bool IsWithin(absl::string_view part, absl::string_view whole) {
  return std::less_equal<>()(whole.data(), part.data()) &&
         std::less_equal<>()(part.data() + part.size(),
                             whole.data() + whole.size());
}

TEST(PayloadDecoderTest, NeedsMoreUntilAnEventIsWhole) {
  const std::string bytes = Encoded({PayloadHeader{6, 7, 8}, PayloadEnd()});
  PayloadDecoder decoder(0);
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed("");
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed(absl::string_view(bytes).substr(0, 20));
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(decoder.bytes_decoded(), 0u);
  decoder.Feed(absl::string_view(bytes).substr(20));
  EXPECT_EQ(Next(&decoder), "header version=6 generation=7 offset=8");
  EXPECT_EQ(decoder.bytes_decoded(), 25u);
  EXPECT_FALSE(decoder.ended());
  EXPECT_EQ(Next(&decoder), "payload_end");
  EXPECT_TRUE(decoder.ended());
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(decoder.bytes_decoded(), 26u);
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(decoder.error(), WireError::kNone);
}

// The earlier events tell the end of a record.
TEST(PayloadDecoderTest, RecordEndNeedsNoFurtherByte) {
  const std::string bytes = HashBegin(0);
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  EXPECT_EQ(Next(&decoder), "header version=4 generation=0 offset=0");
  EXPECT_EQ(Next(&decoder), "hash \"key\" count=0");
  EXPECT_EQ(Next(&decoder), "record_end");
  EXPECT_EQ(Next(&decoder), "need_more");
}

TEST(PayloadDecoderTest, WholeStringIsAViewOfItsPiece) {
  const std::string bytes = Hash(2, "field", std::string(100'000, 'v'));
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  int views = 0;
  while (decoder.Next() == Outcome::kDone) {
    if (const auto* record = std::get_if<RecordBegin>(&decoder.event())) {
      EXPECT_TRUE(IsWithin(record->key, bytes));
      ++views;
    } else if (const auto* field = std::get_if<HashField>(&decoder.event())) {
      EXPECT_TRUE(IsWithin(field->field, bytes));
      EXPECT_TRUE(IsWithin(field->value, bytes));
      ++views;
    }
  }
  EXPECT_EQ(views, 3);
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
  EXPECT_EQ(decoder.bytes_copied(), 0u);
  EXPECT_EQ(decoder.memory_bytes(), 0u);
}

// Also where the field before it or the score behind it is cut.
TEST(PayloadDecoderTest, WholeStringBesideACutOneIsAView) {
  const std::string value(100'000, 'v');
  const std::string bytes = Hash(1, "field", value);
  const size_t field_at = bytes.find("field");
  for (size_t cut = field_at - 4; cut <= field_at + 9; ++cut) {
    SCOPED_TRACE(cut);
    const std::string first = bytes.substr(0, cut);
    const std::string second = bytes.substr(cut);
    PayloadDecoder decoder(0);
    decoder.Feed(first);
    while (decoder.Next() == Outcome::kDone) {
    }
    decoder.Feed(second);
    ASSERT_EQ(decoder.Next(), Outcome::kDone);
    const auto& field = std::get<HashField>(decoder.event());
    EXPECT_EQ(field.field, "field");
    EXPECT_EQ(field.value, value);
    EXPECT_TRUE(IsWithin(field.value, second));
    EXPECT_EQ(IsWithin(field.field, second), cut <= field_at);
    // The part of the field that the first piece holds, and the rest of it.
    EXPECT_EQ(decoder.bytes_copied(), cut <= field_at ? 0u : 5u);
  }
}

TEST(PayloadDecoderTest, CopiesACutStringOnce) {
  const std::string value(65'536, 'v');
  const std::string bytes = Encoded(
      {PayloadHeader{4, 0, 0}, RecordBegin{RecordType::kString, "key", {}, 0},
       StringValue{value}, RecordEnd(), PayloadEnd()});
  PayloadDecoder decoder(0);
  const size_t cut = bytes.size() / 2;
  size_t values = 0;
  Decode(bytes, cut, &decoder, [&] {
    const auto* const string = std::get_if<StringValue>(&decoder.event());
    if (string == nullptr) return;
    EXPECT_EQ(string->value, value);
    ++values;
  });
  EXPECT_GE(values, 1u);
  // And the first half once more, when the scratch grew.
  EXPECT_LE(decoder.bytes_copied(), value.size() + cut);
}

// The records as text, one a line. Empty: there are none.
std::string Records(PayloadDecoder* decoder,
                    size_t max = PayloadDecoder::kBatch) {
  std::string text;
  for (const PayloadRecord& record : decoder->NextRecords(max)) {
    AppendText(record, &text);
    text += '\n';
  }
  return text;
}

TEST(PayloadDecoderTest, NextRecordsGivesWholeRecords) {
  const std::string bytes = Encoded(
      {PayloadHeader{6, 7, 8}, RecordBegin{RecordType::kString, "a", 5, 0},
       StringValue{"1"}, RecordEnd(),
       RecordBegin{RecordType::kHash, "b", {}, 1}, HashField{"f", "v"},
       RecordEnd(), RecordBegin{RecordType::kList, "c", {}, 2}, ListItem{"x"},
       ListItem{"y"}, RecordEnd(), RecordBegin{RecordType::kSet, "d", {}, 0},
       RecordEnd(), RecordBegin{RecordType::kSortedSet, "e", {}, 1},
       ScoredMember{"m", 1.5}, RecordEnd(), FieldExpiry{"b", "f", 9},
       PayloadEnd()});
  PayloadDecoder decoder(0);
  EXPECT_EQ(Records(&decoder), "");
  decoder.Feed(bytes);
  EXPECT_EQ(Records(&decoder), "");
  EXPECT_EQ(Next(&decoder), "header version=6 generation=7 offset=8");
  EXPECT_EQ(Records(&decoder, 2),
            "string \"a\" expire_at_ms=5 \"1\"\n"
            "hash \"b\" count=1 \"f\" \"v\"\n");
  EXPECT_EQ(Records(&decoder),
            "list \"c\" count=2 \"x\" \"y\"\n"
            "set \"d\" count=0\n"
            "sorted_set \"e\" count=1 \"m\" 1.5\n");
  EXPECT_EQ(Records(&decoder), "");
  EXPECT_EQ(Next(&decoder), "field_expiry \"b\" \"f\" expire_at_ms=9");
  EXPECT_EQ(Records(&decoder), "");
  EXPECT_EQ(Next(&decoder), "payload_end");
  EXPECT_EQ(Records(&decoder), "");
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_EQ(decoder.bytes_decoded(), bytes.size());
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
  EXPECT_EQ(Records(&decoder), "");
}

// A collection that is longer than a batch, or cut, comes in parts. Next()
// gives the cut element.
TEST(PayloadDecoderTest, LongCollectionComesInParts) {
  const std::string bytes = Hash(1000, "field", "value");
  PayloadDecoder decoder(0);
  const absl::string_view first = absl::string_view(bytes).substr(0, 5000);
  decoder.Feed(first);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  size_t fields = 0;
  size_t begins = 0;
  size_t ends = 0;
  const auto take_parts = [&] {
    while (true) {
      const auto records = decoder.NextRecords();
      if (records.empty()) return;
      ASSERT_EQ(records.size(), 1u);
      EXPECT_EQ(begins == 0, records[0].begins());
      EXPECT_EQ(records[0].key(), begins == 0 ? "key" : "");
      EXPECT_EQ(records[0].count(), begins == 0 ? 1000u : 0u);
      begins += records[0].begins();
      ends += records[0].ends();
      fields += records[0].strings().size() / 2;
      for (const absl::string_view string : records[0].strings()) {
        EXPECT_TRUE(IsWithin(string, bytes));
      }
    }
  };
  take_parts();
  EXPECT_EQ(begins, 1u);
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed(absl::string_view(bytes).substr(5000));
  take_parts();  // None: the first field is cut.
  EXPECT_EQ(fields, (5000 - 9 - 13) / 18u);
  EXPECT_EQ(Next(&decoder), "field \"field\" \"value\"");
  take_parts();
  EXPECT_EQ(fields, 999u);
  EXPECT_EQ(ends, 1u);
  EXPECT_EQ(Next(&decoder), "payload_end");
  EXPECT_LE(decoder.bytes_copied(), 10u);
}

// A row of alike strings fills the strings of a batch behind a long sorted set.
TEST(PayloadDecoderTest, FullBatchKeepsItsScores) {
  constexpr uint32_t kMembers = 1010;
  constexpr size_t kStrings = 40;
  std::vector<PayloadEvent> events = {PayloadHeader{4, 0, 0}};
  const auto add_strings = [&events](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      events.emplace_back(RecordBegin{RecordType::kString, "key", {}, 0});
      events.emplace_back(StringValue{"value"});
      events.emplace_back(RecordEnd());
    }
  };
  add_strings(kStrings);
  events.emplace_back(RecordBegin{RecordType::kSortedSet, "z", {}, kMembers});
  for (uint32_t i = 0; i < kMembers; ++i) {
    events.emplace_back(ScoredMember{"member", i + 0.5});
  }
  events.emplace_back(RecordEnd());
  add_strings(kStrings);
  events.emplace_back(PayloadEnd());
  const std::string bytes = Encoded(events);
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  for (size_t left = kStrings; left != 0;) {
    const size_t count = decoder.NextRecords(left).size();
    ASSERT_GT(count, 0u);
    left -= count;
  }
  const auto records = decoder.NextRecords();
  ASSERT_FALSE(records.empty());
  ASSERT_EQ(records[0].scores().size(), kMembers);
  for (uint32_t i = 0; i < kMembers; ++i) {
    ASSERT_EQ(records[0].scores()[i], i + 0.5) << i;
  }
  // Each of the other records takes one of the 1,024 strings.
  EXPECT_EQ(records.size(), 1 + 1024 - kMembers);
}

// The views of the earlier records stay valid: they are of the piece.
TEST(PayloadDecoderTest, RecordStringsAreViewsOfThePiece) {
  std::string bytes;
  {
    std::vector<PayloadEvent> events = {PayloadHeader{4, 0, 0}};
    for (int i = 0; i < 100; ++i) {
      events.emplace_back(RecordBegin{RecordType::kString, "key", {}, 0});
      events.emplace_back(StringValue{"value"});
      events.emplace_back(RecordEnd());
    }
    events.emplace_back(PayloadEnd());
    bytes = Encoded(events);
  }
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  std::vector<absl::string_view> strings;
  while (true) {
    const auto records = decoder.NextRecords();
    if (records.empty()) break;
    EXPECT_LE(records.size(), PayloadDecoder::kBatch);
    for (const PayloadRecord& record : records) {
      strings.push_back(record.key());
      strings.push_back(record.strings()[0]);
    }
  }
  ASSERT_EQ(strings.size(), 200u);
  for (size_t i = 0; i < strings.size(); ++i) {
    EXPECT_TRUE(IsWithin(strings[i], bytes));
    EXPECT_EQ(strings[i], i % 2 == 0 ? "key" : "value");
  }
  EXPECT_EQ(decoder.bytes_copied(), 0u);
  EXPECT_EQ(decoder.memory_bytes(), 0u);
}

// A piece that begins with an element gives records at once.
TEST(PayloadDecoderTest, PieceAtAnElementGivesRecords) {
  const std::string bytes = Hash(2, "field", "value");
  const size_t cut = bytes.size() - 1 - 18;
  PayloadDecoder decoder(0);
  decoder.Feed(absl::string_view(bytes).substr(0, cut));
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  EXPECT_EQ(Records(&decoder),
            "hash \"key\" count=2 \"field\" \"value\" ...\n");
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed(absl::string_view(bytes).substr(cut));
  EXPECT_EQ(Records(&decoder), "hash ... \"field\" \"value\"\n");
}

TEST(PayloadDecoderTest, FeedingBeforeNeedMoreFails) {
  const std::string bytes = HashBegin(0);
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  EXPECT_EQ(Next(&decoder), "header version=4 generation=0 offset=0");
  decoder.Feed("more");
  EXPECT_EQ(decoder.error(), WireError::kWrongOrder);
  EXPECT_EQ(Next(&decoder), "error wrong_order at 9");
  EXPECT_EQ(decoder.Finish(), WireError::kWrongOrder);
}

TEST(PayloadDecoderTest, FinishingInsideAPayloadFails) {
  const std::string bytes = HashBegin(1);
  PayloadDecoder decoder(0);
  EXPECT_EQ(PayloadDecoder(0).Finish(), WireError::kTruncatedPayload);
  Decode(bytes, bytes.size(), &decoder);
  EXPECT_EQ(decoder.error(), WireError::kNone);
  EXPECT_EQ(decoder.Finish(), WireError::kTruncatedPayload);
  EXPECT_EQ(decoder.bytes_decoded(), bytes.size());
  decoder.Feed("more");
  EXPECT_EQ(Next(&decoder),
            absl::StrCat("error truncated_payload at ", bytes.size()));
  EXPECT_EQ(decoder.Finish(), WireError::kTruncatedPayload);
}

TEST(PayloadDecoderTest, TrailerPiecesAreViewsOfTheFedPieces) {
  const std::string bytes =
      Encoded({PayloadHeader{4, 0, 0}, PayloadEnd()}) + "first";
  const std::string second = "second";
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  EXPECT_EQ(Next(&decoder), "header version=4 generation=0 offset=0");
  EXPECT_EQ(Next(&decoder), "payload_end");
  EXPECT_EQ(Next(&decoder), "trailer \"first\"");
  EXPECT_EQ(decoder.bytes_decoded(), bytes.size());
  EXPECT_TRUE(IsWithin(std::get<PayloadTrailer>(decoder.event()).bytes, bytes));
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed("");
  EXPECT_EQ(Next(&decoder), "need_more");
  decoder.Feed(second);
  EXPECT_EQ(Next(&decoder), "trailer \"second\"");
  EXPECT_TRUE(
      IsWithin(std::get<PayloadTrailer>(decoder.event()).bytes, second));
  EXPECT_EQ(Next(&decoder), "need_more");
  EXPECT_TRUE(decoder.ended());
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
  EXPECT_EQ(decoder.bytes_copied(), 0u);
  EXPECT_EQ(decoder.memory_bytes(), 0u);
}

TEST(PayloadDecoderTest, TrailerPastItsLimitFails) {
  const std::string payload = Encoded({PayloadHeader{4, 0, 0}, PayloadEnd()});
  const std::string megabyte(1 << 20, 't');
  PayloadDecoder at_limit(0);
  Decode(payload + megabyte, 4096, &at_limit);
  EXPECT_EQ(at_limit.Finish(), WireError::kNone);
  at_limit.Feed("t");
  EXPECT_EQ(Next(&at_limit), "error trailer_too_long at 1048586");
  EXPECT_EQ(at_limit.Finish(), WireError::kTrailerTooLong);

  // In one piece: the bytes within the limit come first.
  Limits limits;
  limits.max_trailer_bytes = 3;
  PayloadDecoder decoder(0, limits);
  const std::string bytes = payload + "abcd";
  decoder.Feed(bytes);
  EXPECT_EQ(Next(&decoder), "header version=4 generation=0 offset=0");
  EXPECT_EQ(Next(&decoder), "payload_end");
  EXPECT_EQ(Next(&decoder), "trailer \"abc\"");
  EXPECT_EQ(Next(&decoder), "error trailer_too_long at 13");
}

TEST(PayloadDecoderTest, FinishReportsUnreadBytes) {
  const std::string bytes =
      Encoded({PayloadHeader{4, 0, 0}, PayloadEnd()}) + "more";
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  EXPECT_EQ(Next(&decoder), "header version=4 generation=0 offset=0");
  EXPECT_EQ(Next(&decoder), "payload_end");
  EXPECT_EQ(decoder.Finish(), WireError::kWrongOrder);
  EXPECT_EQ(decoder.bytes_decoded(), 10u);
}

TEST(PayloadDecoderTest, ErrorKeyOutlivesItsPiece) {
  const std::string key(100, 'k');
  const std::string bytes = "KEVYSNAP\7" + std::string(16, '\0') +
                            std::string("\x08\0\x64\0\0\0", 6) + key;
  PayloadDecoder decoder(0);
  {
    const auto copy = std::make_unique<std::string>(bytes);
    decoder.Feed(*copy);
    EXPECT_EQ(Next(&decoder), "header version=7 generation=0 offset=0");
    EXPECT_EQ(decoder.error_key(), "");
    EXPECT_EQ(Next(&decoder), "error row_segment at 25");
  }
  EXPECT_EQ(decoder.error_key(), key);
}

// The peer sizes the key, so neither the copy nor a message may follow it.
TEST(PayloadDecoderTest, ErrorKeyIsBounded) {
  const std::string key(PayloadDecoder::kMaxErrorKeyBytes, 'k');
  const std::string bytes = "KEVYSNAP\7" + std::string(16, '\0') +
                            std::string("\x08\0\x81\0\0\0", 6) + key + "x";
  PayloadDecoder decoder(0);
  decoder.Feed(bytes);
  EXPECT_EQ(Next(&decoder), "header version=7 generation=0 offset=0");
  EXPECT_EQ(Next(&decoder), "error row_segment at 25");
  EXPECT_EQ(decoder.error_key(), key);
}

TEST(PayloadDecoderTest, ResumesAfterAMoveAtAnyByte) {
  const std::string bytes = Hash(3, "a field", "a value");
  PayloadDecoder decoder(0);
  size_t events = 0;
  for (const char& c : bytes) {
    PayloadDecoder moved = std::move(decoder);
    moved.Feed(absl::string_view(&c, 1));
    while (moved.Next() == Outcome::kDone) ++events;
    decoder = std::move(moved);
  }
  EXPECT_EQ(events, 1u + 1 + 3 + 1 + 1);
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
}

// Work is counted, not timed: the decoder skips the bytes that it does not
// copy.
TEST(PayloadDecoderTest, WorkIsLinearForAnyPieces) {
  for (const size_t size : {0, 1, 10, 1000, 100'000}) {
    const std::string bytes =
        Hash(200'000 / (size + 10) + 1, "f", std::string(size, 'v'));
    for (const size_t piece : {1, 2, 7, 100, 4096, 65'536}) {
      SCOPED_TRACE(absl::StrCat(size, " ", piece));
      PayloadDecoder decoder(0);
      Decode(bytes, piece, &decoder);
      EXPECT_TRUE(decoder.ended());
      // Once, and less than twice more as the scratch doubles.
      EXPECT_LE(decoder.bytes_copied(), 3 * bytes.size());
    }
  }
}

// For any number of elements.
TEST(PayloadDecoderTest, LongestStringsBoundTheMemory) {
  const std::string field(1000, 'f');
  const std::string value(3000, 'v');
  const std::string bytes = Hash(2000, field, value);
  for (const size_t piece : {1, 999, 4096, 65'536}) {
    PayloadDecoder decoder(0);
    size_t most = 0;
    Decode(bytes, piece, &decoder,
           [&] { most = std::max(most, decoder.memory_bytes()); });
    EXPECT_LE(most, 2 * (field.size() + value.size())) << piece;
  }
}

TEST(PayloadDecoderTest, DeclaredSizesTakeNoMemory) {
  Limits limits;
  limits.max_bulk_bytes = ~uint64_t{0};
  const std::string count = HashBegin(0xffff'ffff);
  const std::string length = HashBegin(1) + "\xff\xff\xff\xff";
  for (const std::string& bytes :
       {count, length, count + "\xff\xff\xff\xff", length + "some bytes"}) {
    for (const size_t piece : {1, 1000}) {
      PayloadDecoder decoder(0, limits);
      Decode(bytes, piece, &decoder);
      EXPECT_LE(decoder.memory_bytes(), internal::ByteBuffer::kMinCapacity);
      EXPECT_EQ(decoder.Finish(), WireError::kTruncatedPayload);
    }
  }
}

TEST(PayloadDecoderTest, MemoryFollowsReceivedBytes) {
  PayloadDecoder decoder(0);
  Decode(HashBegin(1) + std::string("\1\0\0\0f\0\0\0\x20", 9), 1, &decoder);
  const std::string piece(1000, 'x');
  for (size_t came = 0; came < 2'000'000; came += piece.size()) {
    Decode(piece, piece.size(), &decoder);
    ASSERT_LE(decoder.memory_bytes(),
              std::max(internal::ByteBuffer::kMinCapacity, 2 * (came + 1001)));
  }
  EXPECT_GE(decoder.memory_bytes(),
            2'000'000u);  // The scratch itself has grown.
}

TEST(PayloadDecoderTest, FreesMemoryOfAHugeString) {
  const std::string huge(16 * internal::ByteBuffer::kKeptCapacity, 'x');
  std::vector<PayloadEvent> events = {
      PayloadHeader{4, 0, 0}, RecordBegin{RecordType::kList, "key", {}, 1001},
      ListItem{huge}};
  events.insert(events.end(), 1000, ListItem{"a short one"});
  events.emplace_back(RecordEnd());
  events.emplace_back(PayloadEnd());
  PayloadDecoder decoder(0);
  size_t most = 0;
  Decode(Encoded(events), 100, &decoder,
         [&] { most = std::max(most, decoder.memory_bytes()); });
  EXPECT_GE(most, huge.size());
  EXPECT_LE(decoder.memory_bytes(), internal::ByteBuffer::kKeptCapacity);
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
}

}  // namespace
}  // namespace kevy_replica
