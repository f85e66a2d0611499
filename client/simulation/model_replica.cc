// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/model_replica.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/simulation/dataset.h"
#include "kevy_replica/client/simulation/history.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"

namespace kevy_replica {
namespace simulation {
namespace {

constexpr FeedPosition kNowhere = {0, 0};

}  // namespace

std::string ToString(const Holding& holding) {
  switch (holding.kind) {
    case Holding::Kind::kNothing:
      return "nothing";
    case Holding::Kind::kEmpty:
      return "empty";
    case Holding::Kind::kAt:
      return ToString(holding.mark);
    case Holding::Kind::kMixed:
      return absl::StrCat(ToString(holding.mark), " mixed with ",
                          holding.claimed);
  }
  return "?";
}

ModelReplica::ModelReplica(ReplicaOptions options, const Histories* histories,
                           Random random, Record* record,
                           std::function<bool()> may_fail)
    : options_(options),
      histories_(histories),
      random_(random),
      record_(record),
      may_fail_(std::move(may_fail)) {}

FeedPosition ModelReplica::Begin(std::function<void(uint64_t)> applied) {
  applied_ = std::move(applied);
  queue_.clear();
  told_ = told_before_step_ = 0;
  last_ack_.reset();
  raised_error_ = linked_ = in_snapshot_ = fresh_ = false;
  snapshot_was_void_ = to_flush_ = false;
  holding_ = kept_.holding;
  lost_ = kept_.position == kNowhere;
  if (options_.keeps_position) {
    data_ = kept_.data;
  } else if (holding_.kind == Holding::Kind::kAt) {
    data_ = (*histories_)[holding_.mark.history].StateAt(holding_.mark.offset);
  }  // Otherwise the data may stay: it must be dropped before it counts.
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("the replica begins at ",
                                kevy_replica::ToString(kept_.position), ", ",
                                ToString(holding_)));
  }
  return kept_.position;
}

absl::Status ModelReplica::Store(const FeedPosition& position) {
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("store ", kevy_replica::ToString(position),
                                " while holding ", ToString(holding_)));
  }
  if (options_.keeps_position) return absl::OkStatus();
  if (store_errors_ > 0 && random_.OneIn(store_errors_) && may_fail_()) {
    record_->Count(Happening::kStoreError);
    raised_error_ = true;
    return absl::InternalError("the store fails");
  }
  if (position == kNowhere) {
    kept_.position = position;
    kept_.holding = Holding();
    return absl::OkStatus();
  }
  if (lost_) {
    Fail(absl::StrCat("a position was stored after a gap: ",
                      kevy_replica::ToString(position)));
  }
  const uint64_t held = holding_.next_offset();
  if (position.next_offset > held ||
      (options_.applied_on_return && position.next_offset != held) ||
      holding_.kind == Holding::Kind::kNothing) {
    Fail(absl::StrCat("stored ", kevy_replica::ToString(position),
                      ", but the applied data is ", ToString(holding_)));
  }
  if (!Fits(position.generation, holding_)) {
    Fail(absl::StrCat(
        "stored with the wrong generation: ", kevy_replica::ToString(position),
        " for ", ToString(holding_)));
  }
  kept_.position = position;
  kept_.holding = holding_;
  kept_.holding.mark.offset = position.next_offset;
  return absl::OkStatus();
}

void ModelReplica::Work(size_t n) {
  if (queue_.empty() || n == 0) return;
  for (; n > 0 && !queue_.empty(); --n) {
    const Task work = std::move(queue_.front());
    queue_.pop_front();
    switch (work.kind) {
      case Task::Kind::kFrame:
        Apply(work.frame.view(), work.behind, work.position);
        break;
      case Task::Kind::kReset:
        ApplyReset();
        break;
      case Task::Kind::kSnapshot:
        ApplySnapshot(work.snapshot, work.behind, work.position);
        break;
    }
  }
  Tell();
}

void ModelReplica::Tell() {
  if (!linked_) record_->Count(Happening::kAppliedLate);
  told_ = holding_.next_offset();
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("applied: ", ToString(holding_)));
  }
  applied_(holding_.next_offset());
}

