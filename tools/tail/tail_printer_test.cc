// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/tail_printer.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/output.h"

namespace kevy_replica {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

std::string Print(TailFormat format, const StreamEvent& event) {
  Output out(/*fd=*/-1, /*interrupter=*/nullptr);
  TailPrinter(format).Event(event, &out);
  return *out.buffer();
}

std::string PrintFrame(TailFormat format, uint64_t offset,
                       const std::vector<absl::string_view>& argv) {
  std::string wire;
  EXPECT_EQ(AppendFrame(offset, argv, &wire), WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  EXPECT_TRUE(decoder.Decode(wire, &frame).done());
  return Print(format, frame);
}

std::string PrintConnected(TailFormat format, const HandshakeAnswer& answer) {
  Output out(/*fd=*/-1, /*interrupter=*/nullptr);
  TailPrinter(format).Connected(answer, &out);
  return *out.buffer();
}

std::string PrintEnd(TailFormat format, const FeedPosition& position) {
  Output out(/*fd=*/-1, /*interrupter=*/nullptr);
  TailPrinter(format).End(position, &out);
  return *out.buffer();
}

TEST(TailPrinterTest, PrintsText) {
  constexpr TailFormat kText = TailFormat::kText;
  EXPECT_EQ(PrintConnected(kText, {Protocol::kV2, 7, 8}),
            "# connected protocol=2 generation=7 offset=8\n");
  EXPECT_EQ(PrintConnected(kText, {Protocol::kV1, 0, 8}),
            "# connected protocol=1 generation=0 offset=8\n");
  EXPECT_EQ(Print(kText, SnapshotBegin{}), "# snapshot_begin\n");
  EXPECT_EQ(Print(kText, SnapshotChunk{"KEVYSNAP"}),
            "# snapshot_chunk bytes=8\n");
  EXPECT_EQ(Print(kText, SnapshotEnd{9}), "# snapshot_end next_offset=9\n");
  EXPECT_EQ(PrintFrame(kText, 8, {"SET", "foo", "b\r\n\xff"}),
            "8 \"SET\" \"foo\" \"b\\r\\n\\xff\"\n");
  EXPECT_EQ(PrintFrame(kText, 9, {"SET", "", "\"\\\x7f\u2028"}),
            "9 \"SET\" \"\" \"\\\"\\\\\\x7f\\xe2\\x80\\xa8\"\n");
  EXPECT_EQ(Print(kText, Heartbeat{7, 9}),
            "# heartbeat generation=7 next_offset=9\n");
  EXPECT_EQ(PrintEnd(kText, {7, 9}), "# end generation=7 next_offset=9\n");
}

TEST(TailPrinterTest, PrintsJson) {
  constexpr TailFormat kJson = TailFormat::kJson;
  EXPECT_EQ(PrintConnected(kJson, {Protocol::kV2, kMax, 8}),
            R"({"event":"connected","protocol":2,)"
            R"("generation":18446744073709551615,"offset":8})"
            "\n");
  EXPECT_EQ(PrintConnected(kJson, {Protocol::kV1, 0, 8}),
            R"({"event":"connected","protocol":1,"generation":0,"offset":8})"
            "\n");
  EXPECT_EQ(Print(kJson, SnapshotBegin{}), "{\"event\":\"snapshot_begin\"}\n");
  EXPECT_EQ(Print(kJson, SnapshotChunk{"KEVYSNAP"}),
            "{\"event\":\"snapshot_chunk\",\"bytes\":8}\n");
  EXPECT_EQ(Print(kJson, SnapshotEnd{kMax}),
            R"({"event":"snapshot_end","next_offset":18446744073709551615})"
            "\n");
  EXPECT_EQ(PrintFrame(kJson, 8, {"SET", "foo", "bar"}),
            R"({"event":"frame","offset":8,"argv":["SET","foo","bar"]})"
            "\n");
  EXPECT_EQ(PrintFrame(kJson, kMaxFrameOffset, {"PING"}),
            R"({"event":"frame","offset":9223372036854775807,"argv":["PING"]})"
            "\n");
  EXPECT_EQ(PrintFrame(kJson, 0,
                       {"SET", "", absl::string_view("\"\\\n\0\x7f\u2028", 8),
                        "b\r\n\xff", "\u20ac"}),
            R"({"event":"frame","offset":0,"argv":["SET","",)"
            R"("\"\\\n\u0000\u007f\u2028",{"base64":"Yg0K/w=="},")"
            "\u20ac\"]}\n");
  EXPECT_EQ(Print(kJson, Heartbeat{7, 9}),
            R"({"event":"heartbeat","generation":7,"next_offset":9})"
            "\n");
  EXPECT_EQ(PrintEnd(kJson, {7, 9}),
            R"({"event":"end","generation":7,"next_offset":9})"
            "\n");
}

std::string PrintPayload(TailFormat format, const PayloadEvent& event) {
  Output out(/*fd=*/-1, /*interrupter=*/nullptr);
  TailPrinter(format).Payload(event, &out);
  return *out.buffer();
}

TEST(TailPrinterTest, PrintsPartsOfSnapshots) {
  const PayloadEvent record = RecordBegin{RecordType::kHash, "h\n", 5, 2};
  EXPECT_EQ(PrintPayload(TailFormat::kText, record),
            "# hash \"h\\n\" count=2 expire_at_ms=5\n");
  EXPECT_EQ(PrintPayload(TailFormat::kJson, record),
            R"({"event":"hash","key":"h\n","count":2,"expire_at_ms":5})"
            "\n");
  EXPECT_EQ(PrintPayload(TailFormat::kResp, record), "");
  // The other parts stand in the expected output of recordings. These do not:
  EXPECT_EQ(PrintPayload(TailFormat::kJson, ScoredMember{"m", std::nan("")}),
            R"({"event":"scored_member","member":"m","score":"nan"})"
            "\n");
  EXPECT_EQ(PrintPayload(TailFormat::kJson, ScoredMember{"m", 0.1}),
            R"({"event":"scored_member","member":"m",)"
            R"("score":0.10000000000000001})"
            "\n");
}

TEST(TailPrinterTest, RespHasCommandsOnly) {
  constexpr TailFormat kResp = TailFormat::kResp;
  EXPECT_EQ(PrintFrame(kResp, 8, {"SET", "", "b\r\n\xff"}),
            "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\nb\r\n\xff\r\n");
  // A command about kevy's own state.
  const std::vector<absl::string_view> internal = {"XINTERNAL.CONSUMERSEEN",
                                                   "s", "g", "c", "5"};
  EXPECT_EQ(PrintFrame(kResp, 8, internal), "");
  EXPECT_EQ(PrintFrame(TailFormat::kText, 8, internal),
            "8 \"XINTERNAL.CONSUMERSEEN\" \"s\" \"g\" \"c\" \"5\"\n");
  EXPECT_EQ(PrintConnected(kResp, {Protocol::kV2, 7, 8}), "");
  EXPECT_EQ(Print(kResp, SnapshotBegin{}), "");
  EXPECT_EQ(Print(kResp, SnapshotChunk{"KEVYSNAP"}), "");
  EXPECT_EQ(Print(kResp, SnapshotEnd{9}), "");
  EXPECT_EQ(Print(kResp, Heartbeat{7, 9}), "");
  EXPECT_EQ(PrintEnd(kResp, {7, 9}), "");
}

std::string PrintFollowing(const TailPrinter& printer) {
  Output out(/*fd=*/-1, /*interrupter=*/nullptr);
  printer.Connected({Protocol::kV2, 7, 8}, &out);
  printer.Reset(&out);
  printer.Event(Heartbeat{7, 9}, &out);
  printer.SnapshotVoid(&out);
  LinkDown link;
  link.end = LinkEnd::kTruncated;
  link.attempt = 2;
  link.retry_in = absl::Microseconds(51001);
  printer.LinkDown(link, &out);
  link.retry_in = absl::InfiniteDuration();
  printer.LinkDown(link, &out);
  printer.End({7, 9}, &out);
  return *out.buffer();
}

TEST(TailPrinterTest, PrintsFollowerEvents) {
  EXPECT_EQ(PrintFollowing(TailPrinter(TailFormat::kText)),
            "# connected protocol=2 generation=7 offset=8\n"
            "# reset\n"
            "# heartbeat generation=7 next_offset=9\n"
            "# snapshot_void\n"
            "# link_down end=truncated attempt=2 retry_in=52ms\n"
            "# link_down end=truncated attempt=2\n"
            "# end generation=7 next_offset=9\n");
  EXPECT_EQ(PrintFollowing(TailPrinter(TailFormat::kResp)), "");
}

TEST(TailPrinterTest, EveryLineNamesShard) {
  EXPECT_EQ(PrintFollowing(TailPrinter(TailFormat::kText, 3)),
            "[3] # connected protocol=2 generation=7 offset=8\n"
            "[3] # reset\n"
            "[3] # heartbeat generation=7 next_offset=9\n"
            "[3] # snapshot_void\n"
            "[3] # link_down end=truncated attempt=2 retry_in=52ms\n"
            "[3] # link_down end=truncated attempt=2\n"
            "[3] # end generation=7 next_offset=9\n");
  EXPECT_EQ(
      PrintFollowing(TailPrinter(TailFormat::kJson, 3)),
      R"({"shard":3,"event":"connected","protocol":2,"generation":7,"offset":8}
{"shard":3,"event":"reset"}
{"shard":3,"event":"heartbeat","generation":7,"next_offset":9}
{"shard":3,"event":"snapshot_void"}
{"shard":3,"event":"link_down","end":"truncated","attempt":2,"retry_in_ms":52}
{"shard":3,"event":"link_down","end":"truncated","attempt":2}
{"shard":3,"event":"end","generation":7,"next_offset":9}
)");
  EXPECT_EQ(PrintFollowing(TailPrinter(TailFormat::kResp, 3)), "");
}

TEST(TailPrinterTest, AppendsToOutput) {
  const TailPrinter printer(TailFormat::kText);
  Output out(/*fd=*/-1, /*interrupter=*/nullptr);
  out.Append("before\n");
  printer.Connected({Protocol::kV2, 7, 8}, &out);
  printer.Event(SnapshotBegin{}, &out);
  printer.End({7, 8}, &out);
  EXPECT_EQ(*out.buffer(),
            "before\n"
            "# connected protocol=2 generation=7 offset=8\n"
            "# snapshot_begin\n"
            "# end generation=7 next_offset=8\n");
}

TEST(TailFormatTest, FlagIsOneOfThreeNames) {
  for (const auto& [text, format] : {std::pair("text", TailFormat::kText),
                                     {"json", TailFormat::kJson},
                                     {"resp", TailFormat::kResp}}) {
    TailFormat parsed{};
    std::string error;
    EXPECT_TRUE(AbslParseFlag(text, &parsed, &error)) << text;
    EXPECT_EQ(error, "");
    EXPECT_EQ(parsed, format);
    EXPECT_EQ(AbslUnparseFlag(format), text);
  }
  for (const char* text : {"", "JSON", "xml"}) {
    TailFormat parsed{};
    std::string error;
    EXPECT_FALSE(AbslParseFlag(text, &parsed, &error)) << text;
    EXPECT_EQ(error, "must be one of: text json resp");
  }
}

}  // namespace
}  // namespace kevy_replica
