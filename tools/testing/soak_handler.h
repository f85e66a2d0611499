// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The handler of a soak: checks each byte that a follower delivers.

#ifndef KEVY_REPLICA_TOOLS_TESTING_SOAK_HANDLER_H_
#define KEVY_REPLICA_TOOLS_TESTING_SOAK_HANDLER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/testing/soak_report.h"

namespace kevy_replica {

// Demands, of all calls between two Resume():
//
//  1. Each frame has the next offset of the held data, and the bytes of its
//     place in the held data's generation.
//  2. Each snapshot has the bytes of its position, whole. Positions rise:
//     generations never go back, nor do offsets within one.
//  3. A told position is that of the held data. Its generation may be 0, for
//     unknown.
//  4. A link resumes at the held data's position, or is a fresh start.
//  5. After a resync no frame comes before a snapshot.
//
// A violation goes to the report, and stops the follower.
//
// Used by the follower's thread, and by others while no follower runs.
class SoakHandler : public FollowerHandler {
 public:
  // `report` is not owned.
  SoakHandler(size_t shard, SoakReport* report)
      : shard_(shard), report_(report) {}

  // The held data's position. Empty: it does not count.
  std::optional<FeedPosition> held() const { return held_; }

  // A follower starts at `stored`. Without a generation the held data does not
  // count.
  void Resume(const FeedPosition& stored);

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override;
  absl::Status OnReset(const FeedPosition&) override;
  absl::Status OnSnapshotBegin() override;
  absl::Status OnSnapshotChunk(absl::string_view bytes) override;
  absl::Status OnSnapshotEnd(const FeedPosition& position) override;
  absl::Status OnSnapshotVoid() override;
  void OnLinkUp(const LinkUp& link) override;
  absl::Status OnLinkDown(const LinkDown& link) override;

 private:
  absl::Status Violation(absl::string_view text);
  absl::Status CheckTold(const FeedPosition& position);

  const size_t shard_;
  SoakReport* const report_;
  std::optional<FeedPosition> held_;
  bool in_snapshot_ = false;
  std::string payload_;  // The bytes of the snapshot so far.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_SOAK_HANDLER_H_
