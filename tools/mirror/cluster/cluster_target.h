// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A cluster as the destination of a mirror.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_TARGET_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/cluster/cross_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_round.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/cluster/slot_transaction.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Gathers frames in rounds. A round has at most one transaction for each slot,
// with the slot's mark in it:
//
//   call       sent                                          read
//   Add(0..9)
//   Commit()   to each node the transactions of its slots,
//              all nodes at once                             all replies
//
// One round executes while the next one is gathered.
//
// Invariants:
//
// 1. Of marks: see SlotMark.
// 2. A round is a barrier: no frame of the next one is sent before each
//    transaction of this one is executed. Redirections, TRYAGAIN, CLUSTERDOWN
//    and the death of a node are waited for within the round (SlotSender). So a
//    slot that stalls stalls the mirror.
// 3. Behind a round the cluster holds all frames below its end. `stored` tells
//    that end. The shard resumes at the least mark of all slots, and passes
//    over frames that a slot holds already.
// 4. The marks of slots without frames are raised to the end of the last round
//    at times: after kRenewalTime or kRenewalFrames, and at a polite end. There
//    is no other checkpoint, so a node that has lost its last writes takes the
//    resume position back with it.
// 5. The record at the position key has no position: it says "loading" from the
//    first command of a new history until all marks of the shard are positions.
// 6. A frame on keys of several slots that needs a read runs alone, behind a
//    round. Its first transaction notes the decision in its slot (SlotMark,
//    decided), so that the next mirror executes the rest without a read. It
//    ends with all slots that it may write behind it. Where one of them holds
//    the frame and another does not, without such a note, a node has lost
//    writes that cannot be made again: LostTarget().
class ClusterTarget : public MirrorTarget {
 public:
  static constexpr absl::Duration kRenewalTime = absl::Seconds(10);
  static constexpr uint64_t kRenewalFrames = 500'000;

  struct Where {
    std::vector<NodeAddress> seeds;  // At least one.
    NodeConnector connect;
    // Waits between two attempts. Returns whether it was interrupted.
    std::function<bool(absl::Duration)> sleep;
    // For tests whose keys are in these slots alone. Default: empty, all.
    std::vector<uint16_t> slots;
  };

  // Connects to all masters, ends the connections of older mirrors there, and
  // reads the record and all marks. `counters` and `state` must outlive the
  // target.
  //
  // Returns:
  //   a target             go on from there
  //   kUnavailable         some slot is not covered, or a node is in trouble
  //   kFailedPrecondition  as OpenTarget()
  //   other errors         LostTarget()'s; the links'
  static absl::StatusOr<std::unique_ptr<ClusterTarget>> Open(
      Where where, const MirrorOptions& options, MirrorCounters* counters,
      MirrorState* state);

  const std::vector<ShardRecord>& opened_shards() const override {
    return opened_shards_;
  }
  bool empty_first() const override { return empty_first_; }
  CommandFilter& filter() override { return *filter_; }
  const PayloadCommandsOptions& features() const override { return features_; }

  absl::Status Add(size_t shard, const FrameView& frame,
                   uint64_t generation) override;
  absl::Status PassOver(size_t shard, const FrameView& frame,
                        uint64_t generation) override;
  absl::Status Load(size_t shard, absl::Span<const absl::string_view> argv,
                    PayloadCheck check) override;
  void CountItem(size_t shard, PayloadItem item,
                 absl::string_view key) override;
  absl::Status Send() override { return absl::OkStatus(); }
  absl::Status Commit() override;
  absl::Status Settle() override;
  absl::Status End() override;

  absl::StatusOr<TargetReply> Read(
      absl::Span<const absl::string_view> argv) override;
  absl::Status ApplyDeadlines(
      absl::Span<const PassedDeadlines::Held> held) override;
  absl::Status KeepAlive() override;
  absl::Status Empty() override;
  absl::Status StoreField(size_t shard, absl::string_view value) override;
  absl::Status StorePosition(size_t shard,
                             const FeedPosition& position) override;
  absl::Status Swap() override { return absl::OkStatus(); }

 private:
  struct Shard {
    bool in_slots = false;  // The record says so.
    FeedPosition position;  // Behind the last round.
    FeedPosition renewed;   // No mark is below it.
  };

  ClusterTarget(Where where, const MirrorOptions& options,
                MirrorCounters* counters, MirrorState* state);

  // Opening.
  absl::Status OpenNodes();
  absl::Status OpenRecordAndMarks();
  absl::Status ReadMarks(size_t* missing);
  absl::Status TakeShards(MirrorRecord record, size_t missing);
  absl::StatusOr<int64_t> CountKeys();
  std::optional<FeedPosition> LeastMark(size_t shard) const;

  // Rounds.
  absl::Status Prepare(size_t shard, bool loading, uint64_t generation,
                       uint64_t next);
  void AddPart(uint16_t slot, absl::string_view resp,
               std::optional<uint64_t> offset, PayloadCheck check,
               const SlotMark& after);
  absl::Status ExecuteIfFull();
  absl::Status Execute();
  absl::Status StopForGood(const absl::Status& rejection);

  // Frames on several slots.
  absl::Status AddSeveral(size_t shard, const FrameView& frame,
                          absl::Span<const absl::string_view> argv,
                          absl::Span<const size_t> places, uint64_t generation);
  absl::Status RunPlan(size_t shard, const FrameView& frame,
                       absl::Span<const absl::string_view> argv,
                       absl::Span<const size_t> places, uint64_t generation);
  absl::Status LoseShard(size_t shard, absl::string_view change);
  absl::StatusOr<CrossSlotPlan> Plan(absl::Span<const absl::string_view> argv,
                                     absl::Span<const size_t> places);
  absl::Status RunParts(size_t shard, const SlotMark& after, int64_t decision,
                        const std::vector<SlotPart>& parts);
  absl::Status Refuse(size_t shard, const FrameView& frame, uint64_t generation,
                      absl::string_view kind, absl::string_view reason);
  absl::Status RefuseOwnKey(size_t shard, const FrameView& frame,
                            uint64_t generation);
  absl::Status Reject(size_t shard, const FrameView& frame, uint64_t generation,
                      const Rejection& rejection);

  // Marks and record.
  CheckedLink RecordLink();
  absl::Status MakeInSlots(size_t shard, const FeedPosition& position);
  absl::Status RaiseMarks(absl::Span<const MarkChange> changes);
  absl::Status RenewIfDue();
  absl::Status Renew();
  absl::Status WriteRecord(absl::string_view field, absl::string_view value);
  // `*attempts`: those that found foreign keys behind them.
  absl::Status TryEmpty(int* attempts);
  void Tell();

  const MirrorOptions options_;
  MirrorCounters* const counters_;
  MirrorState* const state_;
  const std::vector<uint16_t> slots_;  // Those with marks.
  SlotMarks marks_;
  SlotSender sender_;
  std::vector<ShardRecord> opened_shards_;
  std::vector<Shard> shards_;
  PayloadCommandsOptions features_;
  std::optional<CommandFilter> filter_;
  bool empty_first_ = false;
  bool has_record_ = false;

  SlotTransaction::Context context_;
  std::unique_ptr<SlotRound> open_;
  std::unique_ptr<SlotRound> executing_;
  bool is_open_ = false;
  bool is_executing_ = false;
  uint64_t frames_since_renewal_ = 0;
  uint64_t renewed_ms_ = 0;

  std::string encoded_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_TARGET_H_
