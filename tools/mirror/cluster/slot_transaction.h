// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The commands of one slot in one transaction with its mark.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_TRANSACTION_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_TRANSACTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// MULTI, commands, HSET of the mark, EXEC. A command that the node refuses to
// queue is dropped and the others are sent again, or it stops the mirror: see
// Decide(). The commands in front of it are then executed.
class SlotTransaction : public SlotWork {
 public:
  struct Context {
    const MirrorOptions* options;
    MirrorCounters* counters;
    // See MirrorTarget::CountItem().
    std::function<void(size_t shard, PayloadItem item, absl::string_view key)>
        count_item;
  };

  // `context` must outlive the transaction.
  explicit SlotTransaction(const Context* context)
      : SlotWork(0), context_(*context) {}

  // Begins a new one. `before` is the slot's mark.
  void Reset(uint16_t slot, size_t shard, const SlotMark& before);

  // Adds a command, and moves the mark to `after`. `offset`: the frame's;
  // unset: the command loads a snapshot.
  void Add(absl::string_view resp, std::optional<uint64_t> offset,
           PayloadCheck check, const SlotMark& after);
  // Moves the mark without a command.
  void Add(const SlotMark& after) { change_.mark = after; }
  // Notes in the slot how a frame is decided: see SlotMark.
  void set_decided(int64_t decided) { decided_ = decided; }

  size_t size() const { return commands_.size(); }
  size_t shard() const { return change_.shard; }
  const SlotMark& after() const { return change_.mark; }
  // 0: it notes none.
  int64_t decided() const { return decided_; }

  // The reason to stop behind it. OK: none.
  const absl::Status& stop() const { return stop_; }
  // The stop is behind the mark, so the record must tell it to the next mirror.
  bool stops_for_good() const { return stops_for_good_; }
  // False: a refusal has left no command, and the mark is as it was before.
  bool is_executed() const { return is_executed_; }
  // Whether a command was answered with an error when it was executed.
  bool has_rejection() const { return has_rejection_; }

  void Gather(TargetLink* link) override;
  absl::StatusOr<SlotAnswer> Receive(CheckedLink* link) override;
  absl::Span<const MarkChange> changes() const override {
    return {&change_, 1};
  }
  void TakeUntold() override;

 private:
  struct Command {
    size_t begin = 0;  // In `bytes_`.
    size_t size = 0;
    std::optional<uint64_t> offset;
    PayloadCheck check = PayloadCheck::kNone;
  };
  struct Refused {
    size_t index;  // Of the command.
    std::string error;
  };

  absl::string_view Resp(const Command& command) const {
    return absl::string_view(bytes_).substr(command.begin, command.size);
  }
  absl::StatusOr<SlotAnswer> TakeResults(
      const std::vector<TargetReply>& results);
  absl::StatusOr<SlotAnswer> TakeRefusals(const std::vector<Refused>& refused);

  const Context& context_;
  std::string key_;
  MarkChange change_;
  SlotMark before_;
  int64_t decided_ = 0;
  std::vector<Command> commands_;
  std::string bytes_;
  std::string mark_command_;  // In RESP.
  absl::Status stop_;
  bool stops_for_good_ = false;
  bool is_executed_ = false;
  bool has_rejection_ = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_TRANSACTION_H_
