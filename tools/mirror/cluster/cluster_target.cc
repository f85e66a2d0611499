// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/cluster_target.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/cross_slot.h"
#include "kevy_replica/tools/mirror/cluster/frame_keys.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/mark_work.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/slot_link.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_round.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/cluster/slot_transaction.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/lost_item.h"
#include "kevy_replica/tools/mirror/lost_target.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/open_target.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// So a client that writes all the time does not keep the mirror busy.
constexpr int kMaxEmptyings = 5;

// Bounds of a round.
constexpr size_t kMaxRoundCommands = 32768;
constexpr size_t kMaxRoundBytes = size_t{8} << 20;

SlotMark At(const FeedPosition& position) {
  return {false, position.generation, position.next_offset};
}

SlotMark Behind(uint64_t generation, uint64_t offset) {
  return {false, generation, offset + 1};
}

FeedPosition PositionOf(const SlotMark& mark) {
  return {mark.generation, mark.next};
}

// A command that may be executed twice, without a mark.
class PlainCommand : public SlotWork {
 public:
  PlainCommand(std::vector<std::string> argv, ReplyDetail detail)
      : SlotWork(KeySlot(argv[1])), argv_(std::move(argv)), detail_(detail) {}

  // A node that has lost writes answers from the past, and the answer may
  // decide on a write to another slot.
  bool needs_marks() const override { return true; }

  void Gather(TargetLink* link) override {
    link->Add(std::vector<absl::string_view>(argv_.begin(), argv_.end()));
  }
  absl::StatusOr<SlotAnswer> Receive(CheckedLink* link) override {
    absl::StatusOr<TargetReply> reply = link->Receive(detail_);
    if (!reply.ok()) return reply.status();
    if (reply->is_error() && IsPassing(reply->text)) {
      return SlotAnswer{SlotAnswer::Kind::kError, reply->text};
    }
    reply_ = *std::move(reply);
    return SlotAnswer();
  }
  const TargetReply& reply() const { return reply_; }

 private:
  const std::vector<std::string> argv_;
  const ReplyDetail detail_;
  TargetReply reply_;
};

std::vector<uint16_t> AllSlots() {
  std::vector<uint16_t> slots(kSlots);
  std::iota(slots.begin(), slots.end(), uint16_t{0});
  return slots;
}

std::vector<SlotWork*> WorksOf(
    const std::vector<std::unique_ptr<PlainCommand>>& commands) {
  std::vector<SlotWork*> works;
  for (const auto& command : commands) works.push_back(command.get());
  return works;
}

}  // namespace

ClusterTarget::ClusterTarget(Where where, const MirrorOptions& options,
                             MirrorCounters* counters, MirrorState* state)
    : options_(options),
      counters_(counters),
      state_(state),
      slots_(where.slots.empty() ? AllSlots() : std::move(where.slots)),
      marks_(options.shards),
      sender_(std::move(where.seeds), where.connect,
              {&options_, counters, state, std::move(where.sleep)}, &marks_),
      shards_(options.shards),
      context_{&options_, counters,
               [this](size_t shard, PayloadItem item, absl::string_view key) {
                 CountItem(shard, item, key);
               }},
      open_(std::make_unique<SlotRound>(&context_)),
      executing_(std::make_unique<SlotRound>(&context_)),
      renewed_ms_(options.now_ms()) {}

absl::StatusOr<std::unique_ptr<ClusterTarget>> ClusterTarget::Open(
    Where where, const MirrorOptions& options, MirrorCounters* counters,
    MirrorState* state) {
  auto target = absl::WrapUnique(
      new ClusterTarget(std::move(where), options, counters, state));
  absl::Status status = target->OpenNodes();
  if (status.ok()) status = target->OpenRecordAndMarks();
  if (!status.ok()) return status;
  counters->links.SetUp(kTargetLink);
  return target;
}

