// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A model replica. It applies delivered events to a map. Unlike a real one it
// knows the right contents, so it checks every call. It outlives its follower:
// a new follower begins at the position that the replica has kept.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_MODEL_REPLICA_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_MODEL_REPLICA_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/simulation/dataset.h"
#include "kevy_replica/client/simulation/history.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"

namespace kevy_replica {
namespace simulation {

struct ReplicaOptions {
  // Whether it saves its position together with its data, so that every write
  // is applied exactly once. Otherwise the follower stores the position later,
  // and a crash takes the data back to the stored position.
  bool keeps_position = false;
  bool applied_on_return = true;
  bool snapshot_in_place = false;
  // Without applied_on_return: whether waiting frames outlast their link and
  // are applied later. Otherwise they are dropped, and arrive again.
  bool keeps_queue = false;
};

// The true place of the replica's data.
struct Holding {
  enum class Kind : uint8_t {
    kNothing,  // Without a history: the data must be dropped.
    kEmpty,    // Before the first write of the next history.
    kAt,       // At `mark`.
    // At `mark`, but part of the data belongs to another history. Protocol 1
    // allows this: it names its generation only in heartbeats.
    kMixed,
  };
  Kind kind = Kind::kNothing;
  Mark mark;
  size_t claimed = 0;  // kMixed: the history of the earlier data.

  bool is_at(const Mark& place) const {
    return kind == Kind::kAt && mark == place;
  }
  // The offset of the next write that fits.
  uint64_t next_offset() const {
    return kind == Kind::kAt || kind == Kind::kMixed ? mark.offset : 0;
  }
};
std::string ToString(const Holding& holding);

class ModelReplica : public FollowerHandler {
 public:
  // `histories` and `record` must outlive it. It returns an error of its own
  // only if `may_fail` returns true.
  ModelReplica(ReplicaOptions options, const Histories* histories,
               Random random, Record* record, std::function<bool()> may_fail);

  const ReplicaOptions& options() const { return options_; }

  // A new follower begins. `applied` is its Applied(). Returns the position to
  // begin at. Data that was not kept is lost.
  FeedPosition Begin(std::function<void(uint64_t)> applied);

  // The follower's position store.
  absl::Status Store(const FeedPosition& position);

  // Call it before each step of the follower.
  void BeginStep() { told_before_step_ = told_; }
  // Applies at most `n` waiting tasks. Call it between the follower's steps.
  void Work(size_t n);
  // Checks an acknowledgement that the primary received.
  void CheckAck(uint64_t next_offset);
  // Checks a follower that is about to wait.
  void CheckWaiting() { CheckFlushed(); }
  // Checks a follower that stopped on request and stored its position.
  void CheckStopped(const FeedPosition& applied);

  // Each call fails once in so many times. 0: it always succeeds.
  void set_errors(uint64_t handler, uint64_t store) {
    handler_errors_ = handler;
    store_errors_ = store;
  }
  // Whether it returned an error, so that the follower must end.
  bool raised_error() const { return raised_error_; }

  const Dataset& data() const { return data_; }
  const Holding& holding() const { return holding_; }
  const FeedPosition& kept_position() const { return kept_.position; }
  const Holding& kept_holding() const { return kept_.holding; }
  bool linked() const { return linked_; }
  // The number of links from {0, 0}.
  uint64_t fresh_links() const { return fresh_links_; }
  bool in_snapshot() const { return in_snapshot_; }
  bool idle() const { return queue_.empty(); }

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override;
  absl::Status OnFlush() override;
  absl::Status OnReset(const FeedPosition&) override;
  absl::Status OnSnapshotBegin() override;
  absl::Status OnSnapshotChunk(absl::string_view bytes) override;
  absl::Status OnSnapshotEnd(const FeedPosition& position) override;
  absl::Status OnSnapshotVoid() override;
  absl::Status OnHeartbeat(const Heartbeat& heartbeat,
                           const FeedPosition& position) override;
  void OnLinkUp(const LinkUp& link) override;
  absl::Status OnLinkDown(const LinkDown& link) override;

 private:
  // A delivery that waits. `behind` and `position`: the place behind it.
  struct Task {
    enum class Kind : uint8_t { kFrame, kReset, kSnapshot };
    Kind kind = Kind::kFrame;
    OwnedFrame frame;
    Dataset snapshot;
    Holding behind;
    FeedPosition position;
  };
  struct Kept {
    FeedPosition position;
    Holding holding;
    Dataset data;  // Used with keeps_position.
  };

  bool Fails();
  void Fail(absl::string_view message);
  // Whether `generation` is right for data at `holding`, or unknown.
  bool Fits(uint64_t generation, const Holding& holding) const;
  void CheckPosition(const FeedPosition& position, const Holding& behind);
  // The place that the next frame must follow.
  const Holding& expected() const {
    return queue_.empty() ? holding_ : queue_.back().behind;
  }
  // The place behind `frame`. Empty: the frame is wrong here.
  std::optional<Holding> Behind(const FrameView& frame, const Holding& before);
  void Apply(const FrameView& frame, const Holding& behind,
             const FeedPosition& position);
  void ApplyReset();
  void ApplySnapshot(Dataset data, const Holding& behind,
                     const FeedPosition& position);
  void Keep(const FeedPosition& position);
  void Hold(Holding::Kind kind);
  bool Waits(Task::Kind kind) const;
  void Tell();
  void CheckFlushed();

  const ReplicaOptions options_;
  const Histories* const histories_;
  Random random_;
  Record* const record_;
  const std::function<bool()> may_fail_;
  std::function<void(uint64_t)> applied_;
  uint64_t handler_errors_ = 0;
  uint64_t store_errors_ = 0;
  bool raised_error_ = false;

  Dataset data_;
  Holding holding_;
  Kept kept_;
  std::deque<Task> queue_;
  // The last offset of Applied(), in this history.
  uint64_t told_ = 0;
  uint64_t told_before_step_ = 0;
  // A gap was found: the next link must be a fresh start.
  bool lost_ = false;

  uint64_t fresh_links_ = 0;
  bool linked_ = false;
  LinkUp link_;
  bool fresh_ = false;  // Asked from {0, 0}, before the first delivery.
  // A heartbeat or a snapshot of this link has told the stream's history.
  bool history_is_told_ = false;
  bool snapshot_on_link_ = false;
  uint64_t stream_offset_ = 0;  // The follower's place in the stream.
  bool to_flush_ = false;       // Frames came since the last OnFlush().
  bool in_snapshot_ = false;
  uint64_t told_in_snapshot_ = 0;   // The generation of a heartbeat in it.
  bool snapshot_was_void_ = false;  // Until the link's end.
  std::string payload_;
  std::optional<uint64_t> last_ack_;
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_MODEL_REPLICA_H_
