// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The frames' commands, in transactions with their positions.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TRANSACTIONS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TRANSACTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Sends the commands of one shard's frames at a time. A command and the
// position after it reach the target together or not at all.
//
//   call       sent                                    read
//   Add(0)     MULTI, command 0
//   Add(1)     command 1                               (the batch is full)
//              HSET kevy_mirror shard-0 7:2, EXEC
//   Add(2)     MULTI, command 2
//   Add(3)     command 3                               (the batch is full)
//                                                      all replies up to EXEC's
//              HSET kevy_mirror shard-0 7:4, EXEC
//   Commit()                                           all replies up to EXEC's
//
// So the target executes one transaction while the next one travels.
// Invariants:
//
// 1. At most one transaction is open and at most one is executing.
// 2. EXEC goes out only after the transaction before it has been answered,
//    since a command there may stop the mirror.
// 3. Each stored position is reported by `stored` once, in order.
//
// Every function returns:
//   OK                   go on
//   kFailedPrecondition  the target rejects a command, or the mirror's own part
//                        of a transaction: stop
//   kAborted             the target refused to queue a command of several, so
//                        that none was executed: connect again. The same
//                        commands then go one by one (careful_until)
//   other errors         CheckedLink's
class Transactions {
 public:
  // Called when the target holds the shard up to `position`.
  using Stored =
      std::function<void(size_t shard, const FeedPosition& position)>;

  // All pointers must outlive this object.
  Transactions(const MirrorOptions* options, CheckedLink* link,
               MirrorCounters* counters, MirrorState* state, Stored stored);
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  // Adds a frame's command. Commits another shard's transaction before, and
  // executes this one when the batch is full.
  // Precondition: all replies to a snapshot's commands have been received.
  // The frame's bytes must stay valid until the link's next Send().
  absl::Status Add(size_t shard, const FrameView& frame, uint64_t generation);

  // Rejects a command without sending it, for `reason`, as if the target had.
  // Commits the frames before it first, and stores the position after it.
  absl::Status PassOver(size_t shard, const FrameView& frame,
                        uint64_t generation, absl::string_view reason);

  // Executes the open transaction, if any, and waits for all replies.
  absl::Status Commit();

  // Waits for the replies of the executing transaction, if any.
  absl::Status Settle();

 private:
  struct Transaction {
    size_t shard = 0;
    FeedPosition position;  // Behind its last command.
    std::vector<SentCommand> commands;
    size_t bytes = 0;  // Of the commands.
  };
  // The replies to one transaction.
  struct Outcome {
    std::string refusal;  // The first error before EXEC's reply. Empty: none.
    const SentCommand* refused = nullptr;  // Null: not one of the commands.
    TargetReply result;                    // EXEC's reply.
  };

  size_t MaxBatch(size_t shard, uint64_t offset) const;
  void Open(size_t shard, const FeedPosition& position);
  absl::Status Execute();
  absl::Status Discard();
  absl::StatusOr<Outcome> ReceiveOutcome();
  absl::Status TakeResults(const std::vector<TargetReply>& results);
  absl::Status TakeRefusal(const SentCommand& refused, absl::string_view reply);
  absl::Status StopForGood(const absl::Status& rejection);
  absl::Status RejectAlone(size_t shard, const SentCommand& command,
                           absl::string_view reply,
                           const FeedPosition& position);
  absl::Status RejectCommand(size_t shard, const SentCommand& command,
                             absl::string_view reply);

  const MirrorOptions& options_;
  CheckedLink* const link_;
  MirrorCounters* const counters_;
  MirrorState* const state_;
  const Stored stored_;

  // The open transaction: the target has queued a part of its commands.
  bool is_open_ = false;
  Transaction open_;
  // The one before it: EXEC was sent, its replies were not read.
  bool is_executing_ = false;
  Transaction executing_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TRANSACTIONS_H_