absl::Status ClusterTarget::OpenNodes() {
  ClusterLinks& links = sender_.links();
  absl::Status status = links.Refresh();
  if (!status.ok()) return status;
  if (links.slots().covered() < kSlots) {
    return absl::UnavailableError(
        absl::StrCat("the cluster has a node for only ",
                     links.slots().covered(), " of ", kSlots, " slots"));
  }
  for (const NodeAddress& node : links.slots().masters()) {
    const absl::StatusOr<CheckedLink*> link = links.LinkTo(node);
    if (!link.ok()) return link.status();
    if (!filter_.has_value()) {
      absl::StatusOr<CommandTable> table = CommandTable::Load(*link);
      if (!table.ok()) return table.status();
      features_ = FeaturesOf(options_, *table);
      filter_.emplace(CommandFilter(
          {options_.position_key, options_.scripts, false}, *std::move(table)));
    }
    status = CheckEviction(options_, *link, state_);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ClusterTarget::CountKeys() {
  ClusterLinks& links = sender_.links();
  int64_t count = 0;
  for (const NodeAddress& node : links.slots().masters()) {
    const absl::StatusOr<CheckedLink*> link = links.LinkTo(node);
    if (!link.ok()) return link.status();
    const absl::StatusOr<TargetReply> size = (*link)->Ask({"DBSIZE"});
    if (!size.ok()) return size.status();
    count += std::clamp<int64_t>(size->integer, 0, kMaxNodeKeys);
  }
  return count;
}

absl::Status ClusterTarget::OpenRecordAndMarks() {
  CheckedLink link = RecordLink();
  absl::StatusOr<MirrorRecord> record =
      OpenRecord(options_, /*in_slots=*/true, &link, state_,
                 [this] { return CountKeys(); });
  if (!record.ok()) return record.status();
  has_record_ = record->exists;
  if (!has_record_ && !state_->reload && !HeldPositions(*state_).empty()) {
    return LostTarget(options_, state_, kRecordGone);
  }
  size_t missing = 0;
  if (has_record_) {
    const absl::Status status = ReadMarks(&missing);
    if (!status.ok()) return status;
  }
  return TakeShards(*std::move(record), missing);
}

// Reads the marks of all slots. `*missing`: the slots without a mark.
absl::Status ClusterTarget::ReadMarks(size_t* missing) {
  std::vector<std::unique_ptr<MarkRead>> reads;
  std::vector<SlotWork*> works;
  for (const uint16_t slot : slots_) {
    reads.push_back(std::make_unique<MarkRead>(options_.position_key,
                                               options_.shards, slot));
    works.push_back(reads.back().get());
  }
  const absl::Status status = sender_.Run(std::move(works));
  if (!status.ok()) return status;
  for (const std::unique_ptr<MarkRead>& read : reads) {
    bool is_whole = true;
    for (size_t i = 0; i < options_.shards; ++i) {
      if (!read->marks()[i].has_value()) {
        is_whole = false;
        continue;
      }
      marks_.at(i, read->slot()) = *read->marks()[i];
      marks_.set_decided(i, read->slot(), read->decided()[i]);
    }
    if (!is_whole) ++*missing;
    sender_.SetChecked(*read);
  }
  return absl::OkStatus();
}

// The resume position of a shard. Unset: its marks are not of one history.
std::optional<FeedPosition> ClusterTarget::LeastMark(size_t shard) const {
  FeedPosition least = PositionOf(marks_.at(shard, slots_[0]));
  for (const uint16_t slot : slots_) {
    const SlotMark& mark = marks_.at(shard, slot);
    if (mark.loading) return std::nullopt;
    least.next_offset = std::min(least.next_offset, mark.next);
    // Frames whose generation was not told yet have 0.
    if (least.generation == 0) least.generation = mark.generation;
    if (mark.generation != 0 && mark.generation != least.generation) {
      return std::nullopt;
    }
  }
  return least;
}

absl::Status ClusterTarget::TakeShards(MirrorRecord record, size_t missing) {
  empty_first_ = !record.exists || record.is_loading() || state_->reload;
  std::vector<std::string> texts;
  for (size_t i = 0; i < options_.shards; ++i) {
    ShardRecord& shard = record.shards[i];
    if (shard.state == ShardRecord::State::kInSlots && !empty_first_) {
      const std::optional<FeedPosition> least = LeastMark(i);
      if (missing > 0 || !least.has_value()) {
        const absl::Status lost = LostTarget(
            options_, state_,
            absl::StrCat(missing, " slots have no position of ", ShardField(i),
                         ", and others may have that of another history"));
        if (!absl::IsAborted(lost)) return lost;
        options_.log(
            {LogLevel::kWarning, "slots_lost", std::string(lost.message())});
        empty_first_ = true;
        break;
      }
      shard.state = ShardRecord::State::kAt;
      shard.position = *least;
      shard.text = ToString(*least);
      shards_[i] = {true, *least, *least};
    }
    texts.push_back(shard.text);
  }
  if (!empty_first_ && record.rejected.empty() && state_->shards.empty() &&
      record.told != absl::StrJoin(texts, ",")) {
    ++counters_->untold;
    options_.log({LogLevel::kWarning, "untold_end",
                  "the mirror before ended without the replies to its last "
                  "commands: rejections there are not counted"});
  }
  state_->shards.resize(options_.shards);
  for (size_t i = 0; i < options_.shards; ++i) {
    MirrorState::Shard& shard = state_->shards[i];
    shard.stored = shard.sent = record.shards[i].text;
    shard.loaded = std::max(shard.loaded, record.shards[i].loaded);
    for (const uint16_t slot : slots_) {
      const SlotMark& mark = marks_.at(i, slot);
      if (mark.loading) shard.loaded = std::max(shard.loaded, mark.next);
    }
  }
  opened_shards_ = std::move(record.shards);
  return absl::OkStatus();
}

// Opens a round of this kind, if none is open. `next`: the mark of the shard in
// front of the next command.
absl::Status ClusterTarget::Prepare(size_t shard, bool loading,
                                    uint64_t generation, uint64_t next) {
  if (is_open_ &&
      (open_->shard() != shard || open_->end().loading != loading)) {
    const absl::Status status = Execute();
    if (!status.ok()) return status;
  }
  if (is_open_) return absl::OkStatus();
  if (!loading && !shards_[shard].in_slots) {
    absl::Status status = Settle();
    if (status.ok()) status = MakeInSlots(shard, {generation, next});
    if (!status.ok()) return status;
  }
  open_->Reset(shard, {loading, generation, next});
  is_open_ = true;
  return absl::OkStatus();
}

absl::Status ClusterTarget::Add(size_t shard, const FrameView& frame,
                                uint64_t generation) {
  const uint64_t offset = frame.offset();
  absl::Status status = Prepare(shard, false, generation, offset);
  if (!status.ok()) return status;
  const ArgvView& argv = frame.argv();
  size_t place = filter_->OnlyKeyOf(argv[0]);
  if (place == 0 || place >= argv.size()) {
    const std::vector<absl::string_view> views(argv.begin(), argv.end());
    const std::vector<size_t> places = KeyPlaces(views, filter_->table());
    if (places.size() != 1) {
      return AddSeveral(shard, frame, views, places, generation);
    }
    place = places[0];
  }
  if (IsSlotKey(options_.position_key, argv[place])) {
    return RefuseOwnKey(shard, frame, generation);
  }
  AddPart(KeySlot(argv[place]), frame.command(), offset, PayloadCheck::kNone,
          Behind(generation, offset));
  return ExecuteIfFull();
}

absl::Status ClusterTarget::PassOver(size_t shard, const FrameView& frame,
                                     uint64_t generation) {
  absl::Status status = Prepare(shard, false, generation, frame.offset());
  if (status.ok()) open_->set_end(Behind(generation, frame.offset()));
  return status;
}

absl::Status ClusterTarget::Load(size_t shard,
                                 absl::Span<const absl::string_view> argv,
                                 PayloadCheck check) {
  uint64_t& loaded = state_->shards[shard].loaded;
  absl::Status status = Prepare(shard, true, 0, loaded);
  if (!status.ok()) return status;
  const std::vector<size_t> places = KeyPlaces(argv, filter_->table());
  if (places.size() != 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("the cluster does not know the command ", Escaped(argv[0]),
                     ", which loads a snapshot"));
  }
  const absl::string_view key = argv[places[0]];
  if (IsSlotKey(options_.position_key, key)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the primary has a key ", Escaped(key),
        ", the name of one of the mirror's own keys: choose another "
        "--position_key"));
  }
  encoded_.clear();
  (void)AppendCommand(argv, &encoded_);  // Only an empty `argv` would fail.
  AddPart(KeySlot(key), encoded_, std::nullopt, check, {true, 0, ++loaded});
  return ExecuteIfFull();
}

