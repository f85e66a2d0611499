// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The data that a replica holds: of which history, applied up to where.
//
// Session keeps one for received data, FollowerSession one for applied data.
// Both tell it events; it answers four questions:
//
//   start()            where does the next link start?
//   acknowledgeable()  which offset may be acknowledged?
//   storable()         which position may be stored?
//   Applied()          does this applied offset still count?
//
// Invariants (CheckInvariants() tests each):
//   1. kNothing and kFresh have position {0, 0}.
//   2. kAt has a generation other than 0. Every other state has position
//      {0, n}.
//   3. kUnconfirmed and kDoubtful have an assumed generation other than 0.
//   4. kNothing has delivered nothing: delivered_end() is 0, outside a
//      snapshot.
//   5. Outside a snapshot, the applied offset is at most delivered_end().
//   6. During a snapshot the state is not kFresh.
//   7. During a snapshot in place the state is kNothing.
//   8. An unapplied snapshot lies over kNothing or kAt only.
//   9. During a snapshot acknowledgeable() is empty.
//  10. In kUnconfirmed and kDoubtful storable() is empty.
//
// States, and the position that each one has:
//
//   kNothing      {0, 0}   The data does not count. The next link is a fresh
//                          start.
//   kFresh        {0, 0}   A history's frames from its first write on were
//                          delivered, after a reset, but not applied.
//   kAt           {g, n}   History g, applied below n.
//   kUnknown      {0, n}   Applied below n of a history without a name yet.
//   kUnconfirmed  {0, n}   Protocol 1 resumed history g at n. The link has not
//                          confirmed g, nor delivered a frame.
//   kDoubtful     {0, n}   The same, and frames were delivered: the data may
//                          be of two histories.
//
// Beside the state runs the snapshot: kNone, kArriving (begun, not ended),
// kUnapplied (delivered whole, not applied).
//
// Transitions. "=": unchanged. An empty cell cannot happen. `g` is the
// generation told, `h` the position's, `a` the assumed one.
//
// | event          | Nothing | Fresh   | At(h)   | Unknown | Unconf. | Doubt. |
// |                |         |         |         |         | (a)     | (a)    |
// |----------------|---------|---------|---------|---------|---------|--------|
// | LinkUp {0, 0}  | =       | Nothing | Nothing | Nothing |         | Nothing|
// |  protocol 2    |         |         | =       | =       |         | =      |
// |  protocol 1    |         |         | Unconf. | =       |         | =      |
// | Reset          | Fresh   |         |         |         |         |        |
// | Delivered      |         | =       | =       | =       | Doubt.  | =      |
// | Applied        |         | At(g),  | =       | =       | =       | =      |
// |                |         | Unknown |         |         |         |        |
// | Told g         | =       | =       | =       | At(g)   | At(a)   | At(a)  |
// |  g is another  |         |         | foreign |         | foreign | foreign|
// | ToldNone       | =       | =       | =       | =       | Unknown | Unknown|
// | SnapshotBegins | =       | Nothing | =       | =       | =       | =      |
// |  in place      | =       | Nothing | Nothing | Nothing | Nothing | Nothing|
// | SnapshotEnds   | =       |         | =       | Nothing | Nothing | Nothing|
// | LinkEnds       | =       | =       | =       | =       | At(a)   | =      |
// | LeavePrimary   | =       | =       | =       | =       | At(a)   | Nothing|
// | Lose           | =       | Nothing | Nothing | Nothing | Nothing | Nothing|
//
// The same events during a snapshot:
//
// | event          | kArriving        | kUnapplied                            |
// |----------------|------------------|---------------------------------------|
// | Delivered      |                  | = (frames behind the snapshot)        |
// | Applied        | does not count   | from the snapshot's end on: kNone,    |
// |                |                  | At(g) or Unknown                      |
// |  below its end | does not count   | does not count                        |
// | Told g         | =                | = (the snapshot is of g)              |
// | SnapshotBegins |                  | kArriving, Nothing: the first one may |
// |                |                  | still be applied                      |
// | SnapshotEnds   | kUnapplied       |                                       |
// | LinkEnds       | kNone, =         | kNone, Nothing: the snapshot is void, |
// |                |                  | but may still be applied              |
// |  kIsNotApplied | kNone, =         | kNone, =                              |

#ifndef KEVY_REPLICA_CLIENT_HOLDING_H_
#define KEVY_REPLICA_CLIENT_HOLDING_H_

#include <cstdint>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/handshake.h"

namespace kevy_replica {
namespace client_testing {
class TestAccess;
}  // namespace client_testing

// Not thread-safe. Copyable.
class Holding {
 public:
  enum class State : uint8_t {
    // The data was lost, or has not begun.
    // Next: kFresh, kAt, kUnknown.
    kNothing,
    // Reset() dropped the data, frames may have been delivered.
    // Next: kAt, kUnknown, kNothing.
    kFresh,
    // The primary told the data's generation.
    // Next: kUnconfirmed, kNothing, kUnknown.
    kAt,
    // Data was applied before its generation was told.
    // Next: kAt, kNothing.
    kUnknown,
    // A link of protocol 1 resumed kAt.
    // Next: kAt, kDoubtful, kUnknown, kNothing.
    kUnconfirmed,
    // Frames were delivered over kUnconfirmed.
    // Next: kAt, kUnknown, kNothing.
    kDoubtful,
  };
  enum class Snapshot : uint8_t {
    // Frames are expected.
    // Next: kArriving.
    kNone,
    // The begin was delivered, the end was not.
    // Next: kUnapplied, kNone.
    kArriving,
    // The end was delivered, the snapshot is not applied.
    // Next: kNone, kArriving.
    kUnapplied,
  };
  enum class Loading : uint8_t {
    kStaged,   // The held data stands until the snapshot is applied.
    kInPlace,  // The held data is gone as soon as a snapshot begins.
  };
  // Whether a snapshot that a link's end made void may be applied later.
  enum class VoidSnapshot : uint8_t { kMayBeApplied, kIsNotApplied };

