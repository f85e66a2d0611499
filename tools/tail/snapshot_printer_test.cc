// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/snapshot_printer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/tail/tail_printer.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Payload(const std::vector<PayloadEvent>& events) {
  PayloadEncoder encoder;
  std::string payload;
  EXPECT_EQ(encoder.Append(PayloadHeader{6, 0, 0}, &payload), WireError::kNone);
  for (const PayloadEvent& event : events) {
    EXPECT_EQ(encoder.Append(event, &payload), WireError::kNone);
  }
  EXPECT_EQ(encoder.Append(PayloadEnd{}, &payload), WireError::kNone);
  return payload;
}

// Prints snapshots, and keeps the printed bytes and the messages.
class Printed {
 public:
  Printed(SnapshotMode mode, TailFormat format,
          std::optional<size_t> shard = std::nullopt)
      : printer_(format, shard),
        snapshot_(mode, &printer_, Limits(), [this](absl::string_view message) {
          messages.emplace_back(message);
        }) {}

  // In pieces of 5 bytes. Returns the first error.
  absl::Status Print(absl::string_view payload) {
    snapshot_.Begin(&out_);
    while (!payload.empty()) {
      absl::Status status = snapshot_.Chunk(payload.substr(0, 5), &out_);
      if (!status.ok()) return status;
      payload.remove_prefix(std::min<size_t>(5, payload.size()));
    }
    return snapshot_.End(/*next_offset=*/9, &out_);
  }

  SnapshotPrinter& snapshot() { return snapshot_; }
  std::string text() { return *out_.buffer(); }

  std::vector<std::string> messages;

 private:
  Output out_{/*fd=*/-1, /*interrupter=*/nullptr};
  const TailPrinter printer_;
  SnapshotPrinter snapshot_;
};

const std::vector<PayloadEvent>& Events() {
  static const auto* const events = new std::vector<PayloadEvent>{
      RecordBegin{RecordType::kString, "s", 5, 0},
      StringValue{"\xff"},
      RecordEnd{},
      RecordBegin{RecordType::kList, "l", std::nullopt, 1},
      ListItem{"a"},
      RecordEnd{}};
  return *events;
}

TEST(SnapshotPrinterTest, PrintsRecordsAsText) {
  Printed printed(SnapshotMode::kRecords, TailFormat::kText, /*shard=*/2);
  EXPECT_TRUE(printed.Print(Payload(Events())).ok());
  EXPECT_EQ(printed.text(),
            "[2] # snapshot_begin\n"
            "[2] # header version=6 generation=0 offset=0\n"
            "[2] # string \"s\" expire_at_ms=5\n"
            "[2] # value \"\\xff\"\n"
            "[2] # record_end\n"
            "[2] # list \"l\" count=1\n"
            "[2] # item \"a\"\n"
            "[2] # record_end\n"
            "[2] # payload_end\n"
            "[2] # snapshot_end next_offset=9\n");
  EXPECT_THAT(printed.messages, IsEmpty());
}

TEST(SnapshotPrinterTest, PrintsRecordsAsJson) {
  Printed printed(SnapshotMode::kRecords, TailFormat::kJson, /*shard=*/2);
  EXPECT_TRUE(printed.Print(Payload(Events())).ok());
  EXPECT_EQ(printed.text(), R"({"shard":2,"event":"snapshot_begin"}
{"shard":2,"event":"header","version":6,"generation":0,"offset":0}
{"shard":2,"event":"string","key":"s","expire_at_ms":5}
{"shard":2,"event":"value","value":{"base64":"/w=="}}
{"shard":2,"event":"record_end"}
{"shard":2,"event":"list","key":"l","count":1}
{"shard":2,"event":"item","item":"a"}
{"shard":2,"event":"record_end"}
{"shard":2,"event":"payload_end"}
{"shard":2,"event":"snapshot_end","next_offset":9}
)");
}

TEST(SnapshotPrinterTest, PrintsRecordsAsCommands) {
  Printed printed(SnapshotMode::kRecords, TailFormat::kResp);
  EXPECT_TRUE(printed.Print(Payload(Events())).ok());
  EXPECT_EQ(printed.text(),
            "*3\r\n$3\r\nSET\r\n$1\r\ns\r\n$1\r\n\xff\r\n"
            "*3\r\n$9\r\nPEXPIREAT\r\n$1\r\ns\r\n$1\r\n5\r\n"
            "*2\r\n$3\r\nDEL\r\n$1\r\nl\r\n"
            "*3\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$1\r\na\r\n");
  EXPECT_THAT(printed.messages, IsEmpty());
}

TEST(SnapshotPrinterTest, PrintsLengthsOfChunks) {
  Printed printed(SnapshotMode::kChunks, TailFormat::kText);
  EXPECT_TRUE(printed.Print("no payload").ok());
  EXPECT_EQ(printed.text(),
            "# snapshot_begin\n"
            "# snapshot_chunk bytes=5\n"
            "# snapshot_chunk bytes=5\n"
            "# snapshot_end next_offset=9\n");
}

TEST(SnapshotPrinterTest, SkipsContent) {
  Printed printed(SnapshotMode::kSkip, TailFormat::kText);
  EXPECT_TRUE(printed.Print("no payload").ok());
  EXPECT_EQ(printed.text(), "# snapshot_begin\n# snapshot_end next_offset=9\n");
}