void ClusterTarget::CountItem(size_t shard, PayloadItem item,
                              absl::string_view key) {
  kevy_replica::CountItem(options_, counters_, shard, item, key);
}

// Adds a command to the open round, unless the slot holds it already.
void ClusterTarget::AddPart(uint16_t slot, absl::string_view resp,
                            std::optional<uint64_t> offset, PayloadCheck check,
                            const SlotMark& after) {
  open_->set_end(after);
  const SlotMark& mark = marks_.at(open_->shard(), slot);
  if (offset.has_value() && mark.Holds(*offset)) return;
  open_->Add(slot, mark, resp, offset, check, after);
}

// Only behind a whole frame, since the round's end is behind it.
absl::Status ClusterTarget::ExecuteIfFull() {
  return open_->commands() < kMaxRoundCommands &&
                 open_->bytes() < kMaxRoundBytes &&
                 open_->most_commands() < options_.max_batch
             ? absl::OkStatus()
             : Execute();
}

absl::Status ClusterTarget::Commit() {
  absl::Status status = Execute();
  if (status.ok()) status = Settle();
  return status.ok() ? RenewIfDue() : status;
}

absl::Status ClusterTarget::Execute() {
  if (!is_open_) return absl::OkStatus();
  const absl::Status status = Settle();
  if (!status.ok()) return status;
  is_open_ = false;
  is_executing_ = true;
  std::swap(executing_, open_);
  return sender_.Start(executing_->works());
}

