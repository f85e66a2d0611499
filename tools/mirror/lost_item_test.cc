// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/lost_item.h"

#include <optional>

#include "gtest/gtest.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

TEST(LostItemTest, RepliesTellLostItems) {
  TargetReply reply;
  reply.type = TargetReply::Type::kInteger;
  reply.integer = 1;
  EXPECT_EQ(LostItem(PayloadCheck::kDeadline, reply),
            PayloadItem::kFieldDeadline);
  EXPECT_EQ(LostItem(PayloadCheck::kDeadField, reply), std::nullopt);
  EXPECT_EQ(LostItem(PayloadCheck::kNone, reply), std::nullopt);
  EXPECT_EQ(LostItem(PayloadCheck::kPending, reply), std::nullopt);
  reply.integer = 0;
  EXPECT_EQ(LostItem(PayloadCheck::kDeadline, reply),
            PayloadItem::kFieldDeadlineAlone);
  EXPECT_EQ(LostItem(PayloadCheck::kDeadField, reply),
            PayloadItem::kFieldDeadlineAlone);
  reply.type = TargetReply::Type::kArray;
  EXPECT_EQ(LostItem(PayloadCheck::kPending, reply),
            PayloadItem::kPendingAlone);
  EXPECT_EQ(LostItem(PayloadCheck::kDeadline, reply), std::nullopt);
  reply.integer = 1;
  EXPECT_EQ(LostItem(PayloadCheck::kPending, reply), std::nullopt);
  EXPECT_EQ(LostItem(PayloadCheck::kSetDeadline, reply), std::nullopt);
  reply.elements.resize(1);
  reply.elements[0].type = TargetReply::Type::kInteger;
  reply.elements[0].integer = 1;
  EXPECT_EQ(LostItem(PayloadCheck::kSetDeadline, reply), std::nullopt);
  reply.elements[0].integer = -2;
  EXPECT_EQ(LostItem(PayloadCheck::kSetDeadline, reply),
            PayloadItem::kFieldDeadlineAlone);
}

}  // namespace
}  // namespace kevy_replica
