// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/lost_item.h"

#include <optional>

#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

std::optional<PayloadItem> LostItem(PayloadCheck check,
                                    const TargetReply& reply) {
  const bool is_integer = reply.type == TargetReply::Type::kInteger;
  switch (check) {
    case PayloadCheck::kNone:
      break;
    case PayloadCheck::kSetDeadline:
      if (reply.elements.size() != 1 || reply.elements[0].integer != -2) break;
      return PayloadItem::kFieldDeadlineAlone;
    case PayloadCheck::kDeadline:
      if (!is_integer) break;
      return reply.integer == 0 ? PayloadItem::kFieldDeadlineAlone
                                : PayloadItem::kFieldDeadline;
    case PayloadCheck::kDeadField:
      if (!is_integer || reply.integer != 0) break;
      return PayloadItem::kFieldDeadlineAlone;
    case PayloadCheck::kPending:
      if (reply.type != TargetReply::Type::kArray || reply.integer != 0) break;
      return PayloadItem::kPendingAlone;
  }
  return std::nullopt;
}

}  // namespace kevy_replica