void ModelReplica::CheckAck(uint64_t next_offset) {
  record_->Count(Happening::kAckChecked);
  const std::string ack = absl::StrCat("acknowledged ", next_offset);
  // After a failed store, OnLinkUp() may be left out.
  if (!linked_ && !raised_error_) Fail(absl::StrCat(ack, " without a link"));
  if (in_snapshot_ || Waits(Task::Kind::kSnapshot)) {
    Fail(absl::StrCat(ack, " while a snapshot replaces the applied data"));
  }
  const uint64_t applied = fresh_ || lost_ || Waits(Task::Kind::kReset)
                               ? uint64_t{0}
                               : holding_.next_offset();
  if (next_offset > applied) {
    Fail(absl::StrCat(ack, ", but the applied data is ", ToString(holding_)));
  }
  if (next_offset < last_ack_.value_or(0)) {
    Fail(absl::StrCat(ack, " after ", *last_ack_));
  }
  last_ack_ = next_offset;
}

void ModelReplica::CheckStopped(const FeedPosition& applied) {
  CheckFlushed();
  if (linked_ || in_snapshot_) Fail("stopped without the link's end");
  if (options_.keeps_position) return;
  if (kept_.position != applied) {
    Fail(absl::StrCat("stopped at ", kevy_replica::ToString(applied),
                      ", but stored is ",
                      kevy_replica::ToString(kept_.position)));
  }
  if (options_.applied_on_return && applied != kNowhere &&
      applied.next_offset != holding_.next_offset()) {
    Fail(absl::StrCat("stopped at ", kevy_replica::ToString(applied),
                      ", but the applied data is ", ToString(holding_)));
  }
}

absl::Status ModelReplica::OnFrames(absl::Span<const FrameView> frames,
                                    const FeedPosition& position) {
  if (frames.empty()) Fail("no frames");
  if (record_->failed()) return absl::OkStatus();
  const uint64_t first = frames.front().offset();
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("frames ", first, " to ",
                                frames.back().offset(), ", ",
                                frames.front().argv().back(), ", behind them ",
                                kevy_replica::ToString(position)));
  }
  to_flush_ = true;
  if (!linked_) Fail("frames without a link");
  if (in_snapshot_) Fail("frames inside a snapshot");
  if (fresh_) Fail("frames from {0, 0} on without OnReset()");
  if (first < stream_offset_) {
    Fail(absl::StrCat("frame ", first, " again, after ", stream_offset_));
  }
  if (first < told_before_step_) {
    Fail(absl::StrCat("frame ", first,
                      " again, although the follower was told "
                      "that all below ",
                      told_before_step_, " is applied"));
  }
  if (!options_.applied_on_return && !Waits(Task::Kind::kSnapshot)) {
    Work(random_.Below(3));
  }
  size_t kept = frames.size();
  const bool fails = Fails();
  if (fails) {
    kept = options_.keeps_position && options_.applied_on_return
               ? random_.Below(frames.size() + 1)
               : 0;
  }
  const uint64_t generation = position.generation;
  for (size_t i = 0; i < kept; ++i) {
    const FrameView& frame = frames[i];
    stream_offset_ = frame.offset() + 1;
    if (frame.offset() != first + i) Fail("frames that do not follow");
    const Holding before = expected();
    if (!options_.applied_on_return && before.kind != Holding::Kind::kEmpty &&
        frame.offset() < before.next_offset()) {
      record_->Count(Happening::kGivenAgain);
      continue;
    }
    const std::optional<Holding> behind = Behind(frame, before);
    if (!behind.has_value()) return absl::OkStatus();
    const FeedPosition here = {generation, frame.offset() + 1};
    if (options_.applied_on_return) {
      Apply(frame, *behind, here);
    } else {
      queue_.push_back(
          {Task::Kind::kFrame, OwnedFrame(frame), {}, *behind, here});
    }
  }
  if (fails) return absl::InternalError("the handler fails");
  CheckPosition(position, expected());
  return absl::OkStatus();
}

absl::Status ModelReplica::OnFlush() {
  if (!to_flush_) Fail("OnFlush() without frames");
  to_flush_ = false;
  if (Fails()) return absl::InternalError("the handler fails");
  // Apply all, as a handler that gathers frames does, or less, as if another
  // thread were slow.
  if (!options_.applied_on_return && random_.OneIn(2)) Work(queue_.size());
  return absl::OkStatus();
}

absl::Status ModelReplica::OnReset(const FeedPosition&) {
  record_->Count(Happening::kHistoryReset);
  CheckFlushed();
  if (!linked_ || in_snapshot_) Fail("OnReset() out of place");
  if (!fresh_) Fail("OnReset() over held data");
  if (!options_.keeps_position && kept_.position != kNowhere) {
    Fail("OnReset() before {0, 0} is stored");
  }
  lost_ = true;
  if (Fails()) return absl::InternalError("the handler fails");
  fresh_ = lost_ = false;
  stream_offset_ = told_ = told_before_step_ = 0;
  queue_.clear();
  if (options_.applied_on_return) {
    ApplyReset();
  } else {
    Task work;
    work.kind = Task::Kind::kReset;
    work.behind.kind = Holding::Kind::kEmpty;
    queue_.push_back(std::move(work));
  }
  return absl::OkStatus();
}

