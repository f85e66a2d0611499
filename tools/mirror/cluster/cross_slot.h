// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Frames whose keys are in several slots.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CROSS_SLOT_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CROSS_SLOT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// A cluster executes no command on keys of several slots. These have an exact
// equivalent:
//
//   command                        equivalent
//   DEL, UNLINK, MSET              split: one command for each slot
//   MSETNX                         read: EXISTS; split if no key is there
//   RENAME, RENAMENX               read: DUMP and PEXPIRETIME of the source;
//                                  RESTORE of the destination, then DEL
//   COPY                           the same without DEL
//   SMOVE                          read: SISMEMBER; SADD, then SREM
//   LMOVE, RPOPLPUSH               read: LINDEX; LPUSH or RPUSH, then LPOP or
//                                  RPOP
//   LMPOP, ZMPOP                   read: TYPE; the same of the first key that
//                                  is there
//   SUNIONSTORE, SINTERSTORE,      read: DUMP of the sources; RESTORE beside
//   the SDIFFSTORE, ZUNIONSTORE,       destination, the command, DEL of the
//   copies, ZINTERSTORE, ZDIFFSTORE,       in one transaction ZRANGESTORE,
//   GEOSEARCHSTORE, GEORADIUS[BYMEMBER] … STORE, BITOP, PFMERGE
//
// All others are class unable. The reads happen when all frames before are in
// the cluster, and none behind.

// Commands for one slot.
struct SlotPart {
  uint16_t slot = 0;
  std::vector<std::vector<std::string>> commands;
};

// Reads from the master of the slot of `argv[1]`. Error replies are replies.
using ReadKey = std::function<absl::StatusOr<TargetReply>(
    absl::Span<const absl::string_view> argv)>;

// The parts of a command that is split without a read. Empty: it is another
// one. `places`: KeyPlaces().
std::vector<SlotPart> SplitBySlot(absl::Span<const absl::string_view> argv,
                                  absl::Span<const size_t> places);

// Whether PlanCrossSlot() knows the command.
bool HasCrossSlotPlan(absl::string_view name);

// The slots that the command may write, among those of its keys.
std::vector<uint16_t> WrittenSlots(absl::Span<const absl::string_view> argv,
                                   absl::Span<const size_t> places);

struct CrossSlotPlan {
  enum class Kind : uint8_t {
    kNothing,   // It changes nothing.
    kRejected,  // A single server would answer with `error`.
    kParts,
  };
  Kind kind = Kind::kNothing;
  std::string error;
  // In this order, each part as a transaction. The first one decides: the rest
  // follows from it, without a read.
  std::vector<SlotPart> parts;
};

// `temporary(slot, i)` names a key of `slot` that no one else has.
// Precondition: HasCrossSlotPlan(argv[0]), and Judge() has passed it. Errors:
// `read`'s.
absl::StatusOr<CrossSlotPlan> PlanCrossSlot(
    absl::Span<const absl::string_view> argv, absl::Span<const size_t> places,
    const std::function<std::string(uint16_t slot, size_t i)>& temporary,
    const ReadKey& read);

// The parts behind the first one, for a plan whose first part was executed
// before. The first part's slot may be among them.
std::vector<SlotPart> RestOfPlan(absl::Span<const absl::string_view> argv,
                                 absl::Span<const size_t> places);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CROSS_SLOT_H_
