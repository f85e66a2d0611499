// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/lost_item.h"

#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/kind_counts.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
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

void CountItem(const MirrorOptions& options, MirrorCounters* counters,
               size_t shard, PayloadItem item, absl::string_view key) {
  if (!counters->passed_over.Count(kItemClass, PayloadItemName(item), "")) {
    return;
  }
  constexpr size_t kShown = 128;
  options.log(
      {LogLevel::kWarning,
       "passed_over",
       absl::StrCat(ShardField(shard), ": key ", Escaped(key.substr(0, kShown)),
                    ": ", PayloadItemText(item)),
       {{"shard", shard},
        {"class", kItemClass},
        {"key", key.substr(0, kShown)}}});
}

}  // namespace kevy_replica