TEST(SnapshotPrinterTest, TellsPartsThatCommandsLack) {
  Printed printed(SnapshotMode::kRecords, TailFormat::kResp);
  const std::string payload = Payload(
      {RecordBegin{RecordType::kSortedSet, "z\n", std::nullopt, 2},
       ScoredMember{"bad", std::nan("")}, ScoredMember{"good", 1}, RecordEnd{},
       RecordBegin{RecordType::kStream, "x", std::nullopt, 0},
       StreamInfo{{5, 1}, {0, 0}, 0, 0}, StreamGroupCount{1},
       StreamGroup{"g", {0, 0}, 1}, StreamConsumer{"c", 7},
       StreamPendingCount{0}, RecordEnd{}});
  EXPECT_TRUE(printed.Print(payload).ok());
  EXPECT_THAT(printed.messages,
              ElementsAre("--format=resp leaves out of the snapshot: members "
                          "of sorted sets with the score NaN: 1, the first in "
                          "the key \"z\\n\"; last-seen times of stream "
                          "consumers: 1"));
  EXPECT_EQ(printed.text().find("bad"), std::string::npos);
  EXPECT_NE(printed.text().find("\r\n$1\r\n1\r\n$4\r\ngood\r\n"),
            std::string::npos);
}

TEST(SnapshotPrinterTest, MessageCutsLongKey) {
  Printed printed(SnapshotMode::kRecords, TailFormat::kResp);
  const std::string key(128, 'z');
  const std::string payload =
      Payload({RecordBegin{RecordType::kSortedSet, key + "y", std::nullopt, 1},
               ScoredMember{"bad", std::nan("")}, RecordEnd{}});
  EXPECT_TRUE(printed.Print(payload).ok());
  EXPECT_THAT(printed.messages, ElementsAre(HasSubstr("key \"" + key + "\"")));
}

TEST(SnapshotPrinterTest, PrintsTrailer) {
  const std::string payload = Payload({}) + "\x09x";
  Printed text(SnapshotMode::kRecords, TailFormat::kText);
  EXPECT_TRUE(text.Print(payload).ok());
  EXPECT_THAT(text.text(), HasSubstr("# payload_end\n"
                                     "# trailer \"\\tx\"\n"));
  Printed json(SnapshotMode::kRecords, TailFormat::kJson);
  EXPECT_TRUE(json.Print(payload).ok());
  EXPECT_THAT(json.text(), HasSubstr(R"({"event":"trailer","bytes":"\tx"})"));
  Printed resp(SnapshotMode::kRecords, TailFormat::kResp);
  EXPECT_TRUE(resp.Print(payload).ok());
  EXPECT_EQ(resp.text(), "");
  EXPECT_THAT(resp.messages,
              ElementsAre("--format=resp leaves out of the snapshot: the "
                          "trailer, in bytes: 2"));
}

TEST(SnapshotPrinterTest, TellsThatEarlierKeysStay) {
  const std::string message =
      "a snapshot replaces the earlier data: --format=resp does not delete the "
      "keys that it lacks";
  Printed twice(SnapshotMode::kRecords, TailFormat::kResp);
  EXPECT_TRUE(twice.Print(Payload({})).ok());
  EXPECT_THAT(twice.messages, IsEmpty());
  EXPECT_TRUE(twice.Print(Payload({})).ok());
  EXPECT_THAT(twice.messages, ElementsAre(message));

  Printed after_frames(SnapshotMode::kRecords, TailFormat::kResp);
  after_frames.snapshot().NoteData();
  EXPECT_TRUE(after_frames.Print(Payload({})).ok());
  EXPECT_THAT(after_frames.messages, ElementsAre(message));

  Printed text(SnapshotMode::kRecords, TailFormat::kText);
  text.snapshot().NoteData();
  EXPECT_TRUE(text.Print(Payload({})).ok());
  EXPECT_THAT(text.messages, IsEmpty());
}

TEST(SnapshotPrinterTest, BadPayloadIsError) {
  Printed malformed(SnapshotMode::kRecords, TailFormat::kText);
  const absl::Status status = malformed.Print("KEVYSNAQ");
  EXPECT_EQ(ReplicaErrorKindOf(status), ReplicaErrorKind::kPayload) << status;
  EXPECT_EQ(WireErrorOf(status), WireError::kBadMagic);

  Printed incomplete(SnapshotMode::kRecords, TailFormat::kText);
  const std::string payload = Payload(Events());
  EXPECT_EQ(
      WireErrorOf(incomplete.Print(payload.substr(0, payload.size() - 1))),
      WireError::kTruncatedPayload);
}

TEST(SnapshotPrinterTest, NextSnapshotBeginsAnew) {
  Printed printed(SnapshotMode::kRecords, TailFormat::kResp);
  EXPECT_FALSE(printed.Print(Payload(Events()).substr(0, 30)).ok());
  const size_t before = printed.text().size();
  EXPECT_TRUE(printed.Print(Payload(Events())).ok());
  EXPECT_EQ(printed.text().substr(before, 13), "*3\r\n$3\r\nSET\r\n");
}

TEST(SnapshotModeTest, FlagIsOneOfThreeNames) {
  for (const auto& [text, mode] : {std::pair("records", SnapshotMode::kRecords),
                                   {"chunks", SnapshotMode::kChunks},
                                   {"skip", SnapshotMode::kSkip}}) {
    SnapshotMode parsed{};
    std::string error;
    EXPECT_TRUE(AbslParseFlag(text, &parsed, &error)) << text;
    EXPECT_EQ(parsed, mode);
    EXPECT_EQ(AbslUnparseFlag(mode), text);
  }
  SnapshotMode parsed{};
  std::string error;
  EXPECT_FALSE(AbslParseFlag("all", &parsed, &error));
  EXPECT_EQ(error, "must be one of: records chunks skip");
}

}  // namespace
}  // namespace kevy_replica
