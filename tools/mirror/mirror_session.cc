// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/mirror_session.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/open_target.h"
#include "kevy_replica/tools/mirror/snapshot_loader.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// One shard: takes its follower's events.
class MirrorSession::Shard : public FollowerHandler {
 public:
  enum class Holding : uint8_t {
    // The target is without keys of the shard.
    // Next: kData with a new history; kEmpty with a heartbeat at offset 0.
    kNothing,
    // The same, and the record says that the shard is without writes.
    // Next: kData with a new history; kNothing with a position.
    kEmpty,
    // A history has begun: the target may hold keys of the shard.
    // Next: kNothing when the target is emptied.
    kData,
  };

  Shard(MirrorSession* session, size_t index, const OpenedTarget& opened)
      : session_(session),
        index_(index),
        position_(opened.shards[index].position) {
    if (opened.empty_first) return;
    holding_ = opened.shards[index].state == ShardRecord::State::kEmpty
                   ? Holding::kEmpty
                   : Holding::kData;
  }

  size_t index() const { return index_; }
  const FeedPosition& position() const { return position_; }
  Holding holding() const { return holding_; }
  void set_position(const FeedPosition& position) { position_ = position; }
  void set_holding(Holding holding) { holding_ = holding; }
  MirrorState::Shard& state() { return session_->state_->shards[index_]; }

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    return Checked(TakeFrames(frames, position.generation));
  }
  absl::Status OnFlush() override {
    return Checked(session_->transactions_.Commit());
  }
  absl::Status OnReset() override {
    return Checked(session_->BeginHistory(this));
  }
  absl::Status OnSnapshotBegin() override { return Checked(BeginSnapshot()); }
  absl::Status OnSnapshotChunk(absl::string_view bytes) override {
    // The chunk's commands must not get into a transaction.
    const absl::Status committed = session_->transactions_.Commit();
    return Checked(committed.ok() ? loader_->Load(bytes) : committed);
  }
  absl::Status OnSnapshotEnd(const FeedPosition& position) override {
    return Checked(EndSnapshot(position));
  }
  absl::Status OnSnapshotVoid() override {
    loader_.reset();
    return absl::OkStatus();
  }
  absl::Status OnHeartbeat(const Heartbeat& heartbeat,
                           const FeedPosition& position) override {
    return Checked(TakeHeartbeat(heartbeat, position));
  }
  void OnLinkDown(const LinkDown& link) override;

 private:
  absl::Status Checked(absl::Status status) const {
    if (!status.ok()) session_->failed();
    return status;
  }

  absl::Status TakeFrames(absl::Span<const FrameView> frames,
                          uint64_t generation);
  absl::Status BeginSnapshot();
  absl::Status EndSnapshot(const FeedPosition& position);
  absl::Status TakeHeartbeat(const Heartbeat& heartbeat,
                             const FeedPosition& position);
  absl::Status Forget();

  MirrorSession* const session_;
  const size_t index_;
  FeedPosition position_;  // In the target.
  Holding holding_ = Holding::kNothing;
  std::unique_ptr<SnapshotLoader> loader_;  // Null outside of a snapshot.
};

void MirrorSession::Shard::OnLinkDown(const LinkDown& link) {
  if (link.end == LinkEnd::kStopped) return;
  // The link's error is in link_status(), so that the session ends by it.
  if (link.resync) Checked(Forget()).IgnoreError();
  if (link.end == LinkEnd::kClosed) {
    session_->closed();
  } else {
    session_->options_.log(
        absl::StrCat(ShardField(index_), ": ", link.status.message()));
  }
}

absl::Status MirrorSession::Shard::TakeFrames(
    absl::Span<const FrameView> frames, uint64_t generation) {
  absl::Status status = session_->load_queue_.Settle();
  if (!status.ok()) return status;
  for (const FrameView& frame : frames) {
    const absl::string_view refusal = session_->filter_.Refusal(frame.argv());
    status = refusal.empty()
                 ? session_->transactions_.Add(index_, frame, generation)
                 : session_->transactions_.PassOver(index_, frame, generation,
                                                    refusal);
    if (!status.ok()) return status;
  }
  // The frames' bytes are valid until this call returns.
  return session_->link_->Send();
}

absl::Status MirrorSession::Shard::BeginSnapshot() {
  absl::Status status = session_->BeginHistory(this);
  if (!status.ok()) return status;
  loader_ = std::make_unique<SnapshotLoader>(
      index_, session_->features_, &session_->options_, session_->counters_,
      &session_->load_queue_);
  return absl::OkStatus();
}

absl::Status MirrorSession::Shard::EndSnapshot(const FeedPosition& position) {
  absl::Status status = session_->transactions_.Commit();
  if (status.ok()) status = loader_->Finish();
  if (!status.ok()) return status;
  loader_.reset();
  state().careful_until = 0;  // It belongs to the history before.
  return session_->StorePosition(this, position);
}

