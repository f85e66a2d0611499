// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A replica that keeps a map by what a follower hands over, and knows, which
// none in the world does, what it ought to be given. It survives the follower:
// a new one begins from what this one has kept.

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
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/simulation/dataset.h"
#include "kevy_replica/client/simulation/history.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"

namespace kevy_replica {
namespace simulation {

struct ReplicaOptions {
  // Whether it keeps its position with its data, in one: then every write is
  // applied exactly once. Else the follower stores the position, later than the
  // data is written, and a crash takes the data back to what was stored.
  bool keeps_position = false;
  bool applied_on_return = true;
  bool snapshot_in_place = false;
  // Not applied on return: whether frames that wait are kept when the link has
  // ended, to be applied then. Else they are dropped, and come again.
  bool keeps_queue = false;
};

// Where the replica's data stands, in truth.
struct Holding {
  enum class Kind : uint8_t {
    kNothing,  // Of no history: what is there is to be dropped.
    kEmpty,    // As before the first write of the history that comes next.
    kAt,       // At `mark`.
    // `mark` too, but some of it is of another history. That can happen with
    // protocol 1, which names no generation before its first heartbeat.
    kMixed,
  };
  Kind kind = Kind::kNothing;
  Mark mark;
  size_t claimed = 0;  // kMixed: the history that it was of before.

  bool is_at(const Mark& place) const {
    return kind == Kind::kAt && mark == place;
  }
  // The offset of the next write that it can take.
  uint64_t next_offset() const {
    return kind == Kind::kAt || kind == Kind::kMixed ? mark.offset : 0;
  }
};
std::string ToString(const Holding& holding);

class ModelReplica : public FollowerHandler {
 public:
  // `histories` and `record` must outlive it. Before it raises an error it asks
  // `may_fail`.
  ModelReplica(ReplicaOptions options, const Histories* histories,
               Random random, Record* record, std::function<bool()> may_fail);

  const ReplicaOptions& options() const { return options_; }

  // A follower begins, which `applied` tells what is applied: returns where it
  // has to begin. Data that had not been made to last is gone.
  FeedPosition Begin(std::function<void(uint64_t)> applied);

  // What a follower's `store` does.
  absl::Status Store(const FeedPosition& position);

  // Before each step of the follower.
  void BeginStep() { told_before_step_ = told_; }
  // Applies at most `n` of what waits; from between the follower's steps.
  void Work(size_t n);
  // The primary has got this acknowledgement.
  void CheckAck(uint64_t next_offset);
  // The follower is going to wait.
  void CheckWaiting() { CheckFlushed(); }
  // The follower has stopped, as it was told to, and stored what it could.
  void CheckStopped(const FeedPosition& applied);

  // The chance of an error, in each call: one in so many; 0 for never.
  void set_errors(uint64_t handler, uint64_t store) {
    handler_errors_ = handler;
    store_errors_ = store;
  }
  // Whether the follower is to end by an error that was raised here.
  bool raised_error() const { return raised_error_; }

  const Dataset& data() const { return data_; }
  const Holding& holding() const { return holding_; }
  const FeedPosition& kept_position() const { return kept_.position; }
  const Holding& kept_holding() const { return kept_.holding; }
  bool linked() const { return linked_; }
  bool in_snapshot() const { return in_snapshot_; }
  bool idle() const { return queue_.empty(); }

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override;
  absl::Status OnFlush() override;
  absl::Status OnReset() override;
  absl::Status OnSnapshotBegin() override;
  absl::Status OnSnapshotChunk(absl::string_view bytes) override;
  absl::Status OnSnapshotEnd(const FeedPosition& position) override;
  absl::Status OnSnapshotVoid() override;
  absl::Status OnHeartbeat(const Heartbeat& heartbeat,
                           const FeedPosition& position) override;
  void OnLinkUp(const LinkUp& link) override;
  void OnLinkDown(const LinkDown& link) override;

 private:
  // Something to be applied, of which the last comes behind `position`.
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
    Dataset data;  // Where the replica keeps its position itself.
  };

  bool Fails();
  void Fail(absl::string_view message);
  // Whether `generation` may be said of what is at `holding`.
  bool Fits(uint64_t generation, const Holding& holding) const;
  void CheckPosition(const FeedPosition& position, const Holding& behind);
  // What the next frame has to follow.
  const Holding& expected() const {
    return queue_.empty() ? holding_ : queue_.back().behind;
  }
  // Where it stands behind `frame`, or nothing: it must not come here.
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
  // What the follower was told last to be applied, of this history.
  uint64_t told_ = 0;
  uint64_t told_before_step_ = 0;
  // A gap was found: what is held is not to be resumed from.
  bool lost_ = false;

  bool linked_ = false;
  LinkUp link_;
  bool fresh_ = false;  // From {0, 0}, and nothing has come.
  // A heartbeat has told what the stream is of, or a snapshot was of it.
  bool history_is_told_ = false;
  bool snapshot_on_link_ = false;
  uint64_t stream_offset_ = 0;  // Where the follower is, in the stream.
  bool to_flush_ = false;       // Frames have come, and no OnFlush() since.
  bool in_snapshot_ = false;
  uint64_t told_in_snapshot_ = 0;   // The generation, by a heartbeat.
  bool snapshot_was_void_ = false;  // And the link's end is still to come.
  std::string payload_;
  std::optional<uint64_t> last_ack_;
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_MODEL_REPLICA_H_
