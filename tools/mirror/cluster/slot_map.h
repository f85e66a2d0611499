// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The slots of a cluster and their masters.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_MAP_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_MAP_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// One node's view. Other nodes may have a newer one: MOVED tells it. Not
// thread-safe.
class SlotMap {
 public:
  // Covers no slot.
  SlotMap() : owners_(kSlots, kNone) {}

  // Reads the reply to CLUSTER SLOTS of the node `asked`. A null or empty host
  // means `asked`'s. A master that is told as "?" has no address: its slots
  // count as not covered. Work and memory are bounded.
  //
  // Returns:
  //   a map                it may cover no slot
  //   kFailedPrecondition  an error reply: the server is no cluster's node, or
  //                        refuses the command
  //   kUnavailable         another form: a slot that is told twice or is
  //                        outside of 0 to 16383, a host or port that cannot
  //                        be, more than kMaxNodes nodes; the message names
  //                        the fault
  static absl::StatusOr<SlotMap> Parse(const TargetReply& reply,
                                       const NodeAddress& asked);

  // The master of `slot`, below kSlots. Null: the slot is not covered. Valid
  // until the next Move().
  const NodeAddress* MasterOf(uint16_t slot) const;

  // Each once, in the order of their first slots in Parse(), then in Move()'s.
  const std::vector<NodeAddress>& masters() const { return masters_; }
  // As Parse() has found them, each once. They tell a map, too.
  const std::vector<NodeAddress>& replicas() const { return replicas_; }

  // The number of slots with a master.
  int covered() const;

  // Makes `node` the master of `slot`, below kSlots. Returns false, and
  // changes nothing, if the map has kMaxNodes other masters: a new map is due.
  bool Move(uint16_t slot, const NodeAddress& node);

 private:
  static constexpr uint16_t kNone = kMaxNodes;

  std::vector<NodeAddress> masters_;
  std::vector<NodeAddress> replicas_;
  std::vector<uint16_t> owners_;  // Indices into `masters_`, or kNone.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_MAP_H_
