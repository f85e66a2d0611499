// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes every file of testdata/payload in every way, and encodes it back.

#include "kevy_replica/codec/testing/payload_golden.h"

#include <cstddef>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/codec/testing/reference_payload.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::AllPayloadGolden;
using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::kEveryPayloadBy;
using ::kevy_replica::codec_testing::ListFiles;
using ::kevy_replica::codec_testing::ManyCuts;
using ::kevy_replica::codec_testing::NamedCuts;
using ::kevy_replica::codec_testing::PayloadBy;
using ::kevy_replica::codec_testing::PayloadGolden;
using ::kevy_replica::codec_testing::PayloadGoldenTestName;
using ::kevy_replica::codec_testing::PayloadRun;
using ::kevy_replica::codec_testing::PayloadStep;
using ::kevy_replica::codec_testing::PayloadWay;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::ReadFile;
using ::kevy_replica::codec_testing::ReferencePayload;
using ::kevy_replica::codec_testing::RunPayload;
using ::kevy_replica::codec_testing::TwoPieces;

// The distance between two of the places where a test cuts the file. Every byte
// of a file up to 8 KiB is one: all places of a longer one take minutes. 61 is
// prime, so that records of one size are cut at each of their bytes.
size_t CutStep(const PayloadGolden& golden) {
  return golden.bytes.size() <= 8192 ? 1 : 61;
}

class PayloadGoldenTest : public ::testing::TestWithParam<PayloadGolden> {};

TEST_P(PayloadGoldenTest, CutsLeaveResultUnchanged) {
  const PayloadGolden& golden = GetParam();
  PayloadWay way = golden.way;
  for (const PayloadBy by : kEveryPayloadBy) {
    way.by = by;
    for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
      way.guard = guard;
      for (const NamedCuts& cuts : ManyCuts(golden.bytes.size())) {
        way.cuts = cuts.cuts;
        ASSERT_EQ(RunPayload(golden.bytes, way), golden.expected) << cuts.name;
      }
      for (size_t first = 1; first < golden.bytes.size();
           first += CutStep(golden)) {
        way.cuts = TwoPieces(first);
        ASSERT_EQ(RunPayload(golden.bytes, way), golden.expected) << first;
      }
    }
  }
}

TEST_P(PayloadGoldenTest, ReportsErrorAtFirstDecisiveByte) {
  const PayloadGolden& golden = GetParam();
  if (!golden.fails()) return;
  PayloadWay way = golden.way;
  way.cuts = Pieces(1);
  for (const PayloadBy by : kEveryPayloadBy) {
    way.by = by;
    EXPECT_EQ(RunPayload(golden.bytes, way).given, golden.known_with);
  }
}

// A payload that ends before its end is truncated, and gives the same events up
// to there. One that ends in its trailer is complete.
TEST_P(PayloadGoldenTest, EveryPrefixIsTruncated) {
  const PayloadGolden& golden = GetParam();
  const size_t whole = golden.fails() ? golden.known_with : golden.bytes.size();
  for (size_t size = 0; size < whole; size += CutStep(golden)) {
    const absl::string_view prefix =
        absl::string_view(golden.bytes).substr(0, size);
    if (size >= golden.ended_at) {  // Complete.
      ASSERT_EQ(RunPayload(prefix, golden.way),
                ReferencePayload(prefix, golden.way));
      ASSERT_EQ(RunPayload(prefix, golden.way).error, WireError::kNone);
      continue;
    }
    PayloadRun expected;
    expected.error = WireError::kTruncatedPayload;
    expected.bytes_decoded = size;
    for (const PayloadStep& step : golden.expected.steps) {
      if (step.bytes_decoded <= size) expected.steps.push_back(step);
    }
    PayloadWay way = golden.way;
    for (const PayloadBy by : kEveryPayloadBy) {
      way.by = by;
      ASSERT_EQ(RunPayload(prefix, way), expected) << size;
    }
  }
}

