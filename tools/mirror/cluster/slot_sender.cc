// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/slot_sender.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/mark_work.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/cluster/redirection.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/lost_target.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/open_target.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/mirror/transactions.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(10);
constexpr absl::Duration kMostBackoff = absl::Seconds(1);

// Redirections that a work follows without a wait.
constexpr int kMaxHops = 4;

// For so long a node that has served a key counts as the same master. Redis
// needs longer to demote it, and to promote it again.
constexpr uint64_t kTrustedMs = 500;

}  // namespace

SlotSender::SlotSender(std::vector<NodeAddress> seeds,
                       const NodeConnector& connect, Options options,
                       const SlotMarks* marks)
    : options_(std::move(options)),
      marks_(*marks),
      links_(std::move(seeds),
             [this, connect](const NodeAddress& node)
                 -> absl::StatusOr<std::unique_ptr<TargetLink>> {
               ++options_.counters->target_connects;
               absl::StatusOr<std::unique_ptr<TargetLink>> link = connect(node);
               if (!link.ok()) return link.status();
               auto checked = std::make_unique<CheckedLink>(*std::move(link));
               const absl::Status ended =
                   EndOlderConnections(*options_.mirror, checked.get());
               if (!ended.ok()) return ended;
               nodes_[node].serial = ++last_serial_;
               return checked;
             }),
      checked_(kSlots) {}

void SlotSender::SetChecked(const MarkRead& read) {
  const bool asked = read.ask_.has_value();
  checked_[read.slot()] = {asked ? read.ask_by_ : read.done_by_,
                           asked ? read.done_by_ : 0};
}

absl::Status SlotSender::Start(std::vector<SlotWork*> works) {
  wave_ = Wave();
  wave_.pending = std::move(works);
  return Attempt(&wave_);
}

absl::Status SlotSender::Finish() { return FinishWave(&wave_); }

absl::Status SlotSender::Run(std::vector<SlotWork*> works) {
  const absl::Status status = Start(std::move(works));
  return status.ok() ? Finish() : status;
}

absl::Status SlotSender::FinishWave(Wave* wave) {
  while (true) {
    absl::Status status = Receive(wave);
    if (!status.ok()) return status;
    if (wave->pending.empty()) return absl::OkStatus();
    if (!wave->fault.ok()) {
      status = Wait(wave->fault);
      if (!status.ok()) return status;
      wave->fault = absl::OkStatus();
      for (SlotWork* const work : wave->pending) {
        work->hops_ = 0;
        work->ask_.reset();
      }
    }
    status = Attempt(wave);
    if (!status.ok()) return status;
  }
}

// Sends the pending works, after a look at the marks of those that need it.
// Those that cannot be sent now stay pending.
absl::Status SlotSender::Attempt(Wave* wave) {
  std::vector<SlotWork*> unchecked;
  absl::Status status = Route(wave, &unchecked);
  if (!status.ok()) return status;
  if (!unchecked.empty()) {
    status = CheckMarks(wave, unchecked);
    if (!status.ok()) return status;
    for (const Group& group : wave->sent) {
      wave->pending.insert(wave->pending.end(), group.works.begin(),
                           group.works.end());
    }
    wave->sent.clear();
    unchecked.clear();
    status = Route(wave, &unchecked);
    if (!status.ok()) return status;
    if (!unchecked.empty()) {
      wave->fault = absl::UnavailableError(
          absl::StrCat("the marks of slot ", unchecked[0]->slot(),
                       " are at another node than its keys"));
      wave->pending.insert(wave->pending.end(), unchecked.begin(),
                           unchecked.end());
    }
  }
  for (Group& group : wave->sent) {
    if (group.link == nullptr) continue;
    for (SlotWork* const work : group.works) {
      if (work->ask_.has_value()) group.link->Add({"ASKING"});
      work->Gather(group.link);
    }
    // An error comes again with the first reply.
    group.link->Send().IgnoreError();
  }
  return absl::OkStatus();
}

bool SlotSender::IsChecked(const SlotWork& work, uint64_t serial) const {
  const Checked& checked = checked_[work.slot()];
  return !work.needs_marks() || checked.master == serial ||
         checked.asked == serial;
}

