// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A shape compares every number of a record, and takes the strings, scores and
// expiries as they are.

#include "kevy_replica/codec/internal/record_shape.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/testing/reference_payload.h"

namespace kevy_replica {
namespace internal {
namespace {

using ::kevy_replica::codec_testing::PayloadBy;
using ::kevy_replica::codec_testing::PayloadRun;
using ::kevy_replica::codec_testing::PayloadWay;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::ReferencePayload;
using ::kevy_replica::codec_testing::RunPayload;

// The bytes of a record, and the places of its strings.
class Example {
 public:
  Example(RecordType type, bool has_expiry, uint32_t count)
      : is_sorted_set_(type == RecordType::kSortedSet), count_(count) {
    Number(static_cast<uint64_t>(type), 1);
    Number(has_expiry ? 1 : 0, 1);
    if (has_expiry) Free(8);
    String(3);
    Number(count, 4);
    for (size_t i = 0; i != count; ++i) {
      String(i % 5);
      if (type == RecordType::kHash) String(i % 3);
      if (is_sorted_set_) Free(8);
    }
  }

  const std::string& wire() const { return wire_; }
  // Whether records of one shape may differ in the byte `i`.
  bool free(size_t i) const { return free_[i]; }
  // The strings of such a record at `wire`, behind its key.
  std::vector<absl::string_view> StringsOf(absl::string_view wire) const {
    std::vector<absl::string_view> strings;
    for (size_t i = 1; i != places_.size(); ++i) {
      strings.push_back(wire.substr(places_[i].first, places_[i].second));
    }
    return strings;
  }

  // Precondition: `*shape` is not active.
  void Learn(RecordShape* shape) const {
    while (!shape->Observe(wire_.size())) {
    }
    const absl::string_view wire = wire_;
    shape->Learn(wire_.data(), wire.substr(places_[0].first, places_[0].second),
                 count_, StringsOf(wire_), is_sorted_set_);
  }

 private:
  void Number(uint64_t number, int bytes) {
    for (; bytes > 0; --bytes, number >>= 8) {
      wire_.push_back(static_cast<char>(number & 0xff));
      free_.push_back(false);
    }
  }
  void Free(size_t bytes) {
    wire_.append(bytes, 'f');
    free_.resize(wire_.size(), true);
  }
  void String(size_t size) {
    Number(size, 4);
    places_.emplace_back(wire_.size(), size);
    Free(size);
  }

  const bool is_sorted_set_;
  const uint32_t count_;
  std::string wire_;
  std::vector<bool> free_;
  std::vector<std::pair<size_t, size_t>> places_;
};

// One of each kind.
std::vector<Example> Examples() {
  std::vector<Example> examples;
  for (const bool has_expiry : {false, true}) {
    for (const RecordType type : {RecordType::kHash, RecordType::kList,
                                  RecordType::kSet, RecordType::kSortedSet}) {
      examples.emplace_back(type, has_expiry, 7);
    }
  }
  return examples;
}

bool Take(RecordShape* shape, absl::string_view wire,
          std::vector<absl::string_view>* strings = nullptr) {
  absl::string_view taken[RecordShape::kMaxStrings];
  double scores[RecordShape::kMaxStrings];
  if (!shape->Take(wire.data(), taken, scores)) return false;
  if (strings != nullptr) strings->assign(taken, taken + shape->string_count());
  return true;
}

TEST(RecordShapeTest, EveryNumberIsComparedAndNoOtherByte) {
  for (const Example& example : Examples()) {
    for (size_t i = 0; i != example.wire().size(); ++i) {
      RecordShape shape;
      example.Learn(&shape);
      std::string wire = example.wire();
      for (const unsigned bit : {0u, 7u}) {
        wire[i] = static_cast<char>(example.wire()[i] ^ (1u << bit));
        std::vector<absl::string_view> strings;
        ASSERT_EQ(Take(&shape, wire, &strings), example.free(i)) << i;
        ASSERT_EQ(shape.active(), example.free(i)) << i;
        if (example.free(i)) {
          ASSERT_EQ(strings, example.StringsOf(wire)) << i;
        } else {
          example.Learn(&shape);
        }
      }
    }
  }
}

TEST(RecordShapeTest, FourOfOneSizeAreLearned) {
  RecordShape shape;
  EXPECT_FALSE(shape.active());
  for (const size_t size : {40u, 40u, 40u, 41u, 41u, 41u}) {
    EXPECT_FALSE(shape.Observe(size));
  }
  EXPECT_TRUE(shape.Observe(41));
  EXPECT_TRUE(shape.Observe(41)) << "not learned yet";
  EXPECT_FALSE(shape.active());
  EXPECT_EQ(shape.size(), 41u);
}

TEST(RecordShapeTest, AnotherRecordIsForgotten) {
  const Example example(RecordType::kHash, false, 7);
  RecordShape shape;
  example.Learn(&shape);
  ASSERT_TRUE(shape.active());
  EXPECT_FALSE(shape.Observe(example.wire().size())) << "learned already";
  EXPECT_TRUE(shape.active());
  EXPECT_FALSE(shape.Observe(example.wire().size() - 1));
  EXPECT_FALSE(shape.active());

  example.Learn(&shape);
  std::string other = example.wire();
  other[0] = static_cast<char>(RecordType::kList);
  EXPECT_FALSE(Take(&shape, other));
  for (int i = 1; i != 4; ++i) {
    EXPECT_FALSE(shape.Observe(example.wire().size())) << i;
  }
  EXPECT_TRUE(shape.Observe(example.wire().size()));
}

TEST(RecordShapeTest, OnlySmallCollectionsAreLearned) {
  for (const auto& [count, learned] : {std::pair<uint32_t, bool>{0, false},
                                       {1, true},
                                       {32, true},
                                       {33, false}}) {
    const Example example(RecordType::kSortedSet, false, count);
    RecordShape shape;
    example.Learn(&shape);
    EXPECT_EQ(shape.active(), learned) << count;
    if (learned) {
      EXPECT_TRUE(Take(&shape, example.wire())) << count;
    }
  }
  RecordShape shape;
  for (int i = 0; i != 10; ++i) {
    EXPECT_FALSE(shape.Observe(RecordShape::kMaxBytes + 1));
  }
  for (int i = 1; i != 4; ++i) {
    EXPECT_FALSE(shape.Observe(RecordShape::kMaxBytes));
  }
  EXPECT_TRUE(shape.Observe(RecordShape::kMaxBytes));
}

// Alike records, one with a changed byte among them, decode as any others: by
// the shape, and behind a wrong guess.
TEST(RecordShapeTest, RecordsByShapeAreThoseOfTheWire) {
  for (const Example& example : Examples()) {
    for (size_t i = 0; i != example.wire().size(); ++i) {
      std::string wire("KEVYSNAP\6", 9);
      wire.append(16, '\0');
      for (int n = 0; n != 6; ++n) wire += example.wire();
      wire[wire.size() - example.wire().size() + i] ^= 1;
      for (int n = 0; n != 6; ++n) wire += example.wire();
      wire.push_back('\0');
      PayloadWay way;
      const PayloadRun expected = ReferencePayload(wire, way);
      way.by = PayloadBy::kRecords;
      ASSERT_EQ(RunPayload(wire, way), expected) << i;
      way.cuts = Pieces(wire.size() - example.wire().size() - i);
      ASSERT_EQ(RunPayload(wire, way), expected) << i;
    }
  }
}

}  // namespace
}  // namespace internal
}  // namespace kevy_replica
