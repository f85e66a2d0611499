// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/mirror_session.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
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
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/link_health.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/monitor.h"
#include "kevy_replica/tools/common/primary_flags.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/frame_rewriter.h"
#include "kevy_replica/tools/mirror/kind_counts.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/server_target.h"
#include "kevy_replica/tools/mirror/snapshot_loader.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

// A frame with another command.
struct ReplacedFrame {
  absl::Status Set(uint64_t offset, const std::vector<std::string>& command) {
    if (AppendFrame(offset, command, &bytes) != WireError::kNone ||
        !decoder.Decode(bytes, &view).done()) {
      return absl::InternalError("a rewritten frame cannot be read");
    }
    return absl::OkStatus();
  }

  std::string bytes;
  FrameDecoder decoder;
  FrameView view;  // Into the two above.
};

}  // namespace

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

  Shard(MirrorSession* session, size_t index)
      : session_(session),
        index_(index),
        deadlines_(session->options_.print_only ? 0
                                                : PassedDeadlines::kMaxKeys) {
    if (session->target_->empty_first()) return;
    const ShardRecord& record = session->target_->opened_shards()[index];
    position_ = record.position;
    holding_ = record.state == ShardRecord::State::kEmpty ? Holding::kEmpty
                                                          : Holding::kData;
  }

  size_t index() const { return index_; }
  const FeedPosition& position() const { return position_; }
  Holding holding() const { return holding_; }
  void set_position(const FeedPosition& position) { position_ = position; }
  void set_holding(Holding holding) { holding_ = holding; }
  PassedDeadlines& deadlines() { return deadlines_; }
  bool is_whole() const { return is_whole_; }
  void set_is_whole(bool is_whole) { is_whole_ = is_whole; }
  MirrorState::Shard& state() { return session_->state_->shards[index_]; }

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    return Checked(TakeFrames(frames, position.generation));
  }
  absl::Status OnFlush() override {
    // The follower may flush once more behind an error.
    if (!session_->status_.ok()) return session_->status_;
    return Checked(session_->target_->Commit());
  }
  absl::Status OnReset(const FeedPosition&) override {
    const absl::Status status = session_->BeginHistory(this);
    if (status.ok() && session_->state_->in_spare) {
      session_->options_.log(
          {LogLevel::kInfo, "reload",
           absl::StrCat(ShardField(index_),
                        ": its history comes without a snapshot, and counts as "
                        "loaded when a heartbeat finds it caught up")});
    }
    return Checked(status);
  }
  absl::Status OnSnapshotBegin() override {
    BeginSnapshot();
    return absl::OkStatus();
  }
  absl::Status OnSnapshotChunk(absl::string_view bytes) override {
    session_->used_since_heartbeat_ = true;
    absl::Status status = loader_->Load(bytes);
    if (status.ok()) status = session_->target_->Send();
    return Checked(status);
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
  // The primary is that of all shards.
  void OnPrimary(const Primary& primary) override {
    if (index_ == 0) session_->TakePrimary(primary);
  }
  void OnNoPrimary(const absl::Status& status) override {
    // A link that stands may outlive the nodes' answers.
    if (!links().IsUp(LinkName(index_))) {
      links().SetDown(LinkName(index_), status.message());
    }
    if (index_ != 0) return;
    session_->options_.log(
        {LogLevel::kWarning, "no_primary", std::string(status.message())});
  }
  void OnLinkUp(const LinkUp&) override { links().SetUp(LinkName(index_)); }
  absl::Status OnLinkDown(const LinkDown& link) override;

 private:
  LinkHealth& links() const { return session_->counters_->links; }

  absl::Status Checked(absl::Status status) const {
    if (status.ok()) return status;
    if (session_->status_.ok()) session_->status_ = status;
    session_->failed();
    return status;
  }

  absl::Status TakeFrames(absl::Span<const FrameView> frames,
                          uint64_t generation);
  absl::Status TakeFrame(const FrameView& frame, uint64_t generation);
  absl::Status PassOn(const FrameView& frame, const FrameView& replaced,
                      const Rewriting& rewriting, uint64_t generation);
  absl::Status Add(const FrameView& frame, uint64_t generation);
  absl::Status Reject(const FrameView& frame, uint64_t generation,
                      const Rejection& rejection);
  void BeginSnapshot();
  absl::Status EndSnapshot(const FeedPosition& position);
  absl::Status TakeHeartbeat(const Heartbeat& heartbeat,
                             const FeedPosition& position);
  absl::Status Forget();

  MirrorSession* const session_;
  const size_t index_;
  FeedPosition position_;  // In the target.
  Holding holding_ = Holding::kNothing;
  bool is_whole_ = false;  // The history has no hole up to `position_`.
  std::unique_ptr<SnapshotLoader> loader_;  // Null outside of a snapshot.
  PassedDeadlines deadlines_;
};