absl::Status ClusterTarget::Settle() {
  if (!is_executing_) return absl::OkStatus();
  const absl::Status status = sender_.Finish();
  if (!status.ok()) return status;
  is_executing_ = false;
  absl::Status stop;
  bool for_good = false;
  const size_t shard = executing_->shard();
  for (const SlotTransaction* const each : executing_->transactions()) {
    if (each->is_executed()) {
      marks_.at(shard, each->slot()) = each->after();
      if (each->decided() != 0) {
        marks_.set_decided(shard, each->slot(), each->decided());
      }
    }
    if (each->stop().ok() || for_good) continue;
    stop = each->stop();
    for_good = each->stops_for_good();
  }
  if (!stop.ok()) return for_good ? StopForGood(stop) : stop;
  if (!executing_->end().loading &&
      shards_[shard].position != PositionOf(executing_->end())) {
    frames_since_renewal_ +=
        executing_->end().next - shards_[shard].position.next_offset;
    shards_[shard].position = PositionOf(executing_->end());
    state_->shards[shard].stored = state_->shards[shard].sent =
        ToString(executing_->end());
    stored(shard, shards_[shard].position);
  }
  return absl::OkStatus();
}

// Stores the reason in the record: the slot's mark is past the rejected command
// already, so that a mirror that starts again would not see it.
absl::Status ClusterTarget::StopForGood(const absl::Status& rejection) {
  state_->rejected = std::string(rejection.message());
  const absl::Status status = WriteRecord(kRejectedField, state_->rejected);
  return status.ok() ? rejection : status;
}

absl::Status ClusterTarget::End() {
  absl::Status status = Settle();
  is_open_ = false;
  if (status.ok()) status = Renew();
  if (status.ok()) Tell();
  return status;
}

absl::Status ClusterTarget::Reject(size_t shard, const FrameView& frame,
                                   uint64_t generation,
                                   const Rejection& rejection) {
  const absl::Status rejected = Decide(options_, counters_, rejection);
  if (rejected.ok()) return PassOver(shard, frame, generation);
  const absl::Status committed = Commit();
  return committed.ok() ? rejected : committed;
}

absl::Status ClusterTarget::Refuse(size_t shard, const FrameView& frame,
                                   uint64_t generation, absl::string_view kind,
                                   absl::string_view reason) {
  Rejection rejection;
  rejection.shard = shard;
  rejection.offset = frame.offset();
  rejection.command = frame.command();
  rejection.kind = kind;
  rejection.text = absl::StrCat("is not passed on: ", reason);
  return Reject(shard, frame, generation, rejection);
}

