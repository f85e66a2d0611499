// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/utf8.h"

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"

namespace kevy_replica {
namespace internal {
namespace {

using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::GuardedBytes;

// The bit pattern of `code` in `size` bytes, well formed or not.
std::string Sequence(uint32_t code, int size) {
  if (size == 1) return std::string(1, static_cast<char>(code));
  constexpr int kLead[] = {0, 0, 0xc0, 0xe0, 0xf0, 0xf8};
  std::string bytes;
  for (int i = size - 1; i > 0; --i) {
    bytes.insert(bytes.begin(), static_cast<char>(0x80 | (code & 0x3f)));
    code >>= 6;
  }
  bytes.insert(bytes.begin(),
               static_cast<char>(static_cast<uint32_t>(kLead[size]) | code));
  return bytes;
}

TEST(Utf8Test, EveryCodePointInItsShortestFormAndNoOther) {
  for (uint32_t code = 0; code <= 0x1fffff; ++code) {
    const int shortest = code < 0x80      ? 1
                         : code < 0x800   ? 2
                         : code < 0x10000 ? 3
                                          : 4;
    const bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    ASSERT_EQ(IsUtf8(Sequence(code, shortest)), valid) << std::hex << code;
    if (shortest < 4) {
      ASSERT_FALSE(IsUtf8(Sequence(code, shortest + 1))) << std::hex << code;
    }
  }
}

TEST(Utf8Test, EveryPairOfBytes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const char bytes[] = {static_cast<char>(a), static_cast<char>(b)};
      const bool two_ascii = a < 0x80 && b < 0x80;
      const bool pair = a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf;
      ASSERT_EQ(IsUtf8(absl::string_view(bytes, 2)), two_ascii || pair)
          << Escaped(absl::string_view(bytes, 2));
    }
  }
}

TEST(Utf8Test, MoreThanOneSequence) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("replica-1"));
  EXPECT_TRUE(IsUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"));
  EXPECT_FALSE(IsUtf8("abc\xff"));
  EXPECT_FALSE(IsUtf8("a\xc3\xa9\x80"));
  EXPECT_FALSE(IsUtf8("\xc3\xa9\xe2\x82"));
  EXPECT_FALSE(IsUtf8("\xe2\x82z"));
  EXPECT_FALSE(IsUtf8("\xf0\x9f\x98z"));
  EXPECT_FALSE(IsUtf8("\xf0\x9fz\x80"));
  EXPECT_FALSE(IsUtf8("\xf8\x88\x80\x80\x80"));
}

TEST(Utf8Test, ReadsNothingBehindACutSequence) {
  GuardedBytes room(8);
  const absl::string_view whole = "\xf0\x9f\x98\x80";
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(IsUtf8(room.Place(whole.substr(0, size), Guard::kAfter)));
  }
  EXPECT_FALSE(IsUtf8(room.Place("\xe2\x82", Guard::kAfter)));
  EXPECT_FALSE(IsUtf8(room.Place("\xc3", Guard::kAfter)));
}

}  // namespace
}  // namespace internal
}  // namespace kevy_replica