absl::Status MirrorSession::Shard::OnLinkDown(const LinkDown& link) {
  links().SetDown(LinkName(index_), link.status.ok()
                                        ? "the primary closed the link"
                                        : link.status.message());
  if (link.end == LinkEnd::kStopped) return absl::OkStatus();
  if (link.end == LinkEnd::kClosed) {
    session_->closed();
  } else {
    session_->options_.log(
        {LogLevel::kWarning,
         "link_down",
         absl::StrCat(ShardField(index_), ": ", link.status.message(),
                      RemedyOf(link.status)),
         {{"shard", index_}, {"cause", LinkEndName(link.end)}}});
  }
  if (!session_->status_.ok()) return session_->status_;
  return link.resync ? Checked(Forget()) : absl::OkStatus();
}

absl::Status MirrorSession::Shard::TakeFrames(
    absl::Span<const FrameView> frames, uint64_t generation) {
  session_->used_since_heartbeat_ = true;
  session_->now_ms_ = session_->options_.now_ms();
  for (const FrameView& frame : frames) {
    absl::Status status = TakeFrame(frame, generation);
    if (!status.ok()) return status;
  }
  return session_->target_->Send();
}

absl::Status MirrorSession::Shard::TakeFrame(const FrameView& frame,
                                             uint64_t generation) {
  const absl::Status applied =
      session_->ApplyDeadlines(&deadlines_, frame.offset());
  if (!applied.ok()) return applied;
  if (session_->rewriter_.IsPlain(frame.argv())) {
    static const auto* const kPlain = new Rewriting;
    return PassOn(frame, frame, *kPlain, generation);
  }
  const absl::StatusOr<Rewriting> rewriting = session_->rewriter_.Rewrite(
      frame.argv(), session_->target_->filter().table());
  if (!rewriting.ok()) return rewriting.status();
  switch (rewriting->kind) {
    case Rewriting::Kind::kNone:
      return PassOn(frame, frame, *rewriting, generation);
    case Rewriting::Kind::kReplaced: {
      ReplacedFrame replaced;
      absl::Status status = replaced.Set(frame.offset(), rewriting->argv);
      if (!status.ok()) return status;
      return PassOn(frame, replaced.view, *rewriting, generation);
    }
    case Rewriting::Kind::kDropped:
      session_->CountReason(index_, frame, *rewriting);
      return session_->target_->PassOver(index_, frame, generation);
    case Rewriting::Kind::kEmpties: {
      absl::Status status = session_->BeginHistory(this);
      if (status.ok()) {
        status =
            session_->StorePosition(this, {generation, frame.offset() + 1});
      }
      if (!status.ok()) return status;
      // The shard holds nothing, which needs no heartbeat to be whole: an
      // embedded writer sends none.
      is_whole_ = true;
      return session_->SwapIfWhole();
    }
    case Rewriting::Kind::kRejected:
      break;
  }
  return Reject(frame, generation,
                RejectionByTarget(index_, frame.offset(), frame.command(),
                                  rewriting->error));
}

