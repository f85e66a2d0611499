// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Parts of a snapshot that the target's replies tell to be lost.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_LOST_ITEM_H_
#define KEVY_REPLICA_TOOLS_MIRROR_LOST_ITEM_H_

#include <optional>

#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// The item that a reply to a command with `check` reports as lost, if any.
std::optional<PayloadItem> LostItem(PayloadCheck check,
                                    const TargetReply& reply);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_LOST_ITEM_H_
