// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Plays recorded bytes to a FollowerHandler, on the calling thread: for golden
// tests, fuzz tests and benchmarks of handlers.
//
//   Index index;  // The FollowerHandler under test.
//   const absl::Status end = Replay(recording, &index);
//   EXPECT_TRUE(end.ok()) << end;
//   EXPECT_EQ(index.Find("foo"), "bar");
//
// A recording is all that a primary sent on one link, from its answer on:
// `kevy_tail --once --record=FILE` and RecordingTransport write one. Bytes
// without the answer are taken, too: as a stream of protocol 1, whose
// heartbeats alone tell the generation.
//
// There is no thread, clock or descriptor, so a replay takes no longer than the
// handler does, and the same bytes always make the same calls.

#ifndef KEVY_REPLICA_TESTING_REPLAY_H_
#define KEVY_REPLICA_TESTING_REPLAY_H_

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/limits.h"

namespace kevy_replica {

struct ReplayOptions {
  // The position of the data that the handler holds. Default: empty, the
  // position that the answer names: {0, 0} if its offset is 0. Without an
  // answer: {0, the offset of the first frame}, or {0, 0} if another element
  // comes first.
  std::optional<FeedPosition> from;
  // As of FollowerOptions. A null snapshots.now_ms means the time 0, so that
  // the same bytes always make the same calls.
  SnapshotOptions snapshots;
  // The bytes of each read, so that elements are cut and batches end. Default:
  // 0, all at once.
  size_t piece = 0;
  // Default: as in limits.h.
  Limits limits;
};

// Calls `handler` as a Follower does over one link that receives `recording`
// and then ends: see the time chart in follower_handler.h. The last call is
// OnLinkDown(). `handler` must not be null.
//
// Returns:
//   OK                the link ended cleanly
//   kInvalidArgument  snapshots.policy is neither kChunks nor kRecords
//   others            the link's error (kTruncated, kOffsetGap, ...: see
//                     client/errors.h), or the error of `handler`
absl::Status Replay(absl::string_view recording, FollowerHandler* handler,
                    const ReplayOptions& options = ReplayOptions());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_REPLAY_H_
