// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The positions of a mirror in the slots of a cluster.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_MARK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_MARK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// The place of one slot in the history of one shard. Each slot has a key, a
// hash:
//
//   kevy_mirror:{3560}   the position key, and SlotTag() of the slot
//   shard-0      7:39    the mark of shard 0
//   decided-0    39      the position behind the last frame on several slots
//                        that was decided by a transaction in this slot. -39:
//                        it was decided that the frame changes nothing. 0: none
//   shard-1      ...
//
// The invariant of marks: the slot holds the effect of each of the shard's
// frames on the slot's keys below the mark, and of none from the mark on.
//
// It holds because a frame's commands and the new mark are one transaction. A
// mark of a slot without frames up to an offset may be raised to that offset
// alone: the invariant says the same of both.
struct SlotMark {
  // The slot holds a part of a snapshot, or nothing; `next` numbers the states.
  bool loading = true;
  uint64_t generation = 0;
  uint64_t next = 0;  // The first frame that the slot does not hold.

  // The effect of the frame at `offset` is in the slot.
  bool Holds(uint64_t offset) const { return !loading && offset < next; }

  friend bool operator==(const SlotMark& a, const SlotMark& b) {
    return a.loading == b.loading && a.generation == b.generation &&
           a.next == b.next;
  }
  friend bool operator!=(const SlotMark& a, const SlotMark& b) {
    return !(a == b);
  }
};

// "7:39" or "loading 17".
std::string ToString(const SlotMark& mark);

// The opposite. Unset: another text.
std::optional<SlotMark> ParseSlotMark(absl::string_view text);

// The key with the marks of `slot`.
std::string SlotKey(absl::string_view position_key, uint16_t slot);

// Whether `key` is of the form of SlotKey(), so that a primary must not have
// it.
bool IsSlotKey(absl::string_view position_key, absl::string_view key);

// The name of a shard's field with SlotMark's `decided`.
std::string DecidedField(size_t shard);

// The marks of all slots, as the mirror knows them.
class SlotMarks {
 public:
  explicit SlotMarks(size_t shards);

  size_t shards() const { return marks_.size(); }
  SlotMark& at(size_t shard, uint16_t slot) { return marks_[shard][slot]; }
  const SlotMark& at(size_t shard, uint16_t slot) const {
    return marks_[shard][slot];
  }

  // See SlotMark. 0: none.
  int64_t decided(size_t shard, uint16_t slot) const;
  void set_decided(size_t shard, uint16_t slot, int64_t decided);

  // Gives every slot the same mark, and no decision.
  void Reset(size_t shard, const SlotMark& mark);

 private:
  std::vector<std::vector<SlotMark>> marks_;
  // Few slots have one. By shard, sorted by slot.
  std::vector<std::vector<std::pair<uint16_t, int64_t>>> decided_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_MARK_H_
