// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/link_health.h"

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LinkHealth::Clock::time_point At(absl::Duration time) {
  return LinkHealth::Clock::time_point(absl::ToChronoNanoseconds(time));
}

TEST(LinkHealthTest, NewLinkIsFaultAtOnce) {
  LinkHealth links;
  links.Add("shard-0");
  links.SetDown("target", "refused", At(absl::Seconds(1)));
  EXPECT_FALSE(links.IsUp("shard-0"));
  EXPECT_THAT(links.Faults(absl::Hours(1), At(absl::Seconds(2))),
              ElementsAre("shard-0: not up yet: not connected",
                          "target: not up yet: refused"));
}

TEST(LinkHealthTest, GraceCountsFromFirstFailure) {
  LinkHealth links;
  links.SetUp("shard-0");
  EXPECT_TRUE(links.IsUp("shard-0"));
  EXPECT_THAT(links.Faults(absl::ZeroDuration()), IsEmpty());
  links.SetDown("shard-0", "closed", At(absl::Seconds(100)));
  links.SetDown("shard-0", "refused", At(absl::Seconds(105)));
  EXPECT_FALSE(links.IsUp("shard-0"));
  EXPECT_THAT(links.Faults(absl::Seconds(10), At(absl::Seconds(109))),
              IsEmpty());
  EXPECT_THAT(links.Faults(absl::Seconds(10), At(absl::Seconds(110))),
              ElementsAre("shard-0: down for 10s: refused"));
  EXPECT_THAT(links.Faults(absl::ZeroDuration(), At(absl::Seconds(100))),
              ElementsAre("shard-0: down for 0: refused"));
  links.SetUp("shard-0");
  EXPECT_THAT(links.Faults(absl::ZeroDuration()), IsEmpty());
}

TEST(LinkHealthTest, ReasonIsEscapedAndBounded) {
  LinkHealth links;
  links.SetDown("a", absl::string_view("x\x1b[2J\n\xff\0y", 9));
  links.SetDown("b", std::string(100000, 'z'));
  const auto faults = links.Faults(absl::ZeroDuration());
  EXPECT_EQ(faults[0], "a: not up yet: x\\x1b[2J\\x0a\\xff\\x00y");
  EXPECT_LT(faults[1].size(), 600u);
}

}  // namespace
}  // namespace kevy_replica
