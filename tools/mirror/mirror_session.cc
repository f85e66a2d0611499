// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/mirror_session.h"

#include <algorithm>
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
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/link_health.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/monitor.h"
#include "kevy_replica/tools/common/primary_flags.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/frame_rewriter.h"
#include "kevy_replica/tools/mirror/kind_counts.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/open_target.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/snapshot_loader.h"
#include "kevy_replica/tools/mirror/swap_database.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/mirror/transactions.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMostBackoff = absl::Seconds(5);

constexpr absl::string_view kRecordGone =
    "it came back empty, or the key was evicted or deleted";

// Keys that are asked for in one go.
constexpr size_t kKeysAtOnce = 1000;

// "shard-0 at 7:39, shard-1 at 8:2": the positions in the target, as far as the
// mirror knows. Empty: none.
std::string HeldPositions(const MirrorState& state) {
  std::string text;
  for (size_t i = 0; i < state.shards.size(); ++i) {
    const std::string& stored = state.shards[i].stored;
    if (!ParseFeedPosition(stored).has_value()) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", ShardField(i), " at ",
                    stored);
  }
  return text;
}

// The end of a session whose target has lost the record. kAborted: load all.
absl::Status LostTarget(const MirrorOptions& options, MirrorState* state,
                        absl::string_view change) {
  // An unfinished copy in the spare database holds none.
  const std::string held = state->in_spare ? "" : HeldPositions(*state);
  const std::string text = absl::StrCat(
      "the target has lost the mirror's record",
      held.empty() ? "" : absl::StrCat(", which held ", held), ": ", change);
  if (held.empty() || options.on_lost_target == OnLostTarget::kReload) {
    state->reload = true;
    return absl::AbortedError(absl::StrCat(text, "; all is loaded again"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      text,
      "; nothing was written: start the mirror again to load everything, or "
      "give --on_lost_target=reload"));
}

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

  Shard(MirrorSession* session, size_t index, const OpenedTarget& opened)
      : session_(session),
        index_(index),
        deadlines_(session->options_.print_only ? 0
                                                : PassedDeadlines::kMaxKeys) {
    if (opened.empty_first) return;
    position_ = opened.shards[index].position;
    holding_ = opened.shards[index].state == ShardRecord::State::kEmpty
                   ? Holding::kEmpty
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
    return Checked(session_->transactions_.Commit());
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
    if (status.ok()) status = session_->transactions_.Send();
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
  return session_->transactions_.Send();
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
  const absl::StatusOr<Rewriting> rewriting =
      session_->rewriter_.Rewrite(frame.argv(), session_->filter_->table());
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
      return session_->transactions_.PassOver(index_, frame, generation);
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
  const CommandVerdict verdict = session_->filter_->Judge(replaced.argv());
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
    return session_->transactions_.Add(index_, frame, generation);
  }
  ReplacedFrame held;
  absl::Status status = held.Set(frame.offset(), taken.argv);
  if (!status.ok()) return status;
  return session_->transactions_.Add(index_, held.view, generation);
}

absl::Status MirrorSession::Shard::Reject(const FrameView& frame,
                                          uint64_t generation,
                                          const Rejection& rejection) {
  Transactions& transactions = session_->transactions_;
  const absl::Status rejected =
      Decide(session_->options_, session_->counters_, rejection);
  if (rejected.ok()) return transactions.PassOver(index_, frame, generation);
  // The frames before it arrive.
  const absl::Status committed = transactions.Commit();
  return committed.ok() ? rejected : committed;
}

