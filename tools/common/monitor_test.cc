// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/monitor.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/tools/common/link_health.h"

namespace kevy_replica {
namespace {

FollowerStats CaughtUp() {
  FollowerStats stats;
  stats.link_up = true;
  stats.lag = 0;
  return stats;
}

class MonitorTest : public ::testing::Test {
 protected:
  MonitoredProgram Program() {
    return {&links_, [] { return std::string("a 1\n"); },
            [this] { return stats_; }};
  }

  LinkHealth links_;
  std::vector<FollowerStats> stats_ = {CaughtUp(), CaughtUp()};
  Monitor monitor_{absl::Hours(1)};
};

TEST_F(MonitorTest, ProgramThatDoesNotFollowIsUnavailable) {
  for (const char* path : {"/healthz", "/readyz"}) {
    EXPECT_EQ(monitor_.Page(path).status, 503);
    EXPECT_EQ(monitor_.Page(path).body,
              "not following: the primary is sought\n");
  }
  EXPECT_EQ(monitor_.Page("/metrics").status, 200);
  EXPECT_EQ(monitor_.Page("/metrics").body, "");
  EXPECT_EQ(monitor_.Page("/").status, 404);
}

TEST_F(MonitorTest, MetricsHaveTypeOfTextFormat) {
  monitor_.Watch(Program());
  EXPECT_EQ(monitor_.Page("/metrics").body, "a 1\n");
  EXPECT_EQ(monitor_.Page("/metrics").type,
            "text/plain; version=0.0.4; charset=utf-8");
  monitor_.Watch({});
  EXPECT_EQ(monitor_.Page("/metrics").body, "");
}

TEST_F(MonitorTest, HealthFollowsLinks) {
  links_.Add("shard-0");
  links_.Add("shard-1");
  monitor_.Watch(Program());
  EXPECT_EQ(monitor_.Page("/healthz").body,
            "shard-0: not up yet: not connected\n"
            "shard-1: not up yet: not connected\n");
  links_.SetUp("shard-0");
  links_.SetUp("shard-1");
  EXPECT_EQ(monitor_.Page("/healthz").status, 200);
  EXPECT_EQ(monitor_.Page("/healthz").body, "follows\n");
  // Within the grace.
  links_.SetDown("shard-0", "refused");
  EXPECT_EQ(monitor_.Page("/healthz").status, 200);
  Monitor strict(absl::ZeroDuration());
  strict.Watch(Program());
  EXPECT_EQ(strict.Page("/healthz").status, 503);
  EXPECT_EQ(strict.Page("/healthz").body, "shard-0: down for 0: refused\n");
}

TEST_F(MonitorTest, ReadyNeedsEveryLinkAndShard) {
  links_.SetUp("shard-0");
  links_.SetUp("shard-1");
  links_.Add("target");
  monitor_.Watch(Program());
  EXPECT_EQ(monitor_.Page("/readyz").body,
            "target: not up yet: not connected\n");
  links_.SetUp("target");
  EXPECT_EQ(monitor_.Page("/readyz").status, 200);
  EXPECT_EQ(monitor_.Page("/readyz").body, "caught up\n");
  stats_[1].lag = 12;
  EXPECT_EQ(monitor_.Page("/readyz").status, 503);
  EXPECT_EQ(monitor_.Page("/readyz").body, "shard-1: lag 12\n");
  // Ready has no grace.
  links_.SetDown("shard-1", "refused");
  EXPECT_EQ(monitor_.Page("/readyz").body, "shard-1: down for 0: refused\n");
  links_.SetUp("shard-1");
  stats_.clear();
  EXPECT_EQ(monitor_.Page("/readyz").body, "not following: starting\n");
}

TEST(ReasonBehindTest, NamesFirstReason) {
  FollowerStats stats = CaughtUp();
  EXPECT_EQ(ReasonBehind(stats), "");
  stats.lag = 3;
  EXPECT_EQ(ReasonBehind(stats), "lag 3");
  stats.lag.reset();
  EXPECT_EQ(ReasonBehind(stats), "no heartbeat has told the lag yet");
  stats.in_snapshot = true;
  EXPECT_EQ(ReasonBehind(stats), "a snapshot is being loaded");
  stats.link_up = false;
  EXPECT_EQ(ReasonBehind(stats), "no link");
}

TEST_F(MonitorTest, PagesRenderWhileProgramEnds) {
  std::atomic<bool> ended{false};
  std::thread reader([&] {
    while (!ended) {
      monitor_.Page("/readyz");
      monitor_.Page("/metrics");
    }
  });
  for (int i = 0; i < 1000; ++i) {
    std::vector<FollowerStats> stats = {CaughtUp()};
    LinkHealth links;
    links.SetUp("shard-0");
    monitor_.Watch({&links, [] { return std::string("a 1\n"); },
                    [&stats] { return stats; }});
    links.SetDown("shard-0", "refused");
    monitor_.Watch({});
  }
  ended = true;
  reader.join();
}

}  // namespace
}  // namespace kevy_replica