absl::Status ModelReplica::OnSnapshotBegin() {
  if (record_->tracing()) record_->Trace("snapshot begins");
  CheckFlushed();
  if (!linked_ || in_snapshot_) Fail("OnSnapshotBegin() out of place");
  if (options_.snapshot_in_place && !options_.keeps_position &&
      kept_.position != kNowhere) {
    Fail("a snapshot in place before {0, 0} is stored");
  }
  in_snapshot_ = true;
  fresh_ = false;
  told_in_snapshot_ = 0;
  payload_.clear();
  last_ack_.reset();
  // The reset was not applied, so the data still does not count.
  if (Waits(Task::Kind::kReset)) lost_ = true;
  queue_.clear();
  if (options_.snapshot_in_place) {
    lost_ = true;
    data_ = Dataset();
    Hold(Holding::Kind::kNothing);
    if (options_.keeps_position) Keep(kNowhere);
  }
  return Fails() ? absl::InternalError("the handler fails") : absl::OkStatus();
}

absl::Status ModelReplica::OnSnapshotChunk(absl::string_view bytes) {
  if (!in_snapshot_) Fail("OnSnapshotChunk() out of place");
  if (Fails()) return absl::InternalError("the handler fails");
  payload_.append(bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::Status ModelReplica::OnSnapshotEnd(const FeedPosition& position) {
  record_->Count(Happening::kSnapshotTaken);
  if (!in_snapshot_) Fail("OnSnapshotEnd() out of place");
  Holding behind;
  behind.kind = Holding::Kind::kAt;
  Dataset data;
  if (!ParseSnapshotPayload(payload_, &behind.mark, &data)) {
    Fail("a snapshot is torn");
    return absl::OkStatus();
  }
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("snapshot ends at ", ToString(behind.mark),
                                ", ", kevy_replica::ToString(position)));
  }
  if (data.hash() !=
      (*histories_)[behind.mark.history].HashAt(behind.mark.offset)) {
    Fail("a snapshot differs from the sent one");
  }
  in_snapshot_ = false;
  // The snapshot may belong to another history than the stored offset.
  if (!options_.keeps_position && kept_.position.generation == 0 &&
      kept_.position != kNowhere) {
    Fail(absl::StrCat(kevy_replica::ToString(kept_.position),
                      " is still stored behind a snapshot"));
  }
  if (Fails()) return absl::InternalError("the handler fails");
  if (told_in_snapshot_ != 0 && position.generation == 0) {
    Fail("the generation of a heartbeat inside the snapshot was ignored");
  }
  lost_ = false;
  history_is_told_ = snapshot_on_link_ = true;
  stream_offset_ = behind.mark.offset;
  told_ = told_before_step_ = 0;
  if (options_.applied_on_return) {
    ApplySnapshot(std::move(data), behind, position);
  } else {
    // Late offsets of the replaced data must not count.
    if (holding_.next_offset() < behind.next_offset()) {
      applied_(holding_.next_offset());
    }
    queue_.push_back({Task::Kind::kSnapshot, OwnedFrame(), std::move(data),
                      behind, position});
  }
  CheckPosition(position, behind);
  return absl::OkStatus();
}

absl::Status ModelReplica::OnSnapshotVoid() {
  record_->Count(Happening::kSnapshotVoid);
  CheckFlushed();
  // After a failed store, OnSnapshotBegin() may have been left out.
  if (Waits(Task::Kind::kSnapshot)) {
    // The snapshot arrived whole, but was not applied in time. Another thread
    // reports it as applied now: that must not count.
    applied_(queue_.back().behind.next_offset());
    queue_.clear();
  } else if (!in_snapshot_ && !raised_error_) {
    Fail("OnSnapshotVoid() out of place");
  }
  snapshot_was_void_ = in_snapshot_;
  in_snapshot_ = false;
  return absl::OkStatus();
}

