// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/primary_flags.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;

TEST(PrimaryFlagsTest, ChecksBothKindsOfAddress) {
  EXPECT_TRUE(CheckPrimaryFlags("localhost:16004", 0).ok());
  EXPECT_TRUE(CheckPrimaryFlags("localhost:16004", 4).ok());
  EXPECT_TRUE(CheckPrimaryFlags("kevy://a:6004,b:6004", 0).ok());
  for (const char* primary : {"localhost", "kevy://", "kevy://a"}) {
    const absl::Status status = CheckPrimaryFlags(primary, 1);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(status.message().find("--primary: "), 0u) << status;
  }
  EXPECT_FALSE(CheckPrimaryFlags("unix:/tmp/socket", 2).ok());
}

TEST(PrimaryFlagsTest, PlainAddressHasOneShardByDefault) {
  const auto interrupter = std::make_shared<Interrupter>();
  const absl::StatusOr<ChosenPrimary> one =
      ChoosePrimary("localhost:16004", 0, interrupter);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_THAT(one->addresses, ElementsAre("localhost:16004"));
  EXPECT_EQ(one->shards, 1u);
  const absl::StatusOr<ChosenPrimary> two =
      ChoosePrimary("localhost:16004", 2, interrupter);
  EXPECT_THAT(two->addresses,
              ElementsAre("localhost:16004", "localhost:16005"));
  EXPECT_EQ(two->shards, 2u);
}

TEST(PrimaryFlagsTest, GivenShardsNeedNoSearch) {
  const auto interrupter = std::make_shared<Interrupter>();
  interrupter->Interrupt();
  const absl::StatusOr<ChosenPrimary> given =
      ChoosePrimary("kevy://localhost:1", 3, interrupter);
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_THAT(given->addresses, ElementsAre("kevy://localhost:1"));
  EXPECT_EQ(given->shards, 3u);
  EXPECT_TRUE(absl::IsCancelled(
      ChoosePrimary("kevy://localhost:1", 0, interrupter).status()));
}

TEST(PrimaryFlagsTest, DescriptionHasVersionAndWarning) {
  EXPECT_EQ(DescribePrimary({"db1:6004", {"db1:16004"}, "", ""}),
            "the primary is db1:6004, with 1 shard");
  EXPECT_EQ(DescribePrimary(
                {"db1:6004", {"db1:16004", "db1:16005"}, "3.18.0", "beware"}),
            "the primary is db1:6004, kevy 3.18.0, with 2 shards; beware");
}

TEST(PrimaryFlagsTest, WarningSetsLevelOfEvent) {
  Primary primary = {"db1:6004", {"db1:16004"}, "", ""};
  EXPECT_EQ(PrimaryEvent(primary).level, LogLevel::kInfo);
  primary.warning = "beware";
  const LogEvent event = PrimaryEvent(primary);
  EXPECT_EQ(event.level, LogLevel::kWarning);
  EXPECT_EQ(event.name, "primary");
  EXPECT_EQ(event.message, DescribePrimary(primary));
}

}  // namespace
}  // namespace kevy_replica
