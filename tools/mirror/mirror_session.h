// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A mirror over the time of one connection to its target.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/payload_commands.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

struct MirrorOptions {
  size_t shards = 1;
  std::string position_key = "kevy_mirror";
  // Whether what the target holds, if it is no mirror's, may be replaced.
  bool replace = false;
  // Whether a command that the target rejects is passed over.
  bool skip_rejected = false;
  // At most so many commands in a transaction, and replies outstanding.
  size_t max_batch = 1000;
  // Unix time in milliseconds, for the expiries of old snapshots.
  std::function<uint64_t()> now_ms;
  // Told of each command that is passed over, and of what is lost.
  std::function<void(absl::string_view)> log;
};

// What outlasts a connection. The counters may be read by any thread.
struct MirrorProgress {
  std::atomic<uint64_t> records{0};  // Of snapshots.
  std::atomic<uint64_t> snapshot_bytes{0};
  std::atomic<uint64_t> transactions{0};
  std::atomic<uint64_t> skipped{0};  // Rejected commands, passed over.
  std::atomic<uint64_t> lost_field_expiries{0};
  // Transactions that were executed, but whose replies were lost with the
  // connection: a command that the target has rejected there is not known of.
  std::atomic<uint64_t> untold{0};
  // Below this offset, of each shard, transactions have one command: one among
  // them was refused before it was run, and took its transaction with it.
  std::vector<uint64_t> careful_until;
  // The position behind the rejected command that was last passed over, of each
  // shard.
  std::vector<FeedPosition> told_until;
  // Where the transaction ends that is executed and not yet answered.
  std::vector<std::optional<FeedPosition>> unanswered;
  // Why the mirror is to stop, until that is stored.
  std::string rejected;
  // All shards are to be loaded anew: a snapshot of one cannot replace what the
  // target holds of that one alone.
  bool reload = false;
};

// Writes what all shards' followers hand over to one target, each batch of
// commands in one transaction with the position behind it, and says so by
// `applied`. One thread.
class MirrorSession {
 public:
  // Looks at what the target holds. kFailedPrecondition, with nothing touched,
  // where it is not to be written to; the link's errors.
  static absl::StatusOr<std::unique_ptr<MirrorSession>> Open(
      std::unique_ptr<TargetLink> link, const MirrorOptions& options,
      MirrorProgress* progress);
  ~MirrorSession();

  // To be called once no more events come: waits for what the target is already
  // executing. A command that it has rejected there is an error, as any other.
  absl::Status Finish();

  // Where each shard goes on.
  const std::vector<FeedPosition>& positions() const { return positions_; }
  FollowerHandler* handler(size_t shard);

  // Called with a shard and the position up to which it is in the target. To be
  // set before the first event.
  std::function<void(size_t shard, uint64_t next_offset)> applied;
  // Called when a shard is about to end by an error: all are to. And when a
  // primary has closed.
  std::function<void()> failed;
  std::function<void()> closed;

  // Not OK once the target cannot be reached: to be tried again.
  const absl::Status& link_status() const { return link_status_; }

 private:
  class ShardHandler;
  // A command that was sent, for messages.
  struct Sent {
    Sent() = default;
    Sent(uint64_t offset, absl::string_view command);
    std::string ToString() const;

    uint64_t offset = 0;  // Of a frame.
    // The command's beginning. Not a string: there are as many as frames.
    static constexpr size_t kExcerptBytes = 48;
    std::array<char, kExcerptBytes> excerpt;
    uint8_t excerpt_size = 0;
  };
  struct Transaction {
    size_t shard = 0;
    FeedPosition position;  // Behind it.
    std::vector<Sent> commands;
    size_t bytes = 0;  // Of the commands.
  };

  MirrorSession(std::unique_ptr<TargetLink> link, const MirrorOptions& options,
                MirrorProgress* progress);

  absl::Status EndOthers();
  absl::Status Look();
  absl::Status TellUntold(const MirrorRecord& record);
  absl::Status AskForCommands();
  absl::StatusOr<TargetReply> Ask(absl::Span<const absl::string_view> argv);

  absl::Status TakeFrames(size_t shard, absl::Span<const FrameView> frames,
                          const FeedPosition& position);
  absl::Status Forget(size_t shard);
  absl::Status BeginHistory(size_t shard);
  absl::Status BeginSnapshot(size_t shard);
  absl::Status TakeChunk(size_t shard, absl::string_view bytes);
  absl::Status EndSnapshot(size_t shard, const FeedPosition& position);
  absl::Status TakeHeartbeat(size_t shard, const Heartbeat& heartbeat,
                             const FeedPosition& position);

  absl::string_view Refusal(const ArgvView& argv);
  size_t MaxBatch(size_t shard, uint64_t offset) const;
  absl::Status Open(size_t shard, const FeedPosition& position);
  absl::Status Execute();
  absl::Status Settle();
  absl::Status Commit();
  absl::Status SettleAll();
  absl::Status Discard();
  absl::Status RejectAlone(size_t shard, const Sent& command,
                           absl::string_view reply,
                           const FeedPosition& position);
  absl::Status TakeRefusal(const Transaction& transaction, const Sent& refused,
                           absl::string_view reply);
  void Reached(size_t shard, const FeedPosition& position);
  absl::Status StoreField(size_t shard, absl::string_view value);
  absl::Status StorePosition(size_t shard, const FeedPosition& position);
  absl::Status Reject(size_t shard, const Sent& command,
                      absl::string_view reply);
  static absl::Status PayloadStatus(size_t shard,
                                    const PayloadDecoder& decoder);
  absl::Status SendLoaded();
  absl::Status ReceiveLoaded(size_t most_outstanding);
  // Each notes the link's error, and returns it.
  absl::Status Send();
  absl::StatusOr<TargetReply> Receive();

  const std::unique_ptr<TargetLink> link_;
  const MirrorOptions options_;
  MirrorProgress* const progress_;
  absl::Status link_status_;
  std::vector<std::unique_ptr<ShardHandler>> handlers_;

  PayloadCommands::Target features_;
  // Those that may be passed on. Empty: all are known.
  std::unordered_set<std::string> commands_;
  std::string last_taken_;  // The name of one that was sent.

  std::vector<FeedPosition> positions_;  // In the target.
  std::vector<bool> has_data_;
  std::vector<bool> empty_;  // As the target has it of each shard.
  bool flush_first_ = false;

  // The transaction that is open: its commands are with the target, but not
  // executed. And the one before it, which is executed, and not yet answered.
  bool is_open_ = false;
  Transaction open_;
  bool is_executing_ = false;
  Transaction executing_;

  std::deque<Sent> loading_;  // Of snapshots, not yet answered.

  // Of the snapshots being loaded, one a shard.
  std::vector<std::optional<PayloadDecoder>> decoders_;
  std::vector<std::unique_ptr<PayloadCommands>> loaders_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_SESSION_H_