TEST_P(PayloadGoldenTest, ReferenceAgrees) {
  const PayloadGolden& golden = GetParam();
  EXPECT_EQ(ReferencePayload(golden.bytes, golden.way), golden.expected);
}

// Encodes the events as a payload of `version`, or of their own version for 0.
std::string EncodedAs(const PayloadGolden& golden, uint8_t version) {
  PayloadEncoder encoder;
  std::string bytes;
  RunPayload(golden.bytes, golden.way, [&](const PayloadEvent& event) {
    PayloadEvent copy = event;
    auto* const header = std::get_if<PayloadHeader>(&copy);
    if (header != nullptr && version != 0) *header = {version, 0, 0};
    EXPECT_EQ(encoder.Append(copy, &bytes), WireError::kNone);
  });
  EXPECT_TRUE(encoder.ended());
  return bytes;
}

TEST_P(PayloadGoldenTest, EventsEncodeBack) {
  const PayloadGolden& golden = GetParam();
  if (golden.fails()) return;
  const char version = golden.bytes[8];
  if (version >= 4 && version <= 6) {
    EXPECT_EQ(EncodedAs(golden, 0), golden.bytes);
    return;
  }
  // Another version has the same events, except those of groups.
  PayloadWay now_is_said = golden.way;
  now_is_said.now_ms = 0;
  const PayloadRun run = RunPayload(EncodedAs(golden, 6), now_is_said);
  EXPECT_EQ(run.error, WireError::kNone);
  size_t i = 1;
  for (const PayloadStep& step : run.steps) {
    if (absl::StartsWith(step.text, "header ") ||
        (version < 4 && step.text == "stream_groups 0")) {
      continue;
    }
    ASSERT_LT(i, golden.expected.steps.size());
    EXPECT_EQ(step.text, golden.expected.steps[i++].text);
  }
  EXPECT_EQ(i, golden.expected.steps.size());
}

INSTANTIATE_TEST_SUITE_P(
    Files, PayloadGoldenTest, ::testing::ValuesIn(AllPayloadGolden()),
    [](const ::testing::TestParamInfo<PayloadGolden>& info) {
      return PayloadGoldenTestName(info.param);
    });

// The payloads in a captured stream.
std::vector<std::string> PayloadsOf(const std::string& stream) {
  std::vector<std::string> payloads;
  StreamDecoder decoder;
  decoder.Feed(absl::string_view(stream).substr(stream.find('\n') + 1));
  while (decoder.Next() == Outcome::kDone) {
    if (std::holds_alternative<SnapshotBegin>(decoder.event())) {
      payloads.emplace_back();
    } else if (const auto* chunk =
                   std::get_if<SnapshotChunk>(&decoder.event())) {
      absl::StrAppend(&payloads.back(), chunk->bytes);
    }
  }
  EXPECT_EQ(decoder.error(), WireError::kNone);
  return payloads;
}

TEST(PayloadCaptureTest, EveryCapturedPayloadHasAFile) {
  std::map<std::string, std::string> files;
  for (const PayloadGolden& golden : AllPayloadGolden()) {
    if (absl::StartsWith(golden.name, "capture-")) {
      EXPECT_FALSE(golden.fails());
      files[golden.name] = golden.bytes;
    }
  }
  std::map<std::string, std::string> captured;
  for (const std::string& name : ListFiles("testdata/captures", ".resp")) {
    const std::vector<std::string> payloads =
        PayloadsOf(ReadFile(absl::StrCat("testdata/captures/", name, ".resp")));
    for (size_t i = 0; i < payloads.size(); ++i) {
      const std::string number =
          payloads.size() == 1 ? "" : absl::StrCat("-", i + 1);
      captured[absl::StrCat("capture-", name, number)] = payloads[i];
    }
  }
  EXPECT_EQ(files, captured);
  EXPECT_EQ(files.size(), 16u);
}

}  // namespace
}  // namespace kevy_replica
