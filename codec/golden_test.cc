// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes every file of testdata in every way, and encodes it back.

#include "kevy_replica/codec/testing/golden.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/element_text.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/testing/reference_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::codec_testing::AllGolden;
using ::kevy_replica::codec_testing::DecodeOne;
using ::kevy_replica::codec_testing::DecodeRun;
using ::kevy_replica::codec_testing::ElementText;
using ::kevy_replica::codec_testing::Golden;
using ::kevy_replica::codec_testing::GoldenTestName;
using ::kevy_replica::codec_testing::Guard;
using ::kevy_replica::codec_testing::GuardedBytes;
using ::kevy_replica::codec_testing::ManyCuts;
using ::kevy_replica::codec_testing::NamedCuts;
using ::kevy_replica::codec_testing::Pieces;
using ::kevy_replica::codec_testing::ReferenceDecode;
using ::kevy_replica::codec_testing::RunElements;
using ::kevy_replica::codec_testing::RunOneShot;
using ::kevy_replica::codec_testing::RunStream;

// Encodes a value into exactly the room that it asks for, and appends the
// bytes.
template <typename Value>
void EncodeTo(const Value& value, std::string* out) {
  std::string bytes(EncodedSize(value), '\0');
  const EncodeResult result =
      Encode(value, absl::Span<char>(&bytes[0], bytes.size()));
  EXPECT_EQ(result.error, WireError::kNone);
  EXPECT_EQ(result.size, bytes.size());
  out->append(bytes);
}

struct Encoder {
  void operator()(const FrameView& frame) const {
    EXPECT_EQ(AppendFrame(frame.offset(), frame.argv(), out), WireError::kNone);
  }
  template <typename Value>
  void operator()(const Value& value) const {
    EncodeTo(value, out);
  }
  std::string* out;
};

// Returns the reader of the elements of a file that is not a stream. It also
// appends each element to `*encoded`.
DecodeOne FunctionFor(const Golden& golden, std::string* encoded) {
  const Limits& limits = golden.limits;
  if (golden.what == "answer") {
    return [&limits, encoded](absl::string_view input, std::string* text) {
      HandshakeAnswer answer;
      const DecodeResult result = DecodeHandshakeAnswer(input, limits, &answer);
      if (result.done()) {
        *text = ElementText(answer);
        EncodeTo(answer, encoded);
      }
      return result;
    };
  }
  if (golden.what == "request") {
    return [&limits, encoded](absl::string_view input, std::string* text) {
      ArgvStorage storage;
      HandshakeRequest request;
      const DecodeResult result =
          DecodeHandshakeRequest(input, limits, &storage, &request);
      if (result.done()) {
        *text = ElementText(request);
        EncodeTo(request, encoded);
      }
      return result;
    };
  }
  if (golden.what == "ack") {
    return [&limits, encoded](absl::string_view input, std::string* text) {
      std::optional<Ack> ack;
      const DecodeResult result = DecodeAck(input, limits, &ack);
      if (result.done()) {
        *text = ElementText(ack);
        if (ack.has_value()) EncodeTo(*ack, encoded);
      }
      return result;
    };
  }
  ADD_FAILURE() << "decode " << golden.what;
  return
      [](absl::string_view, std::string*) { return DecodeResult::NeedMore(0); };
}

// From memory, with the functions for single elements.
DecodeRun RunInPlace(const Golden& golden, absl::string_view bytes,
                     std::string* encoded) {
  if (!golden.is_stream()) {
    return RunElements(bytes, FunctionFor(golden, encoded));
  }
  return RunOneShot(bytes, golden.limits, golden.start(),
                    [encoded](const StreamEvent& event) {
                      std::visit(Encoder{encoded}, event);
                    });
}

// Returns the right result for the `prefix` of a file: the elements that end in
// it.
void ExpectPrefix(const Golden& golden, size_t size, const DecodeRun& run) {
  ASSERT_EQ(run.error, WireError::kNone) << "cut at " << size;
  ASSERT_LE(run.elements.size(), golden.expected.elements.size());
  ASSERT_TRUE(std::equal(run.elements.begin(), run.elements.end(),
                         golden.expected.elements.begin()))
      << "cut at " << size << ": " << run;
  ASSERT_LE(run.bytes_decoded, size);
  if (run.bytes_decoded < size) {
    ASSERT_TRUE(run.open) << "cut at " << size;
  }
}

