// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Parts of a snapshot that the target's replies tell to be lost.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_LOST_ITEM_H_
#define KEVY_REPLICA_TOOLS_MIRROR_LOST_ITEM_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// The item that a reply to a command with `check` reports as lost, if any.
std::optional<PayloadItem> LostItem(PayloadCheck check,
                                    const TargetReply& reply);

// Counts an item of a shard's snapshot that is changed or left out, and tells
// the first of a kind.
void CountItem(const MirrorOptions& options, MirrorCounters* counters,
               size_t shard, PayloadItem item, absl::string_view key);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_LOST_ITEM_H_
