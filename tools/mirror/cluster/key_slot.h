// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The hash slots of a cluster of Valkey or Redis servers. Source: the Redis
// cluster specification, "Key distribution model" and "Hash tags".

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_KEY_SLOT_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_KEY_SLOT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// The number of slots of every cluster.
inline constexpr int kSlots = 16384;

// The slot of `key`, below kSlots: CRC16/XMODEM of its hash tag, or of the
// whole key. The hash tag lies between the first "{" and the first "}" behind
// it. An empty one does not count.
uint16_t KeySlot(absl::string_view key);

// The hash tag for keys of `slot`: the least number whose decimal digits hash
// to the slot. It never changes, so keys with it can be found again. At most 6
// digits. The first call builds a table of all slots. Any thread may call.
//
// Precondition: `slot` is below kSlots.
const std::string& SlotTag(uint16_t slot);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_KEY_SLOT_H_