// Passes `replaced` on in the place of `frame`, if the filter lets it.
absl::Status MirrorSession::Shard::PassOn(const FrameView& frame,
                                          const FrameView& replaced,
                                          const Rewriting& rewriting,
                                          uint64_t generation) {
  const CommandVerdict verdict =
      session_->target_->filter().Judge(replaced.argv());
  if (verdict.refusal.empty()) {
    session_->CountReason(index_, frame, rewriting);
    return Add(replaced, generation);
  }
  Rejection rejection;
  rejection.shard = index_;
  rejection.offset = frame.offset();
  rejection.command = frame.command();
  rejection.reply_class = verdict.reply_class;
  rejection.kind = verdict.refusal;
  rejection.text = absl::StrCat("is not passed on: ", verdict.refusal);
  return Reject(frame, generation, rejection);
}

// Adds the frame's command. Holds its deadline if that has passed.
absl::Status MirrorSession::Shard::Add(const FrameView& frame,
                                       uint64_t generation) {
  const PassedDeadlines::Taken taken =
      deadlines_.Take(frame.argv(), session_->now_ms_);
  if (taken.uncertain) {
    Rewriting rewriting;
    rewriting.reason_class = "uncertain";
    rewriting.reason =
        "its key's deadline had passed when it came: the write counts as one "
        "before the deadline, and the key expires";
    session_->CountReason(index_, frame, rewriting);
  }
  if (taken.argv.empty()) {
    return session_->target_->Add(index_, frame, generation);
  }
  ReplacedFrame held;
  absl::Status status = held.Set(frame.offset(), taken.argv);
  if (!status.ok()) return status;
  return session_->target_->Add(index_, held.view, generation);
}

absl::Status MirrorSession::Shard::Reject(const FrameView& frame,
                                          uint64_t generation,
                                          const Rejection& rejection) {
  MirrorTarget& target = *session_->target_;
  const absl::Status rejected =
      Decide(session_->options_, session_->counters_, rejection);
  if (rejected.ok()) return target.PassOver(index_, frame, generation);
  // The frames before it arrive.
  const absl::Status committed = target.Commit();
  return committed.ok() ? rejected : committed;
}

void MirrorSession::Shard::BeginSnapshot() {
  loader_ = std::make_unique<SnapshotLoader>(
      index_, session_->target_->features(), &session_->options_,
      session_->counters_, session_->target_.get(), &deadlines_,
      [this] { return session_->BeginHistory(this); });
}

absl::Status MirrorSession::Shard::EndSnapshot(const FeedPosition& position) {
  absl::Status status = loader_->Finish();
  if (!status.ok()) return status;
  loader_.reset();
  status = session_->StorePosition(this, position);
  if (!status.ok()) return status;
  is_whole_ = true;
  return session_->SwapIfWhole();
}

absl::Status MirrorSession::Shard::TakeHeartbeat(const Heartbeat& heartbeat,
                                                 const FeedPosition& position) {
  // Another shard may have left a transaction open.
  absl::Status status = session_->target_->Commit();
  if (status.ok()) status = session_->KeepAlive();
  if (!status.ok()) return status;
  // With protocol 1 a shard without writes sends heartbeats alone.
  if (heartbeat.next_offset == 0 && position == FeedPosition() &&
      holding_ != Holding::kData && loader_ == nullptr) {
    if (holding_ == Holding::kEmpty) return absl::OkStatus();
    status = session_->BeginHistory(this);
    if (!status.ok()) return status;
    status = session_->StoreField(this, kEmpty);
    if (!status.ok()) return status;
    is_whole_ = true;
    return session_->SwapIfWhole();
  }
  if (loader_ == nullptr) {
    deadlines_.TakeHeartbeat(heartbeat.next_offset,
                             session_->options_.now_ms());
    status = session_->ApplyDeadlines(&deadlines_, position.next_offset);
    if (!status.ok()) return status;
  }
  // A heartbeat is the first to tell the generation of a new history.
  const bool moved = position.next_offset == position_.next_offset &&
                     position.generation != position_.generation &&
                     !session_->target_->empty_first() && loader_ == nullptr;
  if (moved) status = session_->StorePosition(this, position);
  if (!status.ok()) return status;
  if (holding_ == Holding::kData && loader_ == nullptr &&
      position.next_offset >= heartbeat.next_offset) {
    is_whole_ = true;
  }
  return session_->SwapIfWhole();
}