absl::Status ClusterTarget::RefuseOwnKey(size_t shard, const FrameView& frame,
                                         uint64_t generation) {
  return Refuse(shard, frame, generation, "own key",
                "it has no key, or names one of the mirror's own keys (choose "
                "another --position_key)");
}

// A frame whose number of keys is not 1.
absl::Status ClusterTarget::AddSeveral(size_t shard, const FrameView& frame,
                                       absl::Span<const absl::string_view> argv,
                                       absl::Span<const size_t> places,
                                       uint64_t generation) {
  if (places.empty()) return RefuseOwnKey(shard, frame, generation);
  bool is_one = true;
  for (const size_t place : places) {
    if (IsSlotKey(options_.position_key, argv[place])) {
      return RefuseOwnKey(shard, frame, generation);
    }
    is_one = is_one && KeySlot(argv[place]) == KeySlot(argv[places[0]]);
  }
  const uint64_t offset = frame.offset();
  if (is_one) {
    AddPart(KeySlot(argv[places[0]]), frame.command(), offset,
            PayloadCheck::kNone, Behind(generation, offset));
    return ExecuteIfFull();
  }
  const std::vector<SlotPart> split = SplitBySlot(argv, places);
  for (const SlotPart& part : split) {
    encoded_.clear();
    (void)AppendCommand(part.commands[0], &encoded_);
    AddPart(part.slot, encoded_, offset, PayloadCheck::kNone,
            Behind(generation, offset));
  }
  if (!split.empty()) return ExecuteIfFull();
  if (!HasCrossSlotPlan(argv[0])) {
    return Refuse(shard, frame, generation, "cannot be placed",
                  "its keys are those of several slots");
  }
  return RunPlan(shard, frame, argv, places, generation);
}

absl::Status ClusterTarget::RunPlan(size_t shard, const FrameView& frame,
                                    absl::Span<const absl::string_view> argv,
                                    absl::Span<const size_t> places,
                                    uint64_t generation) {
  absl::Status status = Commit();
  if (!status.ok()) return status;
  const uint64_t offset = frame.offset();
  const auto holds = [&](uint16_t slot) {
    return marks_.at(shard, slot).Holds(offset);
  };
  const auto behind = static_cast<int64_t>(offset) + 1;
  int64_t decided = 0;  // `behind`, or its opposite; 0: not yet.
  bool is_any_held = false;
  for (const size_t place : places) {
    const uint16_t slot = KeySlot(argv[place]);
    if (!holds(slot)) continue;
    is_any_held = true;
    const int64_t noted = marks_.decided(shard, slot);
    if (noted == behind || noted == -behind) decided = noted;
  }
  const std::vector<uint16_t> written = WrittenSlots(argv, places);
  std::vector<SlotPart> parts;
  if (decided > 0) {
    parts = RestOfPlan(argv, places);
  } else if (decided == 0 && is_any_held) {
    if (absl::c_all_of(written, holds)) {
      return PassOver(shard, frame, generation);
    }
    return LoseShard(shard,
                     absl::StrCat(ShardField(shard),
                                  ": the slots of the frame at offset ", offset,
                                  " are at both sides of it: a node has lost "
                                  "writes"));
  } else if (decided == 0) {
    absl::StatusOr<CrossSlotPlan> plan = Plan(argv, places);
    if (!plan.ok()) return plan.status();
    if (plan->kind == CrossSlotPlan::Kind::kRejected) {
      status = Decide(
          options_, counters_,
          RejectionByTarget(shard, offset, frame.command(), plan->error));
      if (!status.ok()) return status;
    }
    parts = std::move(plan->parts);
    decided = parts.empty() ? -behind : behind;
  }
  for (const uint16_t slot : written) {
    if (absl::c_none_of(parts, [slot](const SlotPart& part) {
          return part.slot == slot;
        })) {
      parts.push_back({slot, {}});
    }
  }
  status = RunParts(shard, Behind(generation, offset),
                    is_any_held ? 0 : decided, parts);
  return status.ok() ? PassOver(shard, frame, generation) : status;
}

