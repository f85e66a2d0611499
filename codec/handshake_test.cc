// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/handshake.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/encoding.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::EncodingOf;
using ::kevy_replica::codec_testing::ExpectEncodeError;
using ::kevy_replica::codec_testing::ExpectEncodes;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
constexpr absl::string_view kRequest =
    "*6\r\n$9\r\nREPLICATE\r\n$4\r\nFROM\r\n$1\r\n7\r\n$1\r\n8\r\n$2\r\nID\r\n"
    "$2\r\nr1\r\n";

TEST(HandshakeRequestTest, DecodesRequestAtTheFront) {
  const std::string input = absl::StrCat(kRequest, "REPLCONF ACK 8\r\n");
  ArgvStorage storage;
  HandshakeRequest request;
  const DecodeResult result =
      DecodeHandshakeRequest(input, Limits(), &storage, &request);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, kRequest.size());
  EXPECT_EQ(request.protocol, Protocol::kV2);
  EXPECT_EQ(request.generation, 7u);
  EXPECT_EQ(request.offset, 8u);
  EXPECT_EQ(request.replica_id, "r1");
  EXPECT_EQ(request.replica_id.data(), input.data() + kRequest.size() - 4);
}

TEST(HandshakeRequestTest, LeavesRequestUnchangedUnlessDone) {
  ArgvStorage storage;
  HandshakeRequest request{Protocol::kV1, 0, 3, "before"};
  for (size_t size = 0; size < kRequest.size(); ++size) {
    ASSERT_EQ(DecodeHandshakeRequest(kRequest.substr(0, size), Limits(),
                                     &storage, &request)
                  .outcome,
              Outcome::kNeedMore);
  }
  // The last of its arguments is wrong.
  const std::string bad =
      absl::StrCat(kRequest.substr(0, kRequest.size() - 8), "$2\r\n\xc3(\r\n");
  EXPECT_EQ(DecodeHandshakeRequest(bad, Limits(), &storage, &request).error,
            WireError::kBadReplicaId);
  EXPECT_EQ(request.protocol, Protocol::kV1);
  EXPECT_EQ(request.offset, 3u);
  EXPECT_EQ(request.replica_id, "before");
}

TEST(HandshakeRequestTest, ProtocolOneClearsAnEarlierGeneration) {
  std::string input;
  ASSERT_EQ(Append(HandshakeRequest{Protocol::kV1, 0, 5, "r1"}, &input),
            WireError::kNone);
  ArgvStorage storage;
  HandshakeRequest request{Protocol::kV2, 7, 8, ""};
  ASSERT_TRUE(
      DecodeHandshakeRequest(input, Limits(), &storage, &request).done());
  EXPECT_EQ(request.protocol, Protocol::kV1);
  EXPECT_EQ(request.generation, 0u);
  EXPECT_EQ(request.offset, 5u);
}

TEST(HandshakeRequestTest, Encodes) {
  ExpectEncodes(EncodingOf(HandshakeRequest{Protocol::kV2, 7, 8, "r1"}),
                kRequest);
  ExpectEncodes(EncodingOf(HandshakeRequest{Protocol::kV1, 0, 10, "r1"}),
                "*5\r\n$9\r\nREPLICATE\r\n$4\r\nFROM\r\n$2\r\n10\r\n$2\r\nID"
                "\r\n$2\r\nr1\r\n");
  ExpectEncodes(EncodingOf(HandshakeRequest{Protocol::kV2, 0, 0, "\xc3\xa9"}),
                "*6\r\n$9\r\nREPLICATE\r\n$4\r\nFROM\r\n$1\r\n0\r\n$1\r\n0\r\n"
                "$2\r\nID\r\n$2\r\n\xc3\xa9\r\n");
  const std::string id(100, 'i');
  ExpectEncodes(
      EncodingOf(HandshakeRequest{Protocol::kV2, kMax, kMax, id}),
      absl::StrCat("*6\r\n$9\r\nREPLICATE\r\n$4\r\nFROM\r\n"
                   "$20\r\n18446744073709551615\r\n"
                   "$20\r\n18446744073709551615\r\n$2\r\nID\r\n$100\r\n",
                   id, "\r\n"));
}

TEST(HandshakeRequestTest, EncodeRejectsBadValues) {
  ExpectEncodeError(EncodingOf(HandshakeRequest{Protocol::kV2, 7, 8, ""}),
                    WireError::kBadReplicaId);
  ExpectEncodeError(EncodingOf(HandshakeRequest{Protocol::kV1, 0, 8, "r\xff"}),
                    WireError::kBadReplicaId);
  ExpectEncodeError(EncodingOf(HandshakeRequest{Protocol::kV1, 7, 8, "r1"}),
                    WireError::kBadGeneration);
}

TEST(HandshakeAnswerTest, DecodesAnswerAtTheFront) {
  HandshakeAnswer answer;
  DecodeResult result =
      DecodeHandshakeAnswer("+ACK 7 8\r\n+SNAPSHOT\r\n", Limits(), &answer);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(result.bytes_decoded, 10u);
  EXPECT_EQ(answer.protocol, Protocol::kV2);
  EXPECT_EQ(answer.generation, 7u);
  EXPECT_EQ(answer.offset, 8u);

  result = DecodeHandshakeAnswer("+ACK 8\r\n", Limits(), &answer);
  ASSERT_TRUE(result.done());
  EXPECT_EQ(answer.protocol, Protocol::kV1);
  EXPECT_EQ(answer.generation, 0u);
  EXPECT_EQ(answer.offset, 8u);
}

TEST(HandshakeAnswerTest, LeavesAnswerUnchangedUnlessDone) {
  HandshakeAnswer answer{Protocol::kV1, 0, 3};
  EXPECT_EQ(DecodeHandshakeAnswer("", Limits(), &answer).outcome,
            Outcome::kNeedMore);
  EXPECT_EQ(DecodeHandshakeAnswer("+ACK 7 8\r", Limits(), &answer).outcome,
            Outcome::kNeedMore);
  EXPECT_EQ(DecodeHandshakeAnswer("+ACK 7 8\rx", Limits(), &answer).error,
            WireError::kBadAnswer);
  EXPECT_EQ(answer.protocol, Protocol::kV1);
  EXPECT_EQ(answer.offset, 3u);
}

TEST(HandshakeAnswerTest, Encodes) {
  ExpectEncodes(EncodingOf(HandshakeAnswer{Protocol::kV1, 0, 8}), "+ACK 8\r\n");
  ExpectEncodes(EncodingOf(HandshakeAnswer{Protocol::kV2, 7, 8}),
                "+ACK 7 8\r\n");
  ExpectEncodes(EncodingOf(HandshakeAnswer{Protocol::kV2, 0, 0}),
                "+ACK 0 0\r\n");
  ExpectEncodes(EncodingOf(HandshakeAnswer{Protocol::kV2, kMax, kMax}),
                "+ACK 18446744073709551615 18446744073709551615\r\n");
  ExpectEncodeError(EncodingOf(HandshakeAnswer{Protocol::kV1, 7, 8}),
                    WireError::kBadGeneration);
}

}  // namespace
}  // namespace kevy_replica
