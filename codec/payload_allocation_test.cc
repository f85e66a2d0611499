// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The heap allocations of decoding a payload: zero an element, whatever sizes a
// peer declares.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/testing/counting_new.h"
#include "kevy_replica/codec/testing/test_access.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::Allocations;
using ::kevy_replica::codec_testing::AllocationsOf;
using ::kevy_replica::codec_testing::TestAccess;

constexpr size_t kRounds = 100;

// Encodes one valid event after another.
class Encoder {
 public:
  Encoder& operator<<(const PayloadEvent& event) {
    EXPECT_EQ(encoder_.Append(event, &bytes), WireError::kNone);
    return *this;
  }

  std::string bytes;

 private:
  PayloadEncoder encoder_;
};

// Every event, many times, with strings of different lengths.
std::string Payload() {
  Encoder out;
  out << PayloadHeader{6, 7, 8};
  for (size_t i = 0; i < kRounds; ++i) {
    const std::string string(i * 7 % 100, 's');
    const auto begin = [&](RecordType type, uint32_t count) {
      return RecordBegin{type, string, i, count};
    };
    out << begin(RecordType::kString, 0) << StringValue{string} << RecordEnd();
    out << begin(RecordType::kHash, 2) << HashField{string, string}
        << HashField{"f", string} << RecordEnd();
    out << begin(RecordType::kList, 1) << ListItem{string} << RecordEnd();
    out << begin(RecordType::kSet, 1) << SetMember{string} << RecordEnd();
    out << begin(RecordType::kSortedSet, 1) << ScoredMember{string, 1.5}
        << RecordEnd();
    out << begin(RecordType::kStream, 0) << StreamInfo{{}, {}, 1, 1}
        << StreamEntry{{1, 1}, 1} << StreamField{string, string}
        << StreamGroupCount{1} << StreamGroup{string, {1, 1}, 1}
        << StreamConsumer{string, 1} << StreamPendingCount{1}
        << StreamPending{{1, 1}, string, 1, 1} << RecordEnd();
  }
  for (size_t i = 0; i < kRounds; ++i) out << FieldExpiry{"key", "field", i};
  out << PayloadEnd();
  return out.bytes;
}

// Feeds `bytes` in pieces. Returns the number of events.
size_t Decode(absl::string_view bytes, size_t piece, PayloadDecoder* decoder,
              bool by_records = false) {
  size_t events = 0;
  const auto take_records = [&] {
    while (by_records) {
      const absl::Span<const PayloadRecord> records = decoder->NextRecords();
      if (records.empty()) return;
      for (const PayloadRecord& record : records) {
        ForEachEvent(record, [&](const PayloadEvent&) {
          ++events;
          return true;
        });
      }
    }
  };
  while (!bytes.empty()) {
    decoder->Feed(bytes.substr(0, piece));
    bytes.remove_prefix(piece < bytes.size() ? piece : bytes.size());
    take_records();
    while (decoder->Next() == Outcome::kDone) {
      ++events;
      take_records();
    }
  }
  return events;
}

TEST(PayloadAllocationTest, CutStringsAllocateOnce) {
  const std::string payload = Payload();
  for (const size_t piece :
       {size_t{1}, size_t{7}, size_t{100}, size_t{1000}, payload.size()}) {
    PayloadDecoder decoder(0);
    TestAccess::UseMemory(internal::ByteBuffer::Memory::kReuse, &decoder);
    size_t events = 0;
    const Allocations allocations =
        AllocationsOf([&] { events = Decode(payload, piece, &decoder); });
    EXPECT_EQ(events, 1 + kRounds * (3 + 4 + 3 + 3 + 3 + 10) + kRounds + 1);
    EXPECT_EQ(decoder.Finish(), WireError::kNone);
    // The scratch of 4 KiB; zero if the piece is the whole payload.
    EXPECT_EQ(allocations.count, piece == payload.size() ? 0u : 1u) << piece;
  }
}

TEST(PayloadAllocationTest, BatchesAllocateOnce) {
  const std::string payload = Payload();
  for (const size_t piece : {size_t{100}, size_t{1000}, payload.size()}) {
    PayloadDecoder decoder(0);
    TestAccess::UseMemory(internal::ByteBuffer::Memory::kReuse, &decoder);
    size_t events = 0;
    const Allocations allocations =
        AllocationsOf([&] { events = Decode(payload, piece, &decoder, true); });
    EXPECT_EQ(events, 1 + kRounds * (3 + 4 + 3 + 3 + 3 + 10) + kRounds + 1);
    EXPECT_EQ(decoder.Finish(), WireError::kNone);
    // The memory of a batch; with cut strings, the scratch, too.
    EXPECT_EQ(allocations.count, piece == payload.size() ? 1u : 2u) << piece;
    EXPECT_LE(allocations.largest, 32u << 10);
  }
}

TEST(PayloadAllocationTest, TrailerAllocatesNothing) {
  Encoder out;
  out << PayloadHeader{6, 7, 8} << PayloadEnd()
      << PayloadTrailer{std::string(100'000, 't')};
  for (const size_t piece : {size_t{100}, size_t{4096}, out.bytes.size()}) {
    PayloadDecoder decoder(0);
    const Allocations allocations =
        AllocationsOf([&] { Decode(out.bytes, piece, &decoder); });
    EXPECT_EQ(decoder.Finish(), WireError::kNone);
    EXPECT_EQ(allocations.count, 0u) << piece;
  }
}

TEST(PayloadAllocationTest, DeclaredSizesAllocateNothing) {
  Limits limits;
  limits.max_bulk_bytes = 0xffff'ffff;
  Encoder out;
  out << PayloadHeader{4, 0, 0}
      << RecordBegin{RecordType::kHash, "key", {}, 0xffff'ffff};
  const std::string bytes = out.bytes + "\xff\xff\xff\xff" + "some bytes";
  for (const size_t piece : {size_t{1}, bytes.size()}) {
    PayloadDecoder decoder(0, limits);
    TestAccess::UseMemory(internal::ByteBuffer::Memory::kReuse, &decoder);
    const Allocations allocations =
        AllocationsOf([&] { Decode(bytes, piece, &decoder); });
    EXPECT_EQ(decoder.error(), WireError::kNone);
    EXPECT_LE(allocations.largest, internal::ByteBuffer::kMinCapacity);
    EXPECT_LE(allocations.count, 1u);
  }
}

}  // namespace
}  // namespace kevy_replica