// After a gap the history of the held data is unknown. A mirror that is killed
// now must not resume there.
absl::Status MirrorSession::Shard::Forget() {
  session_->state_->reload = true;  // Even if the field cannot be stored.
  position_ = FeedPosition();
  is_whole_ = false;
  // Not the mark of an emptied database: the target still holds the data.
  return session_->StoreField(this,
                              absl::StrCat(kLoading, " ", ++state().loaded));
}

MirrorSession::MirrorSession(std::unique_ptr<MirrorTarget> target,
                             const MirrorOptions& options,
                             MirrorCounters* counters, MirrorState* state)
    : target_(std::move(target)),
      options_(options),
      counters_(counters),
      state_(state),
      rewriter_(options.primary_version.value_or(kAssumedVersion),
                [this](absl::Span<const absl::string_view> argv) {
                  return target_->Read(argv);
                }) {
  for (size_t i = 0; i < options.shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(this, i));
  }
  target_->stored = [this](size_t shard, const FeedPosition& position) {
    Stored(shard, position);
  };
}

MirrorSession::~MirrorSession() = default;

std::unique_ptr<MirrorSession> MirrorSession::Create(
    std::unique_ptr<MirrorTarget> target, const MirrorOptions& options,
    MirrorCounters* counters, MirrorState* state) {
  return absl::WrapUnique(
      new MirrorSession(std::move(target), options, counters, state));
}

absl::StatusOr<std::unique_ptr<MirrorSession>> MirrorSession::Open(
    TargetConnector connect, std::shared_ptr<Interrupter> interrupter,
    const MirrorOptions& options, MirrorCounters* counters,
    MirrorState* state) {
  absl::StatusOr<std::unique_ptr<ServerTarget>> target = ServerTarget::Open(
      std::move(connect), std::move(interrupter), options, counters, state);
  if (!target.ok()) return target.status();
  return Create(*std::move(target), options, counters, state);
}

absl::Status MirrorSession::KeepAlive() {
  return std::exchange(used_since_heartbeat_, false) ? absl::OkStatus()
                                                     : target_->KeepAlive();
}

// Takes the rows of the primary's version, unless the options name one.
void MirrorSession::TakePrimary(const Primary& primary) {
  options_.log(PrimaryEvent(primary));
  if (options_.primary_version.has_value()) return;
  const std::optional<KevyVersion> version = ParseKevyVersion(primary.version);
  rewriter_.set_version(version.value_or(kAssumedVersion));
  if (version.has_value()) return;
  std::string text = "the primary does not tell its version: ";
  AppendText(kAssumedVersion, &text);
  options_.log({LogLevel::kWarning, "version_assumed",
                absl::StrCat(text, " is assumed (--primary_version)")});
}

// Counts a command that is dropped or uncertain, and tells the first of a kind.
void MirrorSession::CountReason(size_t shard, const FrameView& frame,
                                const Rewriting& rewriting) {
  if (rewriting.reason.empty()) return;
  const bool dropped = rewriting.kind == Rewriting::Kind::kDropped;
  KindCounts& counts = dropped ? counters_->passed_over : counters_->uncertain;
  if (counts.Count(rewriting.reason_class, frame.argv()[0], rewriting.reason)) {
    options_.log(
        {LogLevel::kWarning,
         dropped ? "passed_over" : "uncertain",
         absl::StrCat(ShardField(shard), ": the command at offset ",
                      frame.offset(), ", ", CommandExcerpt(frame.command()),
                      ", ", dropped ? "is passed over: " : "may differ here: ",
                      rewriting.reason),
         {{"shard", shard},
          {"offset", frame.offset()},
          {"class", rewriting.reason_class}}});
  }
}