void MirrorSession::Shard::BeginSnapshot() {
  loader_ = std::make_unique<SnapshotLoader>(
      index_, session_->features_, &session_->options_, session_->counters_,
      &session_->transactions_, &deadlines_,
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
  absl::Status status = session_->transactions_.Commit();
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
                     !session_->empty_first_ && loader_ == nullptr;
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

MirrorSession::MirrorSession(TargetConnector connect,
                             std::shared_ptr<Interrupter> interrupter,
                             std::unique_ptr<CheckedLink> link,
                             const MirrorOptions& options, OpenedTarget opened,
                             MirrorCounters* counters, MirrorState* state)
    : connect_(std::move(connect)),
      interrupter_(std::move(interrupter)),
      link_(std::move(link)),
      options_(options),
      counters_(counters),
      state_(state),
      features_(opened.features),
      rewriter_(options.primary_version.value_or(kAssumedVersion),
                [this](absl::Span<const absl::string_view> argv) {
                  return Read(argv);
                }),
      empty_first_(opened.empty_first),
      transactions_(
          &options_, link_.get(), counters, state,
          [this](const absl::Status& status) { return Reconnect(status); },
          [this](size_t shard, const FeedPosition& position) {
            Stored(shard, position);
          }) {
  state_->shards.resize(options.shards);
  for (size_t i = 0; i < options.shards; ++i) {
    MirrorState::Shard& shard = state_->shards[i];
    shard.stored = shard.sent = opened.shards[i].text;
    shard.loaded = std::max(shard.loaded, opened.shards[i].loaded);
    shards_.push_back(std::make_unique<Shard>(this, i, opened));
  }
  filter_.emplace(std::move(opened.filter));
}

MirrorSession::~MirrorSession() = default;

absl::StatusOr<std::unique_ptr<MirrorSession>> MirrorSession::Open(
    TargetConnector connect, std::shared_ptr<Interrupter> interrupter,
    const MirrorOptions& options, MirrorCounters* counters,
    MirrorState* state) {
  ++counters->target_connects;
  // The positions of a reload that is not whole do not count.
  if (std::exchange(state->in_spare, false)) {
    absl::c_fill(state->shards, MirrorState::Shard());
  }
  absl::StatusOr<std::unique_ptr<TargetLink>> link = connect();
  if (!link.ok()) return link.status();
  auto checked = std::make_unique<CheckedLink>(*std::move(link));
  absl::StatusOr<OpenedTarget> opened =
      OpenTarget(options, checked.get(), state);
  if (!opened.ok()) return opened.status();
  // An earlier session of this process may have held a position.
  if (!opened->has_record && !state->reload && !HeldPositions(*state).empty()) {
    return LostTarget(options, state, kRecordGone);
  }
  counters->links.SetUp(kTargetLink);
  if (opened->is_untold && state->shards.empty()) {
    ++counters->untold;
    options.log({LogLevel::kWarning, "untold_end",
                 absl::StrCat("the mirror before ended without the replies to "
                              "its last commands, up to ",
                              options.max_batch,
                              " in front of the stored position: rejections "
                              "there are not counted")});
  }
  return absl::WrapUnique(new MirrorSession(
      std::move(connect), std::move(interrupter), std::move(checked), options,
      *std::move(opened), counters, state));
}

// Connects to the target again, until it works. Returns the shards' fields of
// the record. Errors: kCancelled; kAborted, the record is not this session's
// any more; OpenTarget()'s others.
absl::StatusOr<std::vector<std::string>> MirrorSession::Reconnect(
    absl::Status status) {
  while (IsTemporary(status)) {
    counters_->links.SetDown(kTargetLink, status.message());
    counters_->CountWait(status);
    options_.log({LogLevel::kWarning, "target_down",
                  absl::StrCat(status.message(), "; trying again",
                               backoff_ == absl::ZeroDuration()
                                   ? ""
                                   : absl::StrCat(" in ", absl::FormatDuration(
                                                              backoff_)))});
    if (interrupter_->Sleep(backoff_)) {
      return absl::CancelledError("interrupted");
    }
    backoff_ = std::clamp(2 * backoff_, kFirstBackoff, kMostBackoff);
    ++counters_->target_connects;
    absl::StatusOr<std::unique_ptr<TargetLink>> link = connect_();
    status = link.status();
    if (!status.ok()) continue;
    link_->Replace(*std::move(link));
    absl::StatusOr<OpenedTarget> opened =
        OpenTarget(options_, link_.get(), state_);
    if (opened.ok()) {
      auto fields = TakeOpened(*std::move(opened));
      if (fields.ok()) return fields;
      status = fields.status();
      break;
    }
    status = opened.status();
  }
  // The follower may flush once more. The target must not get it.
  return link_->Fail(std::move(status));
}

absl::StatusOr<std::vector<std::string>> MirrorSession::TakeOpened(
    OpenedTarget opened) {
  counters_->links.SetUp(kTargetLink);
  features_ = opened.features;
  filter_.emplace(std::move(opened.filter));
  std::vector<std::string> fields;
  for (const ShardRecord& shard : opened.shards) fields.push_back(shard.text);
  // Until then nothing of the target counts.
  const absl::Status status =
      empty_first_ ? absl::OkStatus() : CheckRecord(opened);
  if (!status.ok()) return status;
  return fields;
}

// Compares the record with the memory of this session.
absl::Status MirrorSession::CheckRecord(const OpenedTarget& opened) const {
  if (!opened.has_record) return LostTarget(options_, state_, kRecordGone);
  for (size_t i = 0; i < opened.shards.size(); ++i) {
    const ShardRecord& record = opened.shards[i];
    const MirrorState::Shard& shard = state_->shards[i];
    if (record.text == shard.stored || record.text == shard.sent) continue;
    if (record.state == ShardRecord::State::kLoading) {
      return LostTarget(options_, state_,
                        absl::StrCat(ShardField(i), " has ",
                                     Escaped(record.text), " instead"));
    }
    const std::optional<FeedPosition> held = ParseFeedPosition(shard.stored);
    const bool is_older = held.has_value() &&
                          held->generation == record.position.generation &&
                          held->next_offset > record.position.next_offset;
    return absl::AbortedError(absl::StrCat(
        is_older ? "the target has gone back, as after a failover to a replica "
                   "that lagged: "
                 : "another mirror has written to the target: ",
        ShardField(i), " has ", Escaped(record.text), " instead of ",
        Escaped(shard.stored), "; the mirror goes on from there"));
  }
  return absl::OkStatus();
}

// A target may close a silent connection.
absl::Status MirrorSession::KeepAlive() {
  if (std::exchange(used_since_heartbeat_, false)) return absl::OkStatus();
  return transactions_.Retry([this] { return link_->Ask({"PING"}).status(); });
}

// Asks the target behind all frames before. Error replies are replies.
absl::StatusOr<TargetReply> MirrorSession::Read(
    absl::Span<const absl::string_view> argv) {
  absl::Status status = transactions_.Commit();
  if (!status.ok()) return status;
  TargetReply answer;
  status = transactions_.Retry([&] {
    link_->Add(argv);
    absl::Status sent = link_->Send();
    if (!sent.ok()) return sent;
    absl::StatusOr<TargetReply> reply =
        link_->ReceiveAnswer(ReplyDetail::kWhole);
    if (!reply.ok()) return reply.status();
    answer = *std::move(reply);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return answer;
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
  absl::Status status = transactions_.Commit();
  const std::vector<PassedDeadlines::Held> due = deadlines->TakeDue(offset);
  // Before Redis 7.0 the keys stay for the grace.
  if (filter_->table().Find("pexpiretime") == nullptr) return status;
  for (size_t i = 0; status.ok() && i < due.size(); i += kKeysAtOnce) {
    status = transactions_.Retry([&] {
      return ApplyDeadlines(absl::MakeSpan(due).subspan(i, kKeysAtOnce));
    });
  }
  return status;
}

// A key that has another deadline than the held one, or none, stays. So does
// one whose command the target refuses: the grace remains.
absl::Status MirrorSession::ApplyDeadlines(
    absl::Span<const PassedDeadlines::Held> held) {
  for (const PassedDeadlines::Held& one : held) {
    link_->Add({"PEXPIRETIME", one.key});
  }
  absl::Status status = link_->Send();
  if (!status.ok()) return status;
  for (const PassedDeadlines::Held& one : held) {
    const absl::StatusOr<TargetReply> reply =
        link_->ReceiveAnswer(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
    if (reply->type == TargetReply::Type::kInteger &&
        reply->integer == static_cast<int64_t>(one.until_ms)) {
      link_->Add({"PEXPIREAT", one.key, absl::StrCat(one.deadline_ms)});
    }
  }
  status = link_->Send();
  while (status.ok() && link_->outstanding() > 0) {
    status = link_->ReceiveAnswer(ReplyDetail::kBrief).status();
  }
  return status;
}

absl::Status MirrorSession::Finish() {
  if (!status_.ok()) return status_;
  if (options_.print_only) return transactions_.Settle();
  absl::Status status = transactions_.End();
  if (status.ok()) Tell();
  return status;
}

// Notes in the selected database's record that all replies have come. A loss of
// the note costs a message at the next start.
void MirrorSession::Tell() {
  const absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord(options_.position_key, options_.shards, link_.get());
  // A record that is gone must not come back as this field alone.
  if (!record.ok() || !record->exists) return;
  WriteRecordField(options_.position_key, kToldField, record->shard_texts(),
                   link_.get())
      .IgnoreError();
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
  absl::Status status = transactions_.Commit();
  if (!status.ok()) return status;
  if (!empty_first_ && shard->holding() == Shard::Holding::kData) {
    if (options_.shards > 1) {
      state_->reload = true;
      return absl::AbortedError(
          "a shard needs a new snapshot, so all must be loaded again");
    }
    empty_first_ = true;
  }
  if (empty_first_) {
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

// Empties the database for new histories of all shards: the readers', or the
// spare one.
absl::Status MirrorSession::EmptyDatabase() {
  const bool swap = options_.swap_database.has_value();
  // A mirror that ends before the swap goes on from the readers' record.
  if (swap && !state_->in_spare) Tell();
  absl::Status status = transactions_.Retry([this, swap] {
    if (swap) {
      absl::Status entered = EnterSpare(options_, link_.get(), state_);
      if (!entered.ok()) return entered;
    }
    return EmptyTarget(options_, swap, link_.get());
  });
  if (!status.ok()) return status;
  empty_first_ = false;
  state_->reload = false;
  for (const std::unique_ptr<Shard>& each : shards_) {
    each->set_holding(Shard::Holding::kNothing);
    each->set_is_whole(false);
    each->set_position(FeedPosition());
    each->deadlines().Clear();
    each->state().stored = each->state().sent = std::string(kLoading);
  }
  if (swap) {
    options_.log(
        {LogLevel::kInfo, "reload",
         absl::StrCat("loading into database ", *options_.swap_database,
                      "; database ", options_.database,
                      " keeps its data until all is loaded")});
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
  absl::Status status = transactions_.Commit();
  if (!status.ok()) return status;
  status = transactions_.Retry(
      [this] { return SwapDatabases(options_, link_.get(), state_); });
  if (!status.ok()) return status;
  options_.log({LogLevel::kInfo, "swapped",
                absl::StrCat("all is loaded: databases ", options_.database,
                             " and ", *options_.swap_database,
                             " are swapped, and the old data is deleted")});
  return absl::OkStatus();
}

// Writes the shard's field: a position, kLoading or kEmpty.
absl::Status MirrorSession::StoreField(Shard* shard, absl::string_view value) {
  absl::Status status = transactions_.Commit();
  if (!status.ok()) return status;
  shard->state().sent = std::string(value);
  status = transactions_.Retry([&] {
    return WriteShardField(options_.position_key, shard->index(), value,
                           link_.get());
  });
  if (!status.ok()) return status;
  shard->state().stored = std::string(value);
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
  backoff_ = absl::ZeroDuration();
  applied(shard, position.next_offset);
}

}  // namespace kevy_replica