// Returns the longest prefix that does not show the error yet.
size_t SoundPrefix(const Golden& golden) {
  return golden.fails() ? golden.known_with : golden.bytes.size();
}

class GoldenTest : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenTest, CutsLeaveResultUnchanged) {
  const Golden& golden = GetParam();
  if (!golden.is_stream()) {
    std::string encoded;
    EXPECT_EQ(RunInPlace(golden, golden.bytes, &encoded), golden.expected);
    return;
  }
  for (const NamedCuts& way : ManyCuts(golden.bytes.size())) {
    ASSERT_EQ(RunStream(golden.bytes, golden.limits, golden.start(), way.cuts),
              golden.expected)
        << way.name;
  }
}

TEST_P(GoldenTest, ReportsErrorAtFirstDecisiveByte) {
  const Golden& golden = GetParam();
  if (!golden.fails()) return;
  std::string encoded;
  const absl::string_view bytes = golden.bytes;
  EXPECT_EQ(
      RunInPlace(golden, bytes.substr(0, golden.known_with + 1), &encoded),
      golden.expected);
  if (!golden.is_stream()) return;
  EXPECT_EQ(RunStream(bytes, golden.limits, golden.start(), Pieces(1)).given,
            golden.known_with + 1);
}

TEST_P(GoldenTest, EveryPrefixNeedsMore) {
  const Golden& golden = GetParam();
  const absl::string_view bytes = golden.bytes;
  for (size_t size = 0; size <= SoundPrefix(golden); ++size) {
    std::string encoded;
    ExpectPrefix(golden, size,
                 RunInPlace(golden, bytes.substr(0, size), &encoded));
    if (HasFatalFailure()) return;
    // The run with single bytes decoded all prefixes. This one shows that the
    // decoder gives an element without waiting for the next byte.
    if (!golden.is_stream() || size > 512) continue;
    ExpectPrefix(golden, size,
                 RunStream(bytes.substr(0, size), golden.limits, golden.start(),
                           codec_testing::Whole()));
    if (HasFatalFailure()) return;
  }
}

TEST_P(GoldenTest, ReadsOnlyTheInput) {
  const Golden& golden = GetParam();
  const absl::string_view bytes = golden.bytes;
  GuardedBytes room(bytes.size());
  for (const Guard guard : {Guard::kBefore, Guard::kAfter}) {
    std::string encoded;
    EXPECT_EQ(RunInPlace(golden, room.Place(bytes, guard), &encoded),
              golden.expected);
    for (size_t size = 0; size <= SoundPrefix(golden); ++size) {
      ExpectPrefix(golden, size,
                   RunInPlace(golden, room.Place(bytes.substr(0, size), guard),
                              &encoded));
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(GoldenTest, ElementsEncodeBack) {
  const Golden& golden = GetParam();
  if (golden.fails()) return;
  std::string encoded;
  const DecodeRun run = RunInPlace(golden, golden.bytes, &encoded);
  std::string bytes =
      golden.bytes.substr(0, static_cast<size_t>(run.bytes_decoded));
  if (golden.has_answer() && !run.elements.empty()) {
    bytes.erase(0, bytes.find('\n') + 1);  // Files of answers cover it.
  }
  // A file that could be canonical must say so.
  EXPECT_EQ(encoded == bytes, golden.canonical);
}

TEST_P(GoldenTest, ReferenceAgrees) {
  const Golden& golden = GetParam();
  // The reference has no limit for lines.
  if (!golden.is_stream() || golden.expected.error == WireError::kLineTooLong) {
    return;
  }
  EXPECT_EQ(ReferenceDecode(golden.bytes, golden.limits, golden.start()),
            golden.expected);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTest, ::testing::ValuesIn(AllGolden()),
                         [](const ::testing::TestParamInfo<Golden>& info) {
                           return GoldenTestName(info.param);
                         });

}  // namespace
}  // namespace kevy_replica
