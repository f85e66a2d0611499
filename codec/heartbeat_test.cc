// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/heartbeat.h"

#include <cstdint>
#include <limits>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/encoding.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::EncodingOf;
using ::kevy_replica::codec_testing::ExpectEncodes;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(HeartbeatTest, DecodesHeartbeatAtTheFront) {
  Heartbeat heartbeat;
  const DecodeResult result =
      DecodeHeartbeat("+PING 7 9\r\n+PING 8 10\r\n", Limits(), &heartbeat);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, 11u);
  EXPECT_EQ(heartbeat.generation, 7u);
  EXPECT_EQ(heartbeat.next_offset, 9u);
  // The older form clears an earlier generation.
  ASSERT_TRUE(DecodeHeartbeat("+PING 5\r\n", Limits(), &heartbeat).done());
  EXPECT_EQ(heartbeat.generation, 0u);
  EXPECT_EQ(heartbeat.next_offset, 5u);
}

TEST(HeartbeatTest, RejectsOtherElements) {
  Heartbeat heartbeat{7, 9};
  const struct {
    absl::string_view input;
    size_t bytes_decoded;
  } kCases[] = {{"*2\r\n", 0},        {"$1\r\n", 0},        {"+ACK 7 9\r\n", 1},
                {"+SNAPSHOT\r\n", 1}, {"+PONG 7 9\r\n", 2}, {"\r\n", 0}};
  for (const auto& c : kCases) {
    const DecodeResult result = DecodeHeartbeat(c.input, Limits(), &heartbeat);
    EXPECT_EQ(result.error, WireError::kUnknownElement) << c.input;
    EXPECT_EQ(result.bytes_decoded, c.bytes_decoded) << c.input;
  }
  EXPECT_EQ(DecodeHeartbeat("", Limits(), &heartbeat).outcome,
            Outcome::kNeedMore);
  EXPECT_EQ(heartbeat.generation, 7u);  // Unchanged by all of them.
  EXPECT_EQ(heartbeat.next_offset, 9u);
}

TEST(HeartbeatTest, Encodes) {
  ExpectEncodes(EncodingOf(Heartbeat{7, 9}), "+PING 7 9\r\n");
  ExpectEncodes(EncodingOf(Heartbeat{0, 0}), "+PING 0\r\n");
  ExpectEncodes(EncodingOf(Heartbeat{1, 0}), "+PING 1 0\r\n");
  ExpectEncodes(EncodingOf(Heartbeat{kMax, kMax}),
                "+PING 18446744073709551615 18446744073709551615\r\n");
}

}  // namespace
}  // namespace kevy_replica
