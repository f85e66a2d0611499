// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_record.h"

#include <openssl/err.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/reading.h"

namespace kevy_replica {
namespace {

using secure_testing::Must;
using transport_testing::CodeOf;
using Direction = NoiseCipher::Direction;

NoiseCipher Cipher(Direction direction, uint64_t first = 0) {
  NoiseCipher::Key key;
  key.span()[0] = 'k';
  return Must(NoiseCipher::Create(std::move(key), direction, first));
}

std::string Seal(NoiseCipher& cipher, absl::string_view plaintext) {
  std::string sealed(plaintext.size() + kNoiseTagSize, '\0');
  EXPECT_TRUE(
      cipher.Seal(plaintext, absl::MakeSpan(&sealed[0], sealed.size())).ok());
  return sealed;
}

absl::StatusOr<std::string> Open(NoiseCipher& cipher, std::string sealed) {
  const absl::StatusOr<size_t> size =
      cipher.Open(sealed, absl::MakeSpan(&sealed[0], sealed.size()));
  if (!size.ok()) return size.status();
  sealed.resize(*size);
  return sealed;
}

TEST(NoiseLengthTest, IsBigEndian) {
  char bytes[2];
  WriteNoiseLength(0x1234, absl::MakeSpan(bytes));
  EXPECT_EQ(absl::string_view(bytes, 2), "\x12\x34");
  for (const size_t size : {0, 1, 255, 256, 65535}) {
    WriteNoiseLength(size, absl::MakeSpan(bytes));
    EXPECT_EQ(ReadNoiseLength({bytes, 2}), size);
  }
}

TEST(NoiseCipherTest, OpensEverySize) {
  NoiseCipher seal = Cipher(Direction::kSeal);
  NoiseCipher open = Cipher(Direction::kOpen);
  for (const size_t size : {0, 1, 15, 16, 17, 57, 4096, 65519}) {
    const std::string plaintext(size, 'p');
    const std::string sealed = Seal(seal, plaintext);
    EXPECT_EQ(sealed.size(), size + 16);
    EXPECT_EQ(*Open(open, sealed), plaintext);
  }
  EXPECT_EQ(seal.next(), uint64_t{8});
  EXPECT_EQ(open.next(), uint64_t{8});
}

TEST(NoiseCipherTest, OpensIntoOtherMemory) {
  NoiseCipher seal = Cipher(Direction::kSeal);
  NoiseCipher open = Cipher(Direction::kOpen);
  const std::string sealed = Seal(seal, "plaintext");
  std::string out(9, '\0');
  EXPECT_EQ(*open.Open(sealed, absl::MakeSpan(&out[0], out.size())), size_t{9});
  EXPECT_EQ(out, "plaintext");
}

TEST(NoiseCipherTest, EveryFlippedBitFails) {
  NoiseCipher seal = Cipher(Direction::kSeal);
  const std::string sealed = Seal(seal, "some bytes");
  for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    NoiseCipher open = Cipher(Direction::kOpen);
    EXPECT_EQ(CodeOf(Open(open, flipped)), absl::StatusCode::kDataLoss) << bit;
  }
}

TEST(NoiseCipherTest, ReplayedAndReorderedMessagesFail) {
  NoiseCipher seal = Cipher(Direction::kSeal);
  const std::string first = Seal(seal, "first");
  const std::string second = Seal(seal, "second");
  NoiseCipher replayed = Cipher(Direction::kOpen);
  ASSERT_TRUE(Open(replayed, first).ok());
  const auto again = Open(replayed, first);
  EXPECT_EQ(CodeOf(again), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(again.status().message(), "message 1 "))
      << again.status();
  NoiseCipher reordered = Cipher(Direction::kOpen);
  EXPECT_EQ(CodeOf(Open(reordered, second)), absl::StatusCode::kDataLoss);
}

TEST(NoiseCipherTest, MessagesShorterThanTagFail) {
  for (size_t size = 0; size < kNoiseTagSize; ++size) {
    NoiseCipher open = Cipher(Direction::kOpen);
    EXPECT_EQ(CodeOf(Open(open, std::string(size, 'x'))),
              absl::StatusCode::kDataLoss)
        << size;
  }
}

TEST(NoiseCipherTest, OtherAssociatedDataFails) {
  NoiseCipher seal = Cipher(Direction::kSeal);
  NoiseCipher open = Cipher(Direction::kOpen);
  std::string bytes(5 + kNoiseTagSize, 'x');
  const absl::Span<char> span = absl::MakeSpan(&bytes[0], bytes.size());
  ASSERT_TRUE(seal.Seal("plain", span, "this").ok());
  EXPECT_EQ(CodeOf(open.Open(bytes, span, "that")),
            absl::StatusCode::kDataLoss);
}

TEST(NoiseCipherTest, ForgedPlaintextIsWiped) {
  NoiseCipher seal = Cipher(Direction::kSeal);
  NoiseCipher open = Cipher(Direction::kOpen);
  std::string sealed = Seal(seal, "plaintext");
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  std::string out(9, 'x');
  ASSERT_FALSE(open.Open(sealed, absl::MakeSpan(&out[0], out.size())).ok());
  EXPECT_EQ(out, std::string(9, '\0'));
}

// An entry left behind would show up in a later error of another object.
TEST(NoiseCipherTest, FailureLeavesOpenSslsErrorQueueEmpty) {
  NoiseCipher open = Cipher(Direction::kOpen);
  ASSERT_FALSE(Open(open, std::string(20, 'x')).ok());
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

TEST(NoiseCipherTest, LastMessageNumberIsReserved) {
  constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max() - 1;
  NoiseCipher seal = Cipher(Direction::kSeal, kLast);
  NoiseCipher open = Cipher(Direction::kOpen, kLast);
  std::string sealed = Seal(seal, "last");
  EXPECT_EQ(*Open(open, sealed), "last");
  EXPECT_EQ(CodeOf(seal.Seal("", absl::MakeSpan(&sealed[0], 16))),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(Open(open, sealed)), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace kevy_replica