  // Starts at `position`: kNothing for {0, 0}, kUnknown for {0, n}, else kAt.
  explicit Holding(const FeedPosition& position,
                   Loading loading = Loading::kStaged);

  // ---- Getters.

  State state() const { return state_; }
  Snapshot snapshot() const { return snapshot_; }

  // The applied position. The generation is 0 unless a primary has told it.
  const FeedPosition& position() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return position_;
  }

  // The generation that the data had before this link, as far as it is known:
  // the position's, or the assumed one of kUnconfirmed and kDoubtful.
  uint64_t assumed_generation() const {
    return position_.generation != 0 ? position_.generation : generation_;
  }

  // One past the last delivered offset.
  uint64_t delivered_end() const { return delivered_end_; }

  // Whether delivered data is not applied yet.
  bool awaits_applied() const {
    return snapshot_ == Snapshot::kUnapplied ||
           (snapshot_ == Snapshot::kNone &&
            position_.next_offset != delivered_end_);
  }

  // Whether the data reaches beyond `end`, where the history `generation` (0:
  // without a name yet) of the primary ends: then the data is of another
  // history, even if the generations are the same. kevy before 5.1 counts its
  // generations from 1, so a primary that lost its data uses them again. False
  // during a snapshot, and while the data's generation is another: a snapshot
  // is due then.
  bool reaches_beyond(uint64_t generation, uint64_t end) const {
    return snapshot_ == Snapshot::kNone && position_.generation == generation &&
           position_.next_offset > end;
  }

  // Whether the next delivered frame must follow a Reset().
  bool needs_reset() const {
    return state_ == State::kNothing && snapshot_ == Snapshot::kNone;
  }

  // ---- The four questions. The fourth is Applied().

  // Where the next link starts. {0, 0} is a fresh start.
  // kUnconfirmed claims its assumed generation, kDoubtful claims 0.
  FeedPosition start() const;

  // The offset that may be acknowledged. Empty during a snapshot.
  std::optional<uint64_t> acknowledgeable() const {
    if (snapshot_ != Snapshot::kNone) return std::nullopt;
    return position_.next_offset;
  }

  // The position that may be stored. Empty while the generation is assumed.
  std::optional<FeedPosition> storable() const {
    if (state_ == State::kUnconfirmed || state_ == State::kDoubtful) {
      return std::nullopt;
    }
    return position_;
  }

  // Whether storable() must be stored before anything else is delivered, where
  // `stored` is stored now. Two cases: the data is lost; and a snapshot came
  // over a stored offset of unknown generation, which could be mistaken for one
  // of the snapshot's history.
  bool must_store(const FeedPosition& stored) const;

  // ---- Events.

  // The primary answered a link that asked for `from`.
  void LinkUp(const FeedPosition& from, Protocol protocol);

  // The held data is dropped: frames follow from a history's first write.
  // Precondition: needs_reset().
  void Reset();

  // Frames up to `end` (one past the last offset) were delivered.
  // Precondition: not needs_reset(), and no snapshot arrives.
  void Delivered(uint64_t end);

  // The handler applied all delivered data below `next_offset`. Returns whether
  // this counts: it moves the position, and was delivered since the last loss.
  [[nodiscard]] bool Applied(uint64_t next_offset);

  // Whether Extend() is all that a frame of `generation` at `offset` needs, if
  // it is also applied. For readers without a handler.
  bool is_extended_by(uint64_t generation, uint64_t offset) const {
    return position_.next_offset == offset &&
           position_.generation == generation && state_ > State::kFresh &&
           state_ != State::kUnconfirmed && snapshot_ == Snapshot::kNone;
  }
  void Extend(uint64_t end) { position_.next_offset = delivered_end_ = end; }

  // The primary told the generation of this link's data. Returns false if the
  // held data has another one: a foreign history. The caller then ends the
  // link, and calls Lose(). Precondition: `generation` is not 0.
  [[nodiscard]] bool Told(uint64_t generation);

  // The primary will not tell a generation on this link. An assumed generation
  // is given up.
  void ToldNone();

  // A snapshot's begin was delivered.
  void SnapshotBegins();

  // Its end was delivered: the snapshot is the data at `position`, of
  // generation 0 if that is not told yet. Precondition: a snapshot arrives.
  void SnapshotEnds(const FeedPosition& position);

  // The link ended. A snapshot that is not applied is void.
  void LinkEnds(VoidSnapshot void_snapshot);

  // The next link goes to another primary, or another process: neither could
  // confirm an assumed generation.
  void LeavePrimary();

  // The held data stops counting.
  void Lose();

 private:
  friend class client_testing::TestAccess;

  // kInternal, naming the first invariant that does not hold. For tests.
  absl::Status CheckInvariants() const;

  // To kAt, or to kUnknown where `generation` is 0.
  void Hold(uint64_t generation, uint64_t next_offset);

  FeedPosition position_;
  // kFresh: the generation told so far, or 0. kUnconfirmed and kDoubtful: the
  // assumed generation. Otherwise 0.
  uint64_t generation_ = 0;
  uint64_t delivered_end_ = 0;
  FeedPosition snapshot_position_;  // Of an unapplied snapshot.
  State state_ = State::kNothing;
  Snapshot snapshot_ = Snapshot::kNone;
  Loading loading_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_HOLDING_H_
