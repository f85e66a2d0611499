// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The commands of frames and snapshots, in transactions with their positions.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TRANSACTIONS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TRANSACTIONS_H_

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
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Sends the commands of one shard at a time. A command and the mark of its
// place, the text of the shard's field in the record, reach the target together
// or not at all. The mark is the position behind a frame, or "loading 17"
// behind the 17th command of a snapshot.
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
// 1. At most one transaction is open and at most one is executing. Their
//    commands are kept until the reply: a transaction has at most 1 MiB, or one
//    command. A frame above that stays in its buffer, since it is committed
//    before its call returns.
// 2. EXEC goes out only after the transaction before it has been answered,
//    since a command there may stop the mirror.
// 3. A broken link loses nothing. The record on the new link has the mark
//    before or behind the executing transaction: it is sent again, or it was
//    executed and its replies are lost.
// 4. Each stored position is reported by `stored` once, in order.
//
// Passing over is exactly once, too. A command that the target rejects while it
// executes a transaction is behind the position at once, and is never sent
// again. Only the reply to EXEC tells of the rejection:
//
//   before the reply, there is an end of     known afterwards
//   the link                                 MirrorCounters::untold and a
//                                            message: up to where
//   the mirror (killed)                      the same, at its next start: the
//                                            record's field `told` differs
//   neither                                  the rejection: counted and told
//
// The loss is at most the rejections of one transaction. A rejection of class
// kData is no loss: the primary has refused the command, too. One of class
// kUnable would have stopped the mirror, so the message matters.
//
// The target may refuse a transaction while it queues it. Its other commands
// are then sent again, over the same link. Without memory (OOM) the leading
// deletes are executed alone, as they may run twice. A transaction that broke
// its link kMaxLinkEnds times is sent one command at a time, and a command that
// breaks it alone is class kUnable.
//
// Every function returns:
//   OK                   go on
//   kFailedPrecondition  the target refuses a command (see Decide()), or the
//                        mirror's own part of a transaction: stop
//   other errors         `reconnect`'s
class Transactions {
 public:
  static constexpr int kMaxLinkEnds = 2;

  // Called when the target holds the shard up to `position`.
  using Stored =
      std::function<void(size_t shard, const FeedPosition& position)>;
  // Replaces the broken link, after a wait. `status` is its error. Returns the
  // shard fields of the record there, each the stored or the sent one of
  // MirrorState.
  using Reconnect = std::function<absl::StatusOr<std::vector<std::string>>(
      const absl::Status& status)>;

  // All pointers must outlive this object.
  Transactions(const MirrorOptions* options, CheckedLink* link,
               MirrorCounters* counters, MirrorState* state,
               Reconnect reconnect, Stored stored);
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  // Adds a frame's command. Commits another shard's transaction before, and
  // executes this one when the batch is full.
  absl::Status Add(size_t shard, const FrameView& frame, uint64_t generation);

  // Moves the position behind a frame without a command.
  absl::Status PassOver(size_t shard, const FrameView& frame,
                        uint64_t generation);

  // Adds a command that loads a snapshot.
  absl::Status Load(size_t shard, absl::Span<const absl::string_view> argv,
                    PayloadCheck check);

  // Counts an item of a snapshot that is changed or left out.
  void CountItem(size_t shard, PayloadItem item, absl::string_view key);

  // Sends the gathered commands, without executing them.
  absl::Status Send();

  // Executes the open transaction, if any, and waits for all replies.
  absl::Status Commit();

  // Waits for the replies of the executing transaction, if any.
  absl::Status Settle();

  // Does so for the last time, and takes the open transaction back.
  absl::Status End();

  // Runs `ask` over the link, again after each reconnect, until the link holds.
  // Precondition: Commit() has returned OK. `ask` may run twice.
  absl::Status Retry(const std::function<absl::Status()>& ask);

 private:
  struct Command {
    size_t begin = 0;  // In the transaction's bytes.
    size_t size = 0;
    std::optional<uint64_t> offset;  // Of the frame. Unset: of a snapshot.
    uint64_t after = 0;              // Transaction::after behind it.
    PayloadCheck check = PayloadCheck::kNone;
  };
  struct Transaction {
    size_t shard = 0;
    bool loading = false;     // It belongs to a snapshot.
    uint64_t generation = 0;  // Unless `loading`.
    // The next offset, or the number of a snapshot's commands so far.
    uint64_t after = 0;
    std::vector<Command> commands;
    std::string bytes;        // Of the commands, in RESP.
    absl::string_view large;  // Instead of `bytes`: a frame's, in its buffer.
    size_t sent = 0;          // Commands that were sent on this link.
    bool begun = false;       // MULTI was sent on this link.
    int link_ends = 0;        // Links that broke while it was executing.
    size_t deletes_done = 0;  // Leading deletes that ran for want of memory.
    // The reason to stop behind this transaction. OK: none.
    absl::Status stop;

    absl::string_view Resp(const Command& command) const;
    std::string Mark() const;
    void Clear();
    void Rewind();  // For another link: nothing was sent.
    // Whether the command only deletes, so that it may run twice.
    bool OnlyDeletes(const Command& command) const;
  };
  struct Refused {
    size_t index;  // Of the command.
    std::string error;
  };
  // The replies to one transaction.
  struct Outcome {
    std::vector<Refused> refused;  // Commands that were not queued.
    std::string own_error;         // Of MULTI or HSET. Empty: none.
    TargetReply result;            // EXEC's reply.
  };

  absl::Status Prepare(size_t shard, bool loading, uint64_t generation,
                       uint64_t after);
  // Copies `resp` and sets its place in `*command`.
  absl::Status AddCopy(Command* command, absl::string_view resp);
  absl::Status AddCommand(const Command& command);
  absl::Status Execute();
  // Sends `*transaction` up to EXEC. It is the executing one.
  absl::Status SendRest();
  void SendCommands(Transaction* transaction);
  absl::Status DiscardOpen();
  absl::StatusOr<Outcome> ReceiveOutcome();
  absl::Status TakeOutcome(const Outcome& outcome);
  absl::Status TakeResults(const std::vector<TargetReply>& results);
  absl::Status TakeRefusals(const std::vector<Refused>& refused);
  absl::Status TakeTrouble(const std::string& error);
  absl::Status RunDeletes(size_t count);
  absl::Status Done();
  absl::Status Mend(absl::Status status);
  absl::Status RunAlone();
  absl::Status GiveUp();
  absl::Status StopForGood(const absl::Status& rejection);

  const MirrorOptions& options_;
  CheckedLink* const link_;
  MirrorCounters* const counters_;
  MirrorState* const state_;
  const Reconnect reconnect_;
  const Stored stored_;

  // The open transaction: the target has queued a part of its commands.
  bool is_open_ = false;
  Transaction open_;
  // The one before it: EXEC was sent, its replies were not read.
  bool is_executing_ = false;
  Transaction executing_;
  std::string encoded_;  // A command of Load().
};

// Whether to connect to the target again after this error of a link.
bool IsTemporary(const absl::Status& status);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TRANSACTIONS_H_