absl::Status ModelReplica::OnHeartbeat(const Heartbeat& heartbeat,
                                       const FeedPosition& position) {
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("heartbeat ", heartbeat.generation, " ",
                                heartbeat.next_offset, ", position ",
                                kevy_replica::ToString(position)));
  }
  CheckFlushed();
  if (!linked_) Fail("a heartbeat without a link");
  if (Fails()) return absl::InternalError("the handler fails");
  if (in_snapshot_) {
    told_in_snapshot_ = heartbeat.generation;
    return absl::OkStatus();
  }
  if (fresh_) {
    if (position != kNowhere) Fail("a position without held data");
    return absl::OkStatus();
  }
  if (!options_.applied_on_return && !Waits(Task::Kind::kSnapshot)) {
    Work(random_.Below(3));
  }
  // The position may skip frames that were applied without a link.
  if (position.next_offset < stream_offset_ ||
      position.next_offset > std::max(stream_offset_, told_)) {
    Fail(absl::StrCat("the position moved from ", stream_offset_, " to ",
                      position.next_offset));
  }
  stream_offset_ = position.next_offset;
  if (!Fits(position.generation, expected())) {
    Fail(absl::StrCat("a heartbeat told the generation ", position.generation,
                      " for ", ToString(expected())));
  }
  if (heartbeat.generation != 0) {
    history_is_told_ = true;
    // With protocol 2 a due snapshot may still follow.
    if (position.generation == 0 &&
        (snapshot_on_link_ || link_.answer.protocol == Protocol::kV1)) {
      Fail("a heartbeat told a generation that stays unknown");
    }
  }
  if (position.generation == 0) return absl::OkStatus();
  for (Task& work : queue_) work.position.generation = position.generation;
  if (options_.keeps_position && !Waits(Task::Kind::kSnapshot) &&
      !Waits(Task::Kind::kReset) && kept_.position != kNowhere) {
    kept_.position.generation = position.generation;
  }
  return absl::OkStatus();
}

void ModelReplica::OnLinkUp(const LinkUp& link) {
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("link up from ",
                                kevy_replica::ToString(link.from), " holding ",
                                ToString(holding_)));
  }
  CheckFlushed();
  if (linked_ || in_snapshot_) Fail("OnLinkUp() out of place");
  linked_ = true;
  link_ = link;
  fresh_ = link.from == kNowhere;
  history_is_told_ = snapshot_on_link_ = false;
  stream_offset_ = link.from.next_offset;
  last_ack_.reset();
  if (fresh_) {
    ++fresh_links_;
    if (options_.applied_on_return && !lost_ && holding_.next_offset() > 0) {
      Fail(absl::StrCat("started over from {0, 0} while holding ",
                        ToString(holding_)));
    }
    return;
  }
  if (lost_) {
    Fail(absl::StrCat("resumed from ", kevy_replica::ToString(link.from),
                      " without held data"));
  }
  const uint64_t held = holding_.next_offset();
  if (link.from.next_offset > held ||
      (options_.applied_on_return && link.from.next_offset != held)) {
    Fail(absl::StrCat("resumed from ", kevy_replica::ToString(link.from),
                      " while holding ", ToString(holding_)));
  }
  Holding claimed = holding_;
  if (claimed.kind == Holding::Kind::kMixed) {
    claimed.kind = Holding::Kind::kAt;
    claimed.mark.history = claimed.claimed;
  }
  if (!Fits(link.from.generation, claimed)) {
    Fail(absl::StrCat("resumed with the wrong generation: ",
                      kevy_replica::ToString(link.from), " for ",
                      ToString(holding_)));
  }
}

absl::Status ModelReplica::OnLinkDown(const LinkDown& link) {
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("link down, attempt ", link.attempt, ": ",
                                link.status.ToString()));
  }
  record_->Count(static_cast<Happening>(static_cast<int>(Happening::kClosed) +
                                        static_cast<int>(link.end)));
  CheckFlushed();
  if (in_snapshot_)
    Fail("a link ended inside a snapshot without OnSnapshotVoid()");
  // After a failed store, the next event is not delivered.
  if (Waits(Task::Kind::kSnapshot) && !raised_error_) {
    Fail(
        "a link ended before its snapshot was applied, without "
        "OnSnapshotVoid()");
  }
  if (std::exchange(snapshot_was_void_, false) &&
      link.end == LinkEnd::kClosed) {
    Fail("a link ended inside a snapshot, but passes for closed cleanly");
  }
  linked_ = fresh_ = false;
  last_ack_.reset();
  if (!options_.keeps_queue) {
    if (Waits(Task::Kind::kReset)) lost_ = true;
    queue_.clear();
  }
  if (link.resync) {
    lost_ = true;
    if (options_.keeps_position) Keep(kNowhere);
  }
  return absl::OkStatus();
}

void ModelReplica::CheckFlushed() {
  if (to_flush_) Fail("frames without OnFlush()");
}

