// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One server as the destination of a mirror.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_SERVER_TARGET_H_
#define KEVY_REPLICA_TOOLS_MIRROR_SERVER_TARGET_H_

#include <cstddef>
#include <cstdint>
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
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/open_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/mirror/transactions.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// The shards take turns on one link, in Transactions. After a broken link the
// record is compared with the session's memory, before anything is written.
class ServerTarget : public MirrorTarget {
 public:
  // Connects and opens the target: see OpenTarget() for the errors, and
  // LostTarget(). `interrupter` ends the waits. `counters` and `state` must
  // outlive the target.
  static absl::StatusOr<std::unique_ptr<ServerTarget>> Open(
      TargetConnector connect, std::shared_ptr<Interrupter> interrupter,
      const MirrorOptions& options, MirrorCounters* counters,
      MirrorState* state);

  const std::vector<ShardRecord>& opened_shards() const override {
    return opened_shards_;
  }
  bool empty_first() const override { return empty_first_; }
  CommandFilter& filter() override { return *filter_; }
  const PayloadCommandsOptions& features() const override { return features_; }

  absl::Status Add(size_t shard, const FrameView& frame,
                   uint64_t generation) override {
    return transactions_.Add(shard, frame, generation);
  }
  absl::Status PassOver(size_t shard, const FrameView& frame,
                        uint64_t generation) override {
    return transactions_.PassOver(shard, frame, generation);
  }
  absl::Status Load(size_t shard, absl::Span<const absl::string_view> argv,
                    PayloadCheck check) override {
    return transactions_.Load(shard, argv, check);
  }
  void CountItem(size_t shard, PayloadItem item,
                 absl::string_view key) override {
    transactions_.CountItem(shard, item, key);
  }
  absl::Status Send() override { return transactions_.Send(); }
  absl::Status Commit() override { return transactions_.Commit(); }
  absl::Status Settle() override { return transactions_.Settle(); }
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
  absl::Status Swap() override;

 private:
  ServerTarget(TargetConnector connect,
               std::shared_ptr<Interrupter> interrupter,
               std::unique_ptr<CheckedLink> link, const MirrorOptions& options,
               OpenedTarget opened, MirrorCounters* counters,
               MirrorState* state);

  absl::StatusOr<std::vector<std::string>> Reconnect(absl::Status status);
  absl::StatusOr<std::vector<std::string>> TakeOpened(OpenedTarget opened);
  absl::Status CheckRecord(const OpenedTarget& opened) const;
  absl::Status AskDeadlines(absl::Span<const PassedDeadlines::Held> held);
  void Tell();
  void Stored(size_t shard, const FeedPosition& position);

  const TargetConnector connect_;
  const std::shared_ptr<Interrupter> interrupter_;
  const std::unique_ptr<CheckedLink> link_;
  const MirrorOptions options_;
  MirrorCounters* const counters_;
  MirrorState* const state_;
  const std::vector<ShardRecord> opened_shards_;
  PayloadCommandsOptions features_;
  std::optional<CommandFilter> filter_;
  bool empty_first_;
  Transactions transactions_;
  absl::Duration backoff_;  // The next wait. Zero after progress.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_SERVER_TARGET_H_