// The cluster cannot be brought to one position again. Notes it in the record,
// for a mirror that starts later.
absl::Status ClusterTarget::LoseShard(size_t shard, absl::string_view change) {
  const absl::Status lost = LostTarget(options_, state_, change);
  const absl::Status noted = StoreField(
      shard, absl::StrCat(kLoading, " ", ++state_->shards[shard].loaded));
  return noted.ok() ? lost : noted;
}

absl::StatusOr<CrossSlotPlan> ClusterTarget::Plan(
    absl::Span<const absl::string_view> argv, absl::Span<const size_t> places) {
  return PlanCrossSlot(
      argv, places,
      [this](uint16_t slot, size_t i) {
        return absl::StrCat(SlotKey(options_.position_key, slot), ":", i);
      },
      [this](absl::Span<const absl::string_view> question) {
        return Read(question);
      });
}

// Executes the parts one after the other, without those that a slot holds. The
// first one notes `decision`; 0: another one did.
absl::Status ClusterTarget::RunParts(size_t shard, const SlotMark& after,
                                     int64_t decision,
                                     const std::vector<SlotPart>& parts) {
  bool is_void = false;  // The first part was rejected: there is no rest.
  for (const SlotPart& part : parts) {
    const SlotMark& mark = marks_.at(shard, part.slot);
    if (mark.Holds(after.next - 1)) continue;
    SlotTransaction transaction(&context_);
    transaction.Reset(part.slot, shard, mark);
    transaction.Add(after);
    if (!is_void) {
      for (const std::vector<std::string>& command : part.commands) {
        encoded_.clear();
        (void)AppendCommand(command, &encoded_);
        transaction.Add(encoded_, after.next - 1, PayloadCheck::kNone, after);
      }
    }
    const int64_t noted = std::exchange(decision, 0);
    transaction.set_decided(noted);
    absl::Status status = sender_.Run({&transaction});
    if (!status.ok()) return status;
    if (transaction.is_executed()) {
      marks_.at(shard, part.slot) = transaction.after();
      if (noted != 0) marks_.set_decided(shard, part.slot, noted);
    }
    if (noted > 0 && transaction.has_rejection()) {
      is_void = true;
      PlainCommand note({"HSET", SlotKey(options_.position_key, part.slot),
                         DecidedField(shard), absl::StrCat(-noted)},
                        ReplyDetail::kBrief);
      status = sender_.Run({&note});
      if (!status.ok()) return status;
      marks_.set_decided(shard, part.slot, -noted);
    }
    if (transaction.stop().ok()) continue;
    return transaction.stops_for_good() ? StopForGood(transaction.stop())
                                        : transaction.stop();
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetReply> ClusterTarget::Read(
    absl::Span<const absl::string_view> argv) {
  absl::Status status = Commit();
  if (!status.ok()) return status;
  PlainCommand question(std::vector<std::string>(argv.begin(), argv.end()),
                        ReplyDetail::kWhole);
  status = sender_.Run({&question});
  if (!status.ok()) return status;
  return question.reply();
}

absl::Status ClusterTarget::ApplyDeadlines(
    absl::Span<const PassedDeadlines::Held> held) {
  std::vector<std::unique_ptr<PlainCommand>> reads;
  for (const PassedDeadlines::Held& one : held) {
    reads.push_back(std::make_unique<PlainCommand>(
        std::vector<std::string>{"PEXPIRETIME", one.key}, ReplyDetail::kBrief));
  }
  const absl::Status status = sender_.Run(WorksOf(reads));
  if (!status.ok()) return status;
  std::vector<std::unique_ptr<PlainCommand>> writes;
  for (size_t i = 0; i < held.size(); ++i) {
    if (reads[i]->reply().type == TargetReply::Type::kInteger &&
        reads[i]->reply().integer == static_cast<int64_t>(held[i].until_ms)) {
      writes.push_back(std::make_unique<PlainCommand>(
          std::vector<std::string>{"PEXPIREAT", held[i].key,
                                   absl::StrCat(held[i].deadline_ms)},
          ReplyDetail::kBrief));
    }
  }
  return sender_.Run(WorksOf(writes));
}

// A node that does not answer is noticed when it is written to.
absl::Status ClusterTarget::KeepAlive() {
  ClusterLinks& links = sender_.links();
  for (const NodeAddress& node : links.slots().masters()) {
    const absl::StatusOr<CheckedLink*> link = links.LinkTo(node);
    if (link.ok()) (*link)->Ask({"PING"}).status().IgnoreError();
    if (absl::IsCancelled(link.status())) return link.status();
  }
  return absl::OkStatus();
}

absl::Status ClusterTarget::Empty() {
  empty_first_ = true;  // Until it is done nothing of the target counts.
  uint64_t loaded = 0;
  for (const MirrorState::Shard& shard : state_->shards) {
    loaded = std::max(loaded, shard.loaded);
  }
  for (MirrorState::Shard& shard : state_->shards) {
    shard.loaded = loaded + 1;
    shard.stored = shard.sent = std::string(kLoading);
  }
  int attempts = 0;
  const absl::Status status =
      sender_.Retry([&] { return TryEmpty(&attempts); });
  if (!status.ok()) return status;
  for (size_t i = 0; i < shards_.size(); ++i) {
    marks_.Reset(i, {true, 0, state_->shards[i].loaded});
    shards_[i] = Shard();
  }
  empty_first_ = false;
  has_record_ = true;
  state_->reload = false;
  return absl::OkStatus();
}

// The record's node is emptied last, together with the record: a mirror that is
// killed before finds "loading".
absl::Status ClusterTarget::TryEmpty(int* attempts) {
  ClusterLinks& links = sender_.links();
  CheckedLink record = RecordLink();
  AddNewRecord(options_.position_key, options_.shards, &record);
  absl::Status status = record.Send();
  if (!status.ok()) return status;
  const absl::StatusOr<TargetReply> written =
      record.ReceiveAnswer(ReplyDetail::kBrief);
  if (!written.ok()) return written.status();
  if (written->is_error()) return TargetError("HSET", written->text);

  const absl::StatusOr<CheckedLink*> last =
      links.LinkOf(KeySlot(options_.position_key));
  if (!last.ok()) return last.status();
  for (const NodeAddress& node : links.slots().masters()) {
    const absl::StatusOr<CheckedLink*> link = links.LinkTo(node);
    if (!link.ok()) return link.status();
    if (*link == *last) continue;
    status = (*link)->Ask({"FLUSHDB"}).status();
    if (!status.ok()) return status;
  }
  status = EmptyTarget(options_, /*in_spare=*/false, *last);
  if (absl::IsFailedPrecondition(status) &&
      (absl::StrContains(status.message(), ": MOVED ") ||
       absl::StrContains(status.message(), ": ASK "))) {
    return absl::UnavailableError(status.message());
  }
  if (!status.ok()) return status;

  const SlotMark mark = {true, 0, state_->shards[0].loaded};
  std::vector<std::unique_ptr<MarkWrite>> writes;
  std::vector<SlotWork*> works;
  for (const uint16_t slot : slots_) {
    writes.push_back(std::make_unique<MarkWrite>(options_.position_key, slot,
                                                 options_.shards, mark));
    works.push_back(writes.back().get());
  }
  status = sender_.Run(std::move(works));
  if (!status.ok()) return status;
  // A replica that was promoted meanwhile, or a migration, may have kept keys.
  const absl::StatusOr<int64_t> count = CountKeys();
  if (!count.ok()) return count.status();
  if (*count == static_cast<int64_t>(slots_.size()) + 1)
    return absl::OkStatus();
  const std::string found =
      absl::StrCat("the emptied cluster holds ", *count, " keys instead of ",
                   slots_.size() + 1, " of the mirror's own");
  if (++*attempts == kMaxEmptyings) {
    return absl::FailedPreconditionError(
        absl::StrCat(found, ", after ", *attempts,
                     " attempts: another client writes to it, and must stop"));
  }
  return absl::UnavailableError(absl::StrCat(found, ": emptying it again"));
}

// To the record, wherever its slot is.
CheckedLink ClusterTarget::RecordLink() {
  return CheckedLink(std::make_unique<SlotLink>(
      &sender_.links(), KeySlot(options_.position_key)));
}

absl::Status ClusterTarget::WriteRecord(absl::string_view field,
                                        absl::string_view value) {
  return sender_.Retry([&] {
    CheckedLink link = RecordLink();
    return WriteRecordField(options_.position_key, field, value, &link);
  });
}

absl::Status ClusterTarget::StoreField(size_t shard, absl::string_view value) {
  const absl::Status status = sender_.Retry([&] {
    CheckedLink link = RecordLink();
    return WriteShardField(options_.position_key, shard, value, &link);
  });
  if (!status.ok()) return status;
  shards_[shard].in_slots = value == kInSlots;
  state_->shards[shard].stored = state_->shards[shard].sent =
      std::string(value);
  return absl::OkStatus();
}

// Turns the record of a shard into that of a whole history at `position`.
absl::Status ClusterTarget::MakeInSlots(size_t shard,
                                        const FeedPosition& position) {
  absl::Status status = RaiseMarks({{shard, At(position)}});
  if (status.ok() && !shards_[shard].in_slots) {
    status = StoreField(shard, kInSlots);
  }
  if (!status.ok()) return status;
  shards_[shard].position = shards_[shard].renewed = position;
  state_->shards[shard].stored = state_->shards[shard].sent =
      ToString(position);
  return absl::OkStatus();
}

absl::Status ClusterTarget::StorePosition(size_t shard,
                                          const FeedPosition& position) {
  const absl::Status status = MakeInSlots(shard, position);
  if (status.ok()) stored(shard, position);
  return status;
}

// Raises the marks of all slots that are below those of `changes`.
absl::Status ClusterTarget::RaiseMarks(absl::Span<const MarkChange> changes) {
  std::vector<std::unique_ptr<MarkWrite>> writes;
  std::vector<SlotWork*> works;
  for (const uint16_t slot : slots_) {
    std::vector<MarkChange> raised;
    for (const MarkChange& change : changes) {
      const SlotMark& mark = marks_.at(change.shard, slot);
      if (mark.loading || mark.next < change.mark.next ||
          (mark.next == change.mark.next && mark != change.mark)) {
        raised.push_back(change);
      }
    }
    if (raised.empty()) continue;
    writes.push_back(std::make_unique<MarkWrite>(options_.position_key, slot,
                                                 std::move(raised)));
    works.push_back(writes.back().get());
  }
  const absl::Status status = sender_.Run(std::move(works));
  if (!status.ok()) return status;
  for (const std::unique_ptr<MarkWrite>& write : writes) {
    for (const MarkChange& change : write->changes()) {
      marks_.at(change.shard, write->slot()) = change.mark;
    }
  }
  return absl::OkStatus();
}

absl::Status ClusterTarget::RenewIfDue() {
  const uint64_t now_ms = options_.now_ms();
  const bool is_due =
      frames_since_renewal_ >= kRenewalFrames ||
      (frames_since_renewal_ > 0 &&
       now_ms >= renewed_ms_ + static_cast<uint64_t>(
                                   absl::ToInt64Milliseconds(kRenewalTime)));
  return is_due ? Renew() : absl::OkStatus();
}

absl::Status ClusterTarget::Renew() {
  std::vector<MarkChange> changes;
  for (size_t i = 0; i < shards_.size(); ++i) {
    const Shard& shard = shards_[i];
    if (shard.in_slots && shard.position != shard.renewed) {
      changes.push_back({i, At(shard.position)});
    }
  }
  if (!changes.empty()) {
    const absl::Status status = RaiseMarks(changes);
    if (!status.ok()) return status;
  }
  for (Shard& shard : shards_) shard.renewed = shard.position;
  frames_since_renewal_ = 0;
  renewed_ms_ = options_.now_ms();
  return absl::OkStatus();
}

// Notes in the record that all replies have come. A loss of the note costs a
// message at the next start.
void ClusterTarget::Tell() {
  if (!has_record_) return;
  std::vector<std::string> texts;
  for (const MirrorState::Shard& shard : state_->shards) {
    texts.push_back(shard.stored);
  }
  WriteRecord(kToldField, absl::StrJoin(texts, ",")).IgnoreError();
}

}  // namespace kevy_replica