bool ModelReplica::Fails() {
  if (handler_errors_ == 0 || !random_.OneIn(handler_errors_) || !may_fail_()) {
    return false;
  }
  record_->Count(Happening::kHandlerError);
  raised_error_ = true;
  return true;
}

void ModelReplica::Fail(absl::string_view message) { record_->Fail(message); }

bool ModelReplica::Fits(uint64_t generation, const Holding& holding) const {
  if (generation == 0) return true;
  if (holding.kind != Holding::Kind::kAt) return false;
  return (*histories_)[holding.mark.history].generation() == generation ||
         histories_->IsLie(generation);
}

void ModelReplica::CheckPosition(const FeedPosition& position,
                                 const Holding& behind) {
  if (position.next_offset != stream_offset_) {
    Fail(absl::StrCat("the position ", kevy_replica::ToString(position),
                      " is not behind the delivered offset ", stream_offset_));
  }
  if (!Fits(position.generation, behind)) {
    Fail(absl::StrCat("delivered with the wrong generation: ",
                      kevy_replica::ToString(position), " for ",
                      ToString(behind)));
  }
}

std::optional<Holding> ModelReplica::Behind(const FrameView& frame,
                                            const Holding& before) {
  const std::optional<Mark> mark = ParseMark(frame.argv().back());
  if (!mark.has_value() || mark->offset != frame.offset()) {
    Fail("a frame is not what was sent");
    return std::nullopt;
  }
  const History& history = (*histories_)[mark->history];
  Holding behind = before;
  behind.mark = {mark->history, mark->offset + 1};
  switch (before.kind) {
    case Holding::Kind::kNothing:
      Fail("a frame where nothing is held");
      return std::nullopt;
    case Holding::Kind::kEmpty:
      behind.kind = Holding::Kind::kAt;
      if (mark->offset == history.base() && history.initial().empty()) {
        return behind;
      }
      Fail(absl::StrCat("OnReset(), but the frame ", ToString(*mark),
                        " is not a history's first"));
      return std::nullopt;
    case Holding::Kind::kAt:
    case Holding::Kind::kMixed:
      break;
  }
  // Before a heartbeat, protocol 1 cannot tell histories apart.
  const bool blind =
      link_.answer.protocol == Protocol::kV1 && !history_is_told_;
  if (mark->history != before.mark.history && blind) {
    if (before.kind == Holding::Kind::kAt) {
      record_->Count(Happening::kForeignHistoryFed);
      behind.kind = Holding::Kind::kMixed;
      behind.claimed = before.mark.history;
    }
  } else if (mark->history != before.mark.history ||
             mark->offset != before.mark.offset) {
    Fail(absl::StrCat("the frame ", ToString(*mark), " does not follow ",
                      ToString(before)));
    return std::nullopt;
  }
  if (mark->offset != before.mark.offset) {
    Fail(absl::StrCat("the frame ", ToString(*mark), " does not follow ",
                      ToString(before)));
    return std::nullopt;
  }
  return behind;
}

void ModelReplica::Apply(const FrameView& frame, const Holding& behind,
                         const FeedPosition& position) {
  const bool applied =
      data_.Apply(frame.argv()[0], frame.argv()[1], frame.argv()[2]);
  holding_ = behind;
  if (behind.kind == Holding::Kind::kAt) {
    if (!applied || data_.hash() != (*histories_)[behind.mark.history].HashAt(
                                        behind.mark.offset)) {
      Fail(absl::StrCat("the state at ", ToString(behind),
                        " is not the primary's"));
    }
  }
  if (options_.keeps_position) Keep(position);
}

void ModelReplica::ApplyReset() {
  data_ = Dataset();
  Hold(Holding::Kind::kEmpty);
  if (options_.keeps_position) Keep(kNowhere);
}

void ModelReplica::ApplySnapshot(Dataset data, const Holding& behind,
                                 const FeedPosition& position) {
  data_ = std::move(data);
  holding_ = behind;
  if (options_.keeps_position) Keep(position);
}

void ModelReplica::Keep(const FeedPosition& position) {
  kept_.position = position;
  kept_.holding = position == kNowhere ? Holding() : holding_;
  kept_.data = data_;
}

void ModelReplica::Hold(Holding::Kind kind) {
  holding_ = Holding();
  holding_.kind = kind;
}

bool ModelReplica::Waits(Task::Kind kind) const {
  return !queue_.empty() && queue_.front().kind == kind;
}

}  // namespace simulation
}  // namespace kevy_replica
