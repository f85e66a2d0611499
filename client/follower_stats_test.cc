// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_stats.h"

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FollowerStatsTest, EveryStatusHasItsLinkEnd) {
  EXPECT_EQ(LinkEndOf(absl::OkStatus()), LinkEnd::kClosed);
  EXPECT_EQ(LinkEndOf(absl::DeadlineExceededError("")), LinkEnd::kTimeout);
  EXPECT_EQ(LinkEndOf(absl::UnavailableError("")), LinkEnd::kIo);
  EXPECT_EQ(LinkEndOf(AsIoError(absl::InternalError(""))), LinkEnd::kIo);
  for (const ReplicaErrorKind kind :
       {ReplicaErrorKind::kHandshakeRejected, ReplicaErrorKind::kAckMalformed,
        ReplicaErrorKind::kTruncated, ReplicaErrorKind::kFrame,
        ReplicaErrorKind::kOffsetGap, ReplicaErrorKind::kForeignHistory,
        ReplicaErrorKind::kGenerationChanged, ReplicaErrorKind::kStalled,
        ReplicaErrorKind::kNotPrimary, ReplicaErrorKind::kUnexpectedInSnapshot,
        ReplicaErrorKind::kPayload, ReplicaErrorKind::kIo}) {
    EXPECT_EQ(LinkEndName(LinkEndOf(ReplicaError(kind, ""))),
              ReplicaErrorKindName(kind));
  }
}

TEST(FollowerStatsTest, LinkEndNamesAreDistinct) {
  std::set<std::string> names;
  for (size_t i = 0; i < kLinkEnds; ++i) {
    names.insert(std::string(LinkEndName(static_cast<LinkEnd>(i))));
  }
  EXPECT_EQ(names.size(), kLinkEnds);
  EXPECT_EQ(names.count("unknown"), 0);
  EXPECT_EQ(LinkEndName(static_cast<LinkEnd>(kLinkEnds)), "unknown");
}

TEST(FollowerStatsTest, PrometheusTextHasHeadPerMetricAndLinePerShard) {
  FollowerStats busy;
  busy.frames = 12;
  busy.snapshots = 1;
  busy.heartbeats = 3;
  busy.bytes = 18446744073709551615u;
  busy.connects = 5;
  busy.links = 4;
  busy.link_ends[static_cast<size_t>(LinkEnd::kIo)] = 2;
  busy.link_up = true;
  busy.received = {7, 40};
  busy.applied = {7, 38};
  busy.lag = 2;
  busy.since_last_byte = absl::Milliseconds(250);
  FollowerStats fresh;
  fresh.in_snapshot = true;
  const std::string text = PrometheusText({{"a", busy}, {"b", fresh}});
  for (const absl::string_view part : {
           "# HELP kevy_replica_frames_total Frames delivered to the handler.\n"
           "# TYPE kevy_replica_frames_total counter\n"
           "kevy_replica_frames_total{shard=\"a\"} 12\n"
           "kevy_replica_frames_total{shard=\"b\"} 0\n"
           "# HELP kevy_replica_snapshots_total ",
           "kevy_replica_snapshots_total{shard=\"a\"} 1\n",
           "kevy_replica_heartbeats_total{shard=\"a\"} 3\n",
           "kevy_replica_received_bytes_total{shard=\"a\"} "
           "18446744073709551615\n",
           "kevy_replica_connects_total{shard=\"a\"} 5\n",
           "kevy_replica_links_total{shard=\"a\"} 4\n",
           "kevy_replica_link_ends_total{shard=\"a\",cause=\"closed\"} 0\n",
           "kevy_replica_link_ends_total{shard=\"a\",cause=\"io\"} 2\n",
           "# TYPE kevy_replica_link_up gauge\n"
           "kevy_replica_link_up{shard=\"a\"} 1\n"
           "kevy_replica_link_up{shard=\"b\"} 0\n",
           "kevy_replica_in_snapshot{shard=\"b\"} 1\n",
           "kevy_replica_received_offset{shard=\"a\"} 40\n",
           "kevy_replica_applied_offset{shard=\"a\"} 38\n",
           "kevy_replica_generation_info{shard=\"a\",generation=\"7\"} 1\n",
           "kevy_replica_lag_frames{shard=\"a\"} 2\n",
           "kevy_replica_since_last_byte_seconds{shard=\"a\"} 0.25\n",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(part)));
  }
  // Unknown values are left out.
  EXPECT_THAT(text, Not(HasSubstr("lag_frames{shard=\"b\"")));
  EXPECT_THAT(text, Not(HasSubstr("last_byte_seconds{shard=\"b\"")));
  EXPECT_EQ(text.back(), '\n');
}

// Each sample of a shard that had no link yet. Only the generation's has a
// value of its own.
TEST(FollowerStatsTest, PrometheusTextOfNewShardIsZero) {
  const std::string text = PrometheusText({{"a", FollowerStats()}});
  size_t samples = 0;
  for (const absl::string_view line :
       absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "#")) continue;
    ++samples;
    const bool is_generation = absl::StrContains(line, "generation_info");
    EXPECT_TRUE(absl::EndsWith(line, is_generation ? "\"0\"} 1" : "} 0"))
        << line;
  }
  EXPECT_GT(samples, kLinkEnds);
}

TEST(FollowerStatsTest, PrometheusTextEscapesLabels) {
  EXPECT_THAT(
      PrometheusText({{"a\\b\"c\nd", FollowerStats()}}),
      HasSubstr("kevy_replica_frames_total{shard=\"a\\\\b\\\"c\\nd\"} 0\n"));
}

}  // namespace
}  // namespace kevy_replica
