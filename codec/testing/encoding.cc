// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/encoding.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

constexpr char kUntouched = '\x5a';

// `size` bytes between unreadable pages, all unchanged.
absl::Span<char> FreshRoom(GuardedBytes* pages, size_t size, Guard guard) {
  const absl::Span<char> room = pages->Room(size, guard);
  std::fill(room.begin(), room.end(), kUntouched);
  return room;
}

bool IsUntouched(absl::Span<const char> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return c == kUntouched; });
}

absl::string_view Text(absl::Span<const char> bytes) {
  return absl::string_view(bytes.data(), bytes.size());
}

}  // namespace

void ExpectEncodes(const Encoding& encoding, absl::string_view bytes) {
  SCOPED_TRACE(bytes.substr(0, 100));
  EXPECT_EQ(encoding.size(), bytes.size());
  GuardedBytes pages(bytes.size() + 8);
  for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
    const absl::Span<char> room = FreshRoom(&pages, bytes.size(), guard);
    const EncodeResult result = encoding.encode(room);
    EXPECT_TRUE(result.ok()) << result.error;
    EXPECT_EQ(result.size, bytes.size());
    EXPECT_EQ(Text(room), bytes);
  }
  const absl::Span<char> ample =
      FreshRoom(&pages, bytes.size() + 8, Guard::kAfter);
  EXPECT_EQ(encoding.encode(ample).size, bytes.size());
  EXPECT_EQ(Text(ample.subspan(0, bytes.size())), bytes);
  EXPECT_TRUE(IsUntouched(ample.subspan(bytes.size())));

  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::Span<char> scant = FreshRoom(&pages, size, Guard::kAfter);
    const EncodeResult result = encoding.encode(scant);
    ASSERT_EQ(result.error, WireError::kNoSpace) << size;
    ASSERT_EQ(result.size, 0u) << size;
    ASSERT_TRUE(IsUntouched(scant)) << size;
  }

  std::string out = "before";
  EXPECT_EQ(encoding.append(&out), WireError::kNone);
  EXPECT_EQ(out, "before" + std::string(bytes));
}

void ExpectEncodeError(const Encoding& encoding, WireError error) {
  GuardedBytes pages(4096);
  for (const size_t size : {0, 1, 4096}) {
    const absl::Span<char> room = FreshRoom(&pages, size, Guard::kAfter);
    const EncodeResult result = encoding.encode(room);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.error, error);
    EXPECT_EQ(result.size, 0u);
    EXPECT_TRUE(IsUntouched(room));
  }
  std::string out = "before";
  EXPECT_EQ(encoding.append(&out), error);
  EXPECT_EQ(out, "before");
}

}  // namespace codec_testing
}  // namespace kevy_replica
