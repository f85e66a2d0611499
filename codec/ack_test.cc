// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/ack.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/encoding.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::EncodingOf;
using ::kevy_replica::codec_testing::ExpectEncodes;

TEST(AckTest, DecodesLineAtTheFront) {
  std::optional<Ack> ack;
  const DecodeResult result =
      DecodeAck("REPLCONF ACK 9\r\nREPLCONF ACK 10\r\n", Limits(), &ack);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, 16u);
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->next_offset, 9u);
}

TEST(AckTest, SkipsOtherLines) {
  std::optional<Ack> ack = Ack{9};
  const DecodeResult result = DecodeAck("PING\r\nx", Limits(), &ack);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, 6u);
  EXPECT_FALSE(ack.has_value());
}

TEST(AckTest, HalfALineLeavesAckUnchanged) {
  std::optional<Ack> ack = Ack{9};
  EXPECT_EQ(DecodeAck("", Limits(), &ack).outcome, Outcome::kNeedMore);
  EXPECT_EQ(DecodeAck("REPLCONF ACK 10\r", Limits(), &ack).outcome,
            Outcome::kNeedMore);
  const DecodeResult result =
      DecodeAck(std::string(300, 'x') + "\r\n", Limits(), &ack);
  EXPECT_EQ(result.error, WireError::kLineTooLong);
  EXPECT_EQ(result.bytes_decoded, 256u);
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->next_offset, 9u);
}

TEST(AckTest, Encodes) {
  ExpectEncodes(EncodingOf(Ack{0}), "REPLCONF ACK 0\r\n");
  ExpectEncodes(EncodingOf(Ack{10}), "REPLCONF ACK 10\r\n");
  ExpectEncodes(EncodingOf(Ack{std::numeric_limits<uint64_t>::max()}),
                "REPLCONF ACK 18446744073709551615\r\n");
}

}  // namespace
}  // namespace kevy_replica
