// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The transactions of one round.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_ROUND_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_ROUND_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/cluster/slot_transaction.h"

namespace kevy_replica {

// Groups commands of one shard by slot, in their order within a slot. Reusable.
class SlotRound {
 public:
  // `context` must outlive the round.
  explicit SlotRound(const SlotTransaction::Context* context);

  // Begins a new one, without commands. Its end is `begin`.
  void Reset(size_t shard, const SlotMark& begin);

  // Adds a command to the transaction of its slot, whose mark is `before` if it
  // has none yet, and moves the mark to `after`.
  void Add(uint16_t slot, const SlotMark& before, absl::string_view resp,
           std::optional<uint64_t> offset, PayloadCheck check,
           const SlotMark& after);

  size_t shard() const { return shard_; }
  // Behind the last command, whatever its slot.
  const SlotMark& end() const { return end_; }
  void set_end(const SlotMark& end) { end_ = end; }

  size_t commands() const { return commands_; }
  size_t bytes() const { return bytes_; }
  // Those of the longest transaction.
  size_t most_commands() const { return most_commands_; }

  // In the order of their first commands.
  std::vector<SlotTransaction*> transactions();
  std::vector<SlotWork*> works();

 private:
  static constexpr uint16_t kNone = 0xffff;

  const SlotTransaction::Context* const context_;
  size_t shard_ = 0;
  SlotMark end_;
  size_t commands_ = 0;
  size_t bytes_ = 0;
  size_t most_commands_ = 0;
  std::vector<std::unique_ptr<SlotTransaction>> transactions_;  // The first
  size_t used_ = 0;                                             // `used_`.
  std::vector<uint16_t> index_of_;  // By slot, in `transactions_`, or kNone.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_ROUND_H_