// Moves the pending works to the groups of their links, or to `*unchecked`.
absl::Status SlotSender::Route(Wave* wave, std::vector<SlotWork*>* unchecked) {
  std::vector<SlotWork*> stuck;
  for (SlotWork* const work : std::exchange(wave->pending, {})) {
    const NodeAddress* const node = work->ask_.has_value()
                                        ? &*work->ask_
                                        : links_.slots().MasterOf(work->slot());
    absl::StatusOr<Group*> group = absl::UnavailableError(
        absl::StrCat("no node of the cluster covers slot ", work->slot()));
    if (node != nullptr) group = GroupOf(wave, *node);
    if (!group.ok()) {
      if (!IsTemporary(group.status())) return group.status();
      wave->fault = group.status();
      stuck.push_back(work);
    } else if (!IsChecked(*work, (*group)->serial)) {
      unchecked->push_back(work);
    } else {
      (*group)->works.push_back(work);
    }
  }
  wave->pending = std::move(stuck);
  return absl::OkStatus();
}

absl::StatusOr<SlotSender::Group*> SlotSender::GroupOf(
    Wave* wave, const NodeAddress& node) {
  for (Group& group : wave->sent) {
    if (group.node != node) continue;
    if (group.link == nullptr) return wave->fault;
    return &group;
  }
  const absl::StatusOr<CheckedLink*> link = links_.LinkTo(node);
  if (!link.ok()) {
    // The others of this node need not try again.
    wave->fault = link.status();
    wave->sent.push_back({node, nullptr, 0, {}});
    return link.status();
  }
  // A node that was a replica meanwhile has kept its links, but not its marks.
  Node& known = nodes_[node];
  const uint64_t now_ms = options_.mirror->now_ms();
  if (now_ms > known.used_ms + kTrustedMs) known.serial = ++last_serial_;
  known.used_ms = now_ms;
  wave->sent.push_back({node, *link, known.serial, {}});
  return &wave->sent.back();
}

// Reads the marks of the works' slots, and compares them with the memory. Those
// of `works` that are not executed are pending again.
absl::Status SlotSender::CheckMarks(Wave* wave,
                                    const std::vector<SlotWork*>& works) {
  std::vector<std::unique_ptr<MarkRead>> reads;
  Wave reading;
  for (SlotWork* const work : works) {
    reads.push_back(std::make_unique<MarkRead>(options_.mirror->position_key,
                                               marks_.shards(), work->slot()));
    reading.pending.push_back(reads.back().get());
  }
  absl::Status status = Attempt(&reading);
  if (status.ok()) status = FinishWave(&reading);
  if (!status.ok()) return status;
  size_t untold = 0;
  for (size_t i = 0; i < works.size(); ++i) {
    const absl::StatusOr<bool> executed = CompareMarks(*reads[i], works[i]);
    if (!executed.ok()) return executed.status();
    SetChecked(*reads[i]);
    if (*executed) {
      works[i]->TakeUntold();
      ++untold;
    } else {
      wave->pending.push_back(works[i]);
    }
  }
  if (untold > 0) {
    options_.mirror->log(
        {LogLevel::kWarning, "untold",
         absl::StrCat("the cluster has executed the commands of ", untold,
                      " slots, but the connection broke before their replies "
                      "came: rejections there are not counted")});
  }
  return absl::OkStatus();
}

// Returns whether the slot has the work's own marks.
absl::StatusOr<bool> SlotSender::CompareMarks(const MarkRead& read,
                                              SlotWork* work) {
  bool is_executed = !work->changes().empty();
  bool is_known = true;
  for (size_t shard = 0; shard < marks_.shards(); ++shard) {
    const std::string name =
        absl::StrCat(ShardField(shard), " of slot ", work->slot());
    if (!read.marks()[shard].has_value()) {
      return LostTarget(*options_.mirror, options_.state,
                        absl::StrCat(name, ": ", kRecordGone));
    }
    const SlotMark& found = *read.marks()[shard];
    const SlotMark& known = marks_.at(shard, work->slot());
    SlotMark after = known;
    for (const MarkChange& change : work->changes()) {
      if (change.shard == shard) after = change.mark;
    }
    is_executed = is_executed && found == after;
    is_known = is_known && found == known;
    if (found == after || found == known) continue;
    if (found.loading) {
      return LostTarget(
          *options_.mirror, options_.state,
          absl::StrCat(name, " has ", ToString(found), " instead"));
    }
    return absl::AbortedError(absl::StrCat(
        !known.loading && found.next < known.next
            ? "a node has gone back, as after a failover to a replica that "
              "lagged: "
            : "another mirror has written to the cluster: ",
        name, " has ", ToString(found), " instead of ", ToString(known),
        "; the mirror goes on from there"));
  }
  if (is_executed || is_known) return is_executed;
  return absl::AbortedError(absl::StrCat(
      "another mirror has written to the cluster: slot ", work->slot(),
      " has some of the marks of the last commands"));
}

