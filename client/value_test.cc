// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The operators of the client's values and enums.

#include <sstream>
#include <string>
#include <vector>

#include "absl/hash/hash_testing.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/handshake.h"

namespace kevy_replica {
namespace {

// The part of Abseil's sinks that AbslStringify() uses.
struct Sink {
  void Append(absl::string_view bytes) { text += std::string(bytes); }

  std::string text;
};

// `a` and `b` differ, and `a` has this text.
template <typename T>
void ExpectOperators(const T& a, const T& b, absl::string_view text) {
  const T same = a;
  EXPECT_TRUE(a == same);
  EXPECT_FALSE(a != same);
  EXPECT_TRUE(a != b);
  EXPECT_FALSE(a == b);
  std::ostringstream out;
  out << a;
  EXPECT_EQ(out.str(), text);
  Sink sink;
  AbslStringify(sink, a);
  EXPECT_EQ(sink.text, text);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({a, b}));
}

TEST(ClientValueTest, EnumsHaveOperators) {
  ExpectOperators(ReplicaErrorKind::kOffsetGap,
                  ReplicaErrorKind::kForeignHistory, "offset_gap");
  ExpectOperators(Action::kResync, Action::kBackOff, "resync");
  ExpectOperators(LinkEnd::kForeignHistory, LinkEnd::kClosed,
                  "foreign_history");
  ExpectOperators(CommandEffect::kApply, CommandEffect::kIgnore, "apply");
  ExpectOperators(CommandEffect::kRewrite, CommandEffect::kApply, "rewrite");
  ExpectOperators(CommandEffect::kIgnore, CommandEffect::kCannotKnow, "ignore");
  ExpectOperators(CommandEffect::kCannotKnow, CommandEffect::kRewrite,
                  "cannot_know");
  ExpectOperators(ProtocolChoice::kAuto, ProtocolChoice::kV1, "auto");
  ExpectOperators(ProtocolChoice::kV1, ProtocolChoice::kV2, "1");
  ExpectOperators(ProtocolChoice::kV2, ProtocolChoice::kAuto, "2");
  ExpectOperators(StartAt::kPosition, StartAt::kNow, "position");
  ExpectOperators(StartAt::kNow, StartAt::kPosition, "now");
  ExpectOperators(SnapshotPolicy::kError, SnapshotPolicy::kSkip, "error");
  ExpectOperators(SnapshotPolicy::kSkip, SnapshotPolicy::kChunks, "skip");
  ExpectOperators(SnapshotPolicy::kChunks, SnapshotPolicy::kRecords, "chunks");
  ExpectOperators(SnapshotPolicy::kRecords, SnapshotPolicy::kError, "records");
  ExpectOperators(PayloadItem::kNanScore, PayloadItem::kStreamId, "nan_score");
  ExpectOperators(PayloadCheck::kNone, PayloadCheck::kPending, "none");
  ExpectOperators(PayloadCheck::kSetDeadline, PayloadCheck::kNone,
                  "set_deadline");
  ExpectOperators(PayloadCheck::kDeadline, PayloadCheck::kNone, "deadline");
  ExpectOperators(PayloadCheck::kDeadField, PayloadCheck::kNone, "dead_field");
  ExpectOperators(PayloadCheck::kPending, PayloadCheck::kNone, "pending");
}

TEST(ClientValueTest, PayloadCommandsCompareContents) {
  const std::vector<absl::string_view> set = {"SET", "k", "a\n"};
  const std::vector<absl::string_view> get = {"GET", "k"};
  const std::vector<std::string> elsewhere = {"SET", "k", "a\n"};
  const std::vector<absl::string_view> same(elsewhere.begin(), elsewhere.end());
  ExpectOperators(PayloadCommand{set}, PayloadCommand{get},
                  "\"SET\" \"k\" \"a\\n\"");
  ExpectOperators(PayloadCommand{get, PayloadCheck::kPending},
                  PayloadCommand{get}, "\"GET\" \"k\" check=pending");
  EXPECT_EQ(PayloadCommand{set}, PayloadCommand{same});
}

TEST(ClientValueTest, ValuesHaveOperators) {
  ExpectOperators(FeedPosition{7, 8}, FeedPosition{7, 9}, "7:8");
  ExpectOperators(FeedPosition{7, 8}, FeedPosition{6, 8}, "7:8");
  ExpectOperators(*ParseKevyUrl("kevy://a:1,b:2"), *ParseKevyUrl("kevy://a:1"),
                  "kevy://a:1,b:2");
  ExpectOperators(*ParseListenerAddress("a:1"), *ParseListenerAddress("a:2"),
                  "a:1");
  ExpectOperators(KevyVersion{5, 4, 0}, KevyVersion{5, 4, 1}, "5.4.0");
  ExpectOperators(KevyVersion{5, 4, 0}, KevyVersion{4, 4, 0}, "5.4.0");
  ExpectOperators(OffsetGap{8, 9}, OffsetGap{8, 10}, "expected=8 got=9");
  ExpectOperators(OffsetGap{8, 9}, OffsetGap{7, 9}, "expected=8 got=9");
  ExpectOperators(ForeignHistory{7, 9}, ForeignHistory{7, 8},
                  "held=7 primary=9");
  ExpectOperators(ForeignHistory{7, 9}, ForeignHistory{0, 9},
                  "held=7 primary=9");
  ExpectOperators(NamedPosition{"a", {7, 8}}, NamedPosition{"b", {7, 8}},
                  "a=7:8");
  ExpectOperators(NamedPosition{"a", {7, 8}}, NamedPosition{"a", {7, 9}},
                  "a=7:8");
  ExpectOperators(ReplicationToken{{{7, 8}, {9, 1}}},
                  ReplicationToken{{{7, 8}, {9, 2}}}, "7 8 9 1");
}

TEST(ClientValueTest, SemanticsHaveOperators) {
  SemanticsRow row;
  row.name = "row";
  row.effect = CommandEffect::kIgnore;
  row.reason = "Because.";
  SemanticsRow other = row;
  other.end = KevyVersion{7, 0, 0};
  ExpectOperators(row, other, "row (ignore): Because.");
  ExpectOperators(
      Classification{CommandEffect::kRewrite, &row, {"XTRIM", "a\n"}},
      Classification{CommandEffect::kRewrite, &row, {"XTRIM"}},
      "rewrite row \"XTRIM\" \"a\\n\"");
  ExpectOperators(Classification{CommandEffect::kRewrite, &row, {}},
                  Classification{CommandEffect::kRewrite, &other, {}},
                  "rewrite row");
}

TEST(ClientValueTest, PrimariesHaveOperators) {
  const Primary primary = {"a:1", {"a:10001", "a:10002"}, "5.4.0", ""};
  const std::string text = "node=a:1 shards=2 first=a:10001 version=5.4.0";
  for (const Primary& other :
       {Primary{"b:1", primary.shards, "5.4.0", ""},
        Primary{"a:1", {"a:10001"}, "5.4.0", ""},
        Primary{"a:1", primary.shards, "5.4.1", ""},
        Primary{"a:1", primary.shards, "5.4.0", "old"}}) {
    ExpectOperators(primary, other, text);
    ExpectOperators(PrimaryFound{primary}, PrimaryFound{other},
                    "primary_found " + text);
  }
  ExpectOperators(Primary{"a:1", {}, "", "old"}, primary,
                  "node=a:1 shards=0 version= warning=\"old\"");

  const absl::Status status = absl::UnavailableError("why");
  std::ostringstream out;
  out << PrimaryDemoted{status} << ", " << PrimaryMissing{status} << ", "
      << LocatorFailed{status};
  EXPECT_EQ(out.str(),
            "primary_demoted: why, primary_missing: why, locator_failed: why");
  const absl::Status other = absl::UnavailableError("because");
  EXPECT_TRUE(PrimaryDemoted{status} == PrimaryDemoted{status});
  EXPECT_TRUE(PrimaryDemoted{status} != PrimaryDemoted{other});
  EXPECT_TRUE(PrimaryMissing{status} == PrimaryMissing{status});
  EXPECT_TRUE(PrimaryMissing{status} != PrimaryMissing{other});
  EXPECT_TRUE(LocatorFailed{status} == LocatorFailed{status});
  EXPECT_TRUE(LocatorFailed{status} != LocatorFailed{other});
}

TEST(ClientValueTest, LinkOptionsHaveOperators) {
  LinkOptions options;
  options.replica_id = "r1";
  LinkOptions other = options;
  other.ack_interval = absl::Seconds(1);
  std::ostringstream limits;
  limits << options.limits;
  ExpectOperators(options, other,
                  "replica_id=\"r1\" protocol=auto handshake_timeout=10s "
                  "idle_timeout=inf heartbeat_timeout=inf element_timeout=inf "
                  "stall_timeout=10s ack_interval=100ms " +
                      limits.str());
  LinkOptions fixed = options;
  fixed.fresh_generation = 5;
  EXPECT_TRUE(options != fixed);
  std::ostringstream out;
  out << fixed;
  EXPECT_THAT(out.str(), testing::HasSubstr(" fresh_generation=5 "));
}

TEST(ClientValueTest, StatsHaveOperators) {
  FollowerStats stats;
  stats.frames = 4;
  stats.received = {7, 12};
  stats.applied = {7, 10};
  FollowerStats other = stats;
  other.lag = 5;
  other.since_last_byte = absl::Seconds(1);
  const std::string text =
      "frames=4 snapshots=0 heartbeats=0 bytes=0 connects=0 links=0 link_up=0 "
      "in_snapshot=0 received=7:12 applied=7:10";
  ExpectOperators(stats, other, text);
  ExpectOperators(other, stats, text + " lag=5 since_last_byte=1s");
  ExpectOperators(NamedFollowerStats{"a", stats},
                  NamedFollowerStats{"b", stats}, "a: " + text);
}

TEST(ClientValueTest, EventsHaveOperators) {
  LinkUp up;
  up.answer.protocol = Protocol::kV2;
  up.from = {7, 8};
  LinkUp other = up;
  other.from = {7, 9};
  ExpectOperators(up, other, "link_up protocol=2 from=7:8");
  std::ostringstream out;
  out << HistoryReset() << " " << SnapshotVoid();
  EXPECT_EQ(out.str(), "history_reset snapshot_void");
  EXPECT_TRUE(HistoryReset() == HistoryReset());
  EXPECT_TRUE(SnapshotVoid() == SnapshotVoid());

  LinkDown down;
  down.status = absl::UnavailableError("refused");
  down.end = LinkEnd::kIo;
  down.attempt = 2;
  down.retry_in = absl::Milliseconds(50);
  LinkDown resync = down;
  resync.resync = true;
  EXPECT_TRUE(down == down);
  EXPECT_TRUE(down != resync);
  out.str("");
  out << down << ", " << resync;
  EXPECT_EQ(out.str(),
            "link_down io attempt=2 retry_in=50ms, "
            "link_down io resync attempt=2 retry_in=50ms");
}

}  // namespace
}  // namespace kevy_replica
