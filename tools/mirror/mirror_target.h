// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The destination of a mirror: one server, or a cluster.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_TARGET_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Takes the commands of all shards, and keeps their positions with the data. It
// connects again by itself after a broken link, within the call that needs the
// link. Two targets exist: ServerTarget and ClusterTarget.
//
// Every function that returns a status returns:
//   OK                   go on
//   kFailedPrecondition  the target refuses a command (see Decide()), or the
//                        mirror's own commands: stop
//   kAborted             the target's positions are not those of this session's
//                        memory: open a new session
//   kCancelled           interrupted
//   other errors         those of opening the target
class MirrorTarget {
 public:
  virtual ~MirrorTarget() = default;

  // Called when the target holds the shard up to `position`: once for each
  // stored position, in order. Set it before the first event.
  std::function<void(size_t shard, const FeedPosition& position)> stored;

  // The shards as they were when the target was opened.
  virtual const std::vector<ShardRecord>& opened_shards() const = 0;
  // The target must be emptied before the first write: its data is not this
  // mirror's, or is a part of a snapshot. Empty() makes it false.
  virtual bool empty_first() const = 0;

  // By the commands that the target knows. Both may change with a reconnect.
  virtual CommandFilter& filter() = 0;
  virtual const PayloadCommandsOptions& features() const = 0;

  // Adds a frame's command. It may commit the commands before.
  virtual absl::Status Add(size_t shard, const FrameView& frame,
                           uint64_t generation) = 0;
  // Moves the position behind a frame without a command.
  virtual absl::Status PassOver(size_t shard, const FrameView& frame,
                                uint64_t generation) = 0;
  // Adds a command that loads a snapshot.
  virtual absl::Status Load(size_t shard,
                            absl::Span<const absl::string_view> argv,
                            PayloadCheck check) = 0;
  // Sends the gathered commands if that helps, without executing them.
  virtual absl::Status Send() = 0;
  // Executes all added commands, and waits for the replies.
  virtual absl::Status Commit() = 0;
  // Waits for the replies to the commands that are being executed, if any.
  virtual absl::Status Settle() = 0;
  // Does so for the last time, and drops the commands that are not executed.
  // Notes in the target that all replies have come, unless the commands are
  // only printed.
  virtual absl::Status End() = 0;

  // Counts an item of a snapshot that is changed or left out.
  virtual void CountItem(size_t shard, PayloadItem item,
                         absl::string_view key) = 0;

  // Commit(), then asks about the key `argv[1]`. Error replies are replies.
  virtual absl::StatusOr<TargetReply> Read(
      absl::Span<const absl::string_view> argv) = 0;
  // Gives these keys their true deadlines. A key that has another deadline than
  // the held one, or none, stays. So does one whose command the target refuses:
  // the grace remains. Precondition: Commit() has returned OK.
  virtual absl::Status ApplyDeadlines(
      absl::Span<const PassedDeadlines::Held> held) = 0;
  // Sends something. Precondition: Commit() has returned OK.
  virtual absl::Status KeepAlive() = 0;

  // Makes room for new histories of all shards: deletes all keys, and notes
  // that every shard is kLoading. Precondition: Commit() has returned OK.
  virtual absl::Status Empty() = 0;
  // Notes that the shard is kLoading or kEmpty, by the text of its record.
  // Precondition: Commit() has returned OK.
  virtual absl::Status StoreField(size_t shard, absl::string_view value) = 0;
  // Notes that the target holds the shard up to `position`, and calls `stored`.
  // Precondition: Commit() has returned OK.
  virtual absl::Status StorePosition(size_t shard,
                                     const FeedPosition& position) = 0;
  // Makes the loaded data the readers'. Without effect if it is.
  // Precondition: every shard is loaded; Commit() has returned OK.
  virtual absl::Status Swap() = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_TARGET_H_