absl::Status MirrorSession::Shard::TakeHeartbeat(const Heartbeat& heartbeat,
                                                 const FeedPosition& position) {
  // Another shard may have left a transaction open.
  absl::Status committed = session_->transactions_.Commit();
  if (!committed.ok()) return committed;
  // With protocol 1 a shard without writes sends heartbeats alone.
  if (heartbeat.next_offset == 0 && position == FeedPosition() &&
      holding_ != Holding::kData && loader_ == nullptr) {
    if (holding_ == Holding::kEmpty) return absl::OkStatus();
    absl::Status status = session_->BeginHistory(this);
    if (!status.ok()) return status;
    holding_ = Holding::kNothing;
    return session_->StoreField(this, kEmpty);
  }
  // A heartbeat is the first to tell the generation of a new history.
  const bool moved = position.next_offset == position_.next_offset &&
                     position.generation != position_.generation &&
                     !session_->empty_first_ && loader_ == nullptr;
  return moved ? session_->StorePosition(this, position) : absl::OkStatus();
}

// After a gap the history of the held data is unknown. A mirror that is killed
// now must not resume there.
absl::Status MirrorSession::Shard::Forget() {
  session_->state_->reload = true;  // Even if the field cannot be stored.
  position_ = FeedPosition();
  return session_->StoreField(this, kLoading);
}

MirrorSession::MirrorSession(std::unique_ptr<CheckedLink> link,
                             const MirrorOptions& options,
                             const OpenedTarget& opened,
                             MirrorCounters* counters, MirrorState* state)
    : link_(std::move(link)),
      options_(options),
      counters_(counters),
      state_(state),
      features_(opened.features),
      filter_(opened.filter),
      empty_first_(opened.empty_first),
      transactions_(&options_, link_.get(), counters, state,
                    [this](size_t shard, const FeedPosition& position) {
                      Stored(shard, position);
                    }),
      load_queue_(&options_, link_.get(), counters) {
  for (size_t i = 0; i < options_.shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(this, i, opened));
  }
}

MirrorSession::~MirrorSession() = default;

absl::StatusOr<std::unique_ptr<MirrorSession>> MirrorSession::Open(
    std::unique_ptr<TargetLink> link, const MirrorOptions& options,
    MirrorCounters* counters, MirrorState* state) {
  auto checked = std::make_unique<CheckedLink>(std::move(link));
  const absl::StatusOr<OpenedTarget> opened =
      OpenTarget(options, checked.get(), counters, state);
  if (!opened.ok()) return opened.status();
  return absl::WrapUnique(
      new MirrorSession(std::move(checked), options, *opened, counters, state));
}

absl::Status MirrorSession::Finish() { return transactions_.Settle(); }

const FeedPosition& MirrorSession::position(size_t shard) const {
  return shards_[shard]->position();
}

FollowerHandler* MirrorSession::handler(size_t shard) {
  return shards_[shard].get();
}

// Reads all replies, whichever shard's they are.
absl::Status MirrorSession::Settle() {
  const absl::Status status = transactions_.Commit();
  return status.ok() ? load_queue_.Settle() : status;
}

// Makes room for a new history of a shard. Empties the target if it must be
// empty, and takes the shard's position out of the record.
absl::Status MirrorSession::BeginHistory(Shard* shard) {
  absl::Status status = Settle();
  if (!status.ok()) return status;
  shard->state().told_until = FeedPosition();
  if (!empty_first_ && shard->holding() == Shard::Holding::kData) {
    if (options_.shards > 1) {
      state_->reload = true;
      return absl::AbortedError(
          "a shard needs a new snapshot, so all must be loaded again");
    }
    empty_first_ = true;
  }
  if (empty_first_) {
    status = EmptyTarget(options_, link_.get());
    if (!status.ok()) return status;
    empty_first_ = false;
    state_->reload = false;
    for (const std::unique_ptr<Shard>& each : shards_) {
      each->set_holding(Shard::Holding::kNothing);
      each->set_position(FeedPosition());
    }
  } else if (shard->holding() == Shard::Holding::kEmpty) {
    status = StoreField(shard, kLoading);
    if (!status.ok()) return status;
  }
  shard->set_holding(Shard::Holding::kData);
  return absl::OkStatus();
}

// Writes the shard's field: a position, kLoading or kEmpty.
absl::Status MirrorSession::StoreField(Shard* shard, absl::string_view value) {
  absl::Status status = Settle();
  if (!status.ok()) return status;
  status = WriteRecordField(options_.position_key, ShardField(shard->index()),
                            value, link_.get());
  if (!status.ok()) return status;
  if (value == kEmpty) {
    shard->set_holding(Shard::Holding::kEmpty);
  } else if (shard->holding() == Shard::Holding::kEmpty) {
    shard->set_holding(Shard::Holding::kNothing);
  }
  return absl::OkStatus();
}

absl::Status MirrorSession::StorePosition(Shard* shard,
                                          const FeedPosition& position) {
  const absl::Status status = StoreField(shard, ToString(position));
  if (status.ok()) Stored(shard->index(), position);
  return status;
}

// The target holds the shard up to `position`.
void MirrorSession::Stored(size_t shard, const FeedPosition& position) {
  shards_[shard]->set_position(position);
  if (shards_[shard]->holding() == Shard::Holding::kEmpty) {
    shards_[shard]->set_holding(Shard::Holding::kNothing);
  }
  // Forget it once it is passed, since another history has such offsets too.
  uint64_t& careful_until = state_->shards[shard].careful_until;
  if (position.next_offset >= careful_until) careful_until = 0;
  applied(shard, position.next_offset);
}

}  // namespace kevy_replica