// Gives the target the true deadlines that are due in front of `offset`.
absl::Status MirrorSession::ApplyDeadlines(PassedDeadlines* deadlines,
                                           uint64_t offset) {
  if (!deadlines->HasDue(offset)) return absl::OkStatus();
  absl::Status status = target_->Commit();
  const std::vector<PassedDeadlines::Held> due = deadlines->TakeDue(offset);
  // Before Redis 7.0 the keys stay for the grace.
  if (!status.ok() ||
      target_->filter().table().Find("pexpiretime") == nullptr) {
    return status;
  }
  return target_->ApplyDeadlines(due);
}

absl::Status MirrorSession::Finish() {
  return status_.ok() ? target_->End() : status_;
}

const FeedPosition& MirrorSession::position(size_t shard) const {
  return shards_[shard]->position();
}

FollowerHandler* MirrorSession::handler(size_t shard) {
  return shards_[shard].get();
}

// Makes room for a new history of a shard. Empties the target if it must be
// empty, and takes the shard's position out of the record.
absl::Status MirrorSession::BeginHistory(Shard* shard) {
  absl::Status status = target_->Commit();
  if (!status.ok()) return status;
  bool empty_first = target_->empty_first();
  if (!empty_first && shard->holding() == Shard::Holding::kData) {
    if (options_.shards > 1) {
      state_->reload = true;
      return absl::AbortedError(
          "a shard needs a new snapshot, so all must be loaded again");
    }
    empty_first = true;
  }
  if (empty_first) {
    status = EmptyDatabase();
    if (!status.ok()) return status;
  } else if (shard->holding() == Shard::Holding::kEmpty) {
    status = StoreField(shard, kLoading);
    if (!status.ok()) return status;
  }
  shard->set_holding(Shard::Holding::kData);
  shard->set_is_whole(false);
  return absl::OkStatus();
}

// Empties the target for new histories of all shards.
absl::Status MirrorSession::EmptyDatabase() {
  const absl::Status status = target_->Empty();
  if (!status.ok()) return status;
  for (const std::unique_ptr<Shard>& each : shards_) {
    each->set_holding(Shard::Holding::kNothing);
    each->set_is_whole(false);
    each->set_position(FeedPosition());
    each->deadlines().Clear();
  }
  return absl::OkStatus();
}

// Swaps the databases, if the spare one holds each shard as a whole.
absl::Status MirrorSession::SwapIfWhole() {
  if (!state_->in_spare ||
      !absl::c_all_of(shards_, [](const std::unique_ptr<Shard>& shard) {
        return shard->is_whole();
      })) {
    return absl::OkStatus();
  }
  const absl::Status status = target_->Commit();
  return status.ok() ? target_->Swap() : status;
}

// Writes the shard's field: kLoading or kEmpty.
absl::Status MirrorSession::StoreField(Shard* shard, absl::string_view value) {
  absl::Status status = target_->Commit();
  if (status.ok()) status = target_->StoreField(shard->index(), value);
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
  const absl::Status status = target_->Commit();
  return status.ok() ? target_->StorePosition(shard->index(), position)
                     : status;
}

// The target holds the shard up to `position`.
void MirrorSession::Stored(size_t shard, const FeedPosition& position) {
  shards_[shard]->set_position(position);
  if (shards_[shard]->holding() == Shard::Holding::kEmpty) {
    shards_[shard]->set_holding(Shard::Holding::kNothing);
  }
  applied(shard, position.next_offset);
}

}  // namespace kevy_replica
