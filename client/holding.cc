// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/holding.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/handshake.h"

namespace kevy_replica {

Holding::Holding(const FeedPosition& position, Loading loading)
    : delivered_end_(position.next_offset), loading_(loading) {
  if (position != FeedPosition{0, 0}) {
    Hold(position.generation, position.next_offset);
  }
}

FeedPosition Holding::start() const {
  return state_ == State::kUnconfirmed
             ? FeedPosition{generation_, position_.next_offset}
             : position_;
}

bool Holding::must_store(const FeedPosition& stored) const {
  if (storable().value_or(stored) == stored) return false;
  return state_ == State::kNothing || state_ == State::kFresh ||
         (snapshot_ == Snapshot::kUnapplied && stored.generation == 0);
}

void Holding::LinkUp(const FeedPosition& from, Protocol protocol) {
  if (from == FeedPosition{0, 0}) {
    Lose();
  } else if (protocol == Protocol::kV1 && state_ == State::kAt) {
    state_ = State::kUnconfirmed;
    generation_ = std::exchange(position_.generation, 0);
  }
}

void Holding::Reset() { state_ = State::kFresh; }

void Holding::Delivered(uint64_t end) {
  if (state_ == State::kUnconfirmed && snapshot_ == Snapshot::kNone) {
    state_ = State::kDoubtful;
  }
  delivered_end_ = std::max(delivered_end_, end);
}

bool Holding::Applied(uint64_t next_offset) {
  if (next_offset > delivered_end_) return false;
  switch (snapshot_) {
    case Snapshot::kArriving:
      return false;
    case Snapshot::kUnapplied:
      if (next_offset < snapshot_position_.next_offset) return false;
      snapshot_ = Snapshot::kNone;
      Hold(snapshot_position_.generation, next_offset);
      return true;
    case Snapshot::kNone:
      break;
  }
  if (next_offset <= position_.next_offset) return false;
  if (state_ == State::kFresh) {
    Hold(generation_, next_offset);
  } else {
    position_.next_offset = next_offset;
  }
  return true;
}

bool Holding::Told(uint64_t generation) {
  if (snapshot_ == Snapshot::kArriving) return true;
  if (snapshot_ == Snapshot::kUnapplied) {
    snapshot_position_.generation = generation;
    return true;
  }
  switch (state_) {
    case State::kNothing:
      return true;
    case State::kFresh:
      generation_ = generation;
      return true;
    case State::kAt:
      return position_.generation == generation;
    case State::kUnknown:
      break;
    case State::kUnconfirmed:
    case State::kDoubtful:
      if (generation_ != generation) return false;
      break;
  }
  Hold(generation, position_.next_offset);
  return true;
}

void Holding::ToldNone() {
  if (state_ != State::kUnconfirmed && state_ != State::kDoubtful) return;
  Hold(0, position_.next_offset);
}

void Holding::SnapshotBegins() {
  if (loading_ == Loading::kInPlace || state_ == State::kFresh ||
      snapshot_ == Snapshot::kUnapplied) {
    Lose();
  }
  snapshot_ = Snapshot::kArriving;
}

void Holding::SnapshotEnds(const FeedPosition& position) {
  if (state_ != State::kAt) Lose();
  snapshot_ = Snapshot::kUnapplied;
  snapshot_position_ = position;
  delivered_end_ = position.next_offset;
}

void Holding::LinkEnds(VoidSnapshot void_snapshot) {
  const Snapshot ended = std::exchange(snapshot_, Snapshot::kNone);
  if (ended == Snapshot::kUnapplied &&
      void_snapshot == VoidSnapshot::kMayBeApplied) {
    Lose();
  } else if (ended != Snapshot::kNone) {
    delivered_end_ = position_.next_offset;
  }
  if (state_ == State::kUnconfirmed) {
    Hold(generation_, position_.next_offset);
  }
}

void Holding::LeavePrimary() {
  if (state_ == State::kDoubtful) Lose();
  if (state_ == State::kUnconfirmed) {
    Hold(generation_, position_.next_offset);
  }
}

void Holding::Lose() {
  state_ = State::kNothing;
  position_ = FeedPosition();
  generation_ = 0;
  delivered_end_ = 0;
}

void Holding::Hold(uint64_t generation, uint64_t next_offset) {
  state_ = generation != 0 ? State::kAt : State::kUnknown;
  position_ = {generation, next_offset};
  generation_ = 0;
}

absl::Status Holding::CheckInvariants() const {
  const bool lost = state_ == State::kNothing || state_ == State::kFresh;
  const bool assumes =
      state_ == State::kUnconfirmed || state_ == State::kDoubtful;
  const bool in_snapshot = snapshot_ != Snapshot::kNone;
  const struct {
    bool holds;
    absl::string_view invariant;
  } kInvariants[] = {
      {!lost || position_ == FeedPosition(),
       "1: lost data has position {0, 0}"},
      {(state_ == State::kAt) == (position_.generation != 0),
       "2: kAt alone has a generation"},
      {!assumes || generation_ != 0, "3: an assumed generation is not 0"},
      {state_ != State::kNothing || in_snapshot || delivered_end_ == 0,
       "4: nothing is delivered over kNothing"},
      {in_snapshot || position_.next_offset <= delivered_end_,
       "5: only delivered data is applied"},
      {!in_snapshot || state_ != State::kFresh, "6: a snapshot ends kFresh"},
      {!in_snapshot || loading_ != Loading::kInPlace ||
           state_ == State::kNothing,
       "7: a snapshot in place loses the data"},
      {snapshot_ != Snapshot::kUnapplied || state_ == State::kNothing ||
           state_ == State::kAt,
       "8: an unapplied snapshot lies over kNothing or kAt"},
      {!in_snapshot || !acknowledgeable().has_value(),
       "9: a snapshot is not acknowledged"},
      {!assumes || !storable().has_value(),
       "10: an assumed generation is not stored"},
  };
  for (const auto& [holds, invariant] : kInvariants) {
    if (holds) continue;
    return absl::InternalError(absl::StrCat(
        "Holding breaks invariant ", invariant, "; state ",
        static_cast<int>(state_), ", snapshot ", static_cast<int>(snapshot_),
        ", at ", ToString(position_), ", delivered to ", delivered_end_));
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