absl::Status SlotSender::Receive(Wave* wave) {
  for (Group& group : std::exchange(wave->sent, {})) {
    const absl::Status status = ReceiveGroup(wave, &group);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SlotSender::ReceiveGroup(Wave* wave, Group* group) {
  bool is_any_done = false;
  for (SlotWork* const work : group->works) {
    absl::StatusOr<SlotAnswer> answer = SlotAnswer();
    if (work->ask_.has_value()) {
      const absl::StatusOr<TargetReply> reply =
          group->link->Receive(ReplyDetail::kBrief);
      if (!reply.ok()) answer = reply.status();
    }
    if (answer.ok()) answer = work->Receive(group->link);
    if (!answer.ok()) {
      if (!IsTemporary(answer.status())) return answer.status();
      wave->fault = answer.status();
      wave->pending.push_back(work);
      // Its keys may go back to a node whose link holds.
      checked_[work->slot()] = Checked();
      continue;
    }
    switch (answer->kind) {
      case SlotAnswer::Kind::kDone:
        work->done_by_ = group->serial;
        is_any_done = true;
        // Reads succeed between two failures of the same write.
        if (!work->changes().empty()) backoff_ = absl::ZeroDuration();
        break;
      case SlotAnswer::Kind::kAgain:
        work->ask_.reset();
        wave->pending.push_back(work);
        break;
      case SlotAnswer::Kind::kError:
        TakeError(wave, work, group->node, answer->error);
        wave->pending.push_back(work);
        break;
    }
  }
  if (is_any_done) {
    nodes_[group->node].used_ms = options_.mirror->now_ms();
    options_.counters->links.SetUp(kTargetLink);
  }
  return absl::OkStatus();
}

void SlotSender::TakeError(Wave* wave, SlotWork* work, const NodeAddress& node,
                           const std::string& error) {
  const bool was_asked = work->ask_.has_value();
  work->ask_.reset();
  const std::optional<Redirection> redirection = ParseRedirection(error, node);
  if (redirection.has_value() && redirection->slot == work->slot() &&
      ++work->hops_ <= kMaxHops) {
    if (redirection->kind == Redirection::Kind::kAsk && !was_asked) {
      work->ask_ = redirection->node;
      work->ask_by_ = nodes_[node].serial;
      return;
    }
    if (redirection->kind == Redirection::Kind::kMoved) {
      nodes_[node].serial = ++last_serial_;  // It was demoted, or lost a slot.
      if (links_.Moved(*redirection)) return;
    }
  }
  wave->fault = ServersTrouble(error);
}

absl::Status SlotSender::Retry(const std::function<absl::Status()>& ask) {
  while (true) {
    absl::Status status = ask();
    if (status.ok()) backoff_ = absl::ZeroDuration();
    if (!IsTemporary(status)) return status;
    status = Wait(status);
    if (!status.ok()) return status;
  }
}

// Waits, and takes a new map.
absl::Status SlotSender::Wait(const absl::Status& fault) {
  options_.counters->CountWait(fault);
  if (backoff_ == absl::ZeroDuration()) {
    options_.mirror->log({LogLevel::kWarning, "target_down",
                          absl::StrCat(fault.message(), "; trying again")});
  }
  backoff_ = std::clamp(2 * backoff_, kFirstBackoff, kMostBackoff);
  if (backoff_ == kMostBackoff) {
    options_.counters->links.SetDown(kTargetLink, fault.message());
  }
  if (options_.sleep(backoff_)) return absl::CancelledError("interrupted");
  const absl::Status refreshed = links_.Refresh();
  // The next attempt tells whether it matters.
  return IsTemporary(refreshed) ? absl::OkStatus() : refreshed;
}

}  // namespace kevy_replica
