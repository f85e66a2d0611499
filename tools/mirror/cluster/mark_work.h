// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reading and writing the marks of one slot.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_MARK_WORK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_MARK_WORK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// HMGET of a slot's key.
class MarkRead : public SlotWork {
 public:
  MarkRead(const std::string& position_key, size_t shards, uint16_t slot);

  void Gather(TargetLink* link) override;
  absl::StatusOr<SlotAnswer> Receive(CheckedLink* link) override;

  // By shard. Unset: the mark is gone, or has no form of a mark.
  const std::vector<std::optional<SlotMark>>& marks() const { return marks_; }
  const std::vector<int64_t>& decided() const { return decided_; }

 private:
  const std::string key_;
  std::vector<std::optional<SlotMark>> marks_;
  std::vector<int64_t> decided_;
};

// HSET of a slot's key, without any other command.
class MarkWrite : public SlotWork {
 public:
  // Raises marks that the slot has. An error if the slot's key is gone.
  MarkWrite(const std::string& position_key, uint16_t slot,
            std::vector<MarkChange> changes);
  // Makes the slot's key, with the mark `mark` for all `shards`.
  MarkWrite(const std::string& position_key, uint16_t slot, size_t shards,
            const SlotMark& mark);

  void Gather(TargetLink* link) override;
  absl::StatusOr<SlotAnswer> Receive(CheckedLink* link) override;
  absl::Span<const MarkChange> changes() const override { return changes_; }

 private:
  const std::string key_;
  const std::vector<MarkChange> changes_;  // Empty: it makes the key.
  std::string command_;                    // In RESP.
};

// The answer to an error reply of the mirror's own command: kError, or
// kFailedPrecondition if the node refuses for good.
absl::StatusOr<SlotAnswer> AnswerOfError(absl::string_view command,
                                         const std::string& error);

// Whether the error is a redirection or that of a server in trouble, so that
// SlotSender goes on.
bool IsPassing(absl::string_view error);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_MARK_WORK_H_
