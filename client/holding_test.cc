// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/holding.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/testing/test_access.h"
#include "kevy_replica/codec/handshake.h"

namespace kevy_replica {
namespace {

using Loading = Holding::Loading;
using Snapshot = Holding::Snapshot;
using State = Holding::State;
using VoidSnapshot = Holding::VoidSnapshot;

constexpr FeedPosition kFreshStart = {0, 0};
constexpr State kStates[] = {State::kNothing,     State::kFresh,
                             State::kAt,          State::kUnknown,
                             State::kUnconfirmed, State::kDoubtful};

// A holding in `state`: generation 7 told or assumed, applied below 8,
// delivered below 12; kFresh has delivered [0, 12).
Holding In(State state, Loading loading = Loading::kStaged) {
  switch (state) {
    case State::kNothing:
      return Holding(kFreshStart, loading);
    case State::kFresh: {
      Holding holding(kFreshStart, loading);
      holding.Reset();
      holding.Delivered(12);
      return holding;
    }
    case State::kAt:
    case State::kUnconfirmed:
    case State::kDoubtful: {
      Holding holding({7, 8}, loading);
      if (state == State::kAt) holding.Delivered(12);
      if (state != State::kAt) holding.LinkUp({7, 8}, Protocol::kV1);
      if (state == State::kDoubtful) holding.Delivered(12);
      return holding;
    }
    case State::kUnknown: {
      Holding holding({0, 8}, loading);
      holding.Delivered(12);
      return holding;
    }
  }
  return Holding(kFreshStart);
}

// A holding in `state`, over which a snapshot arrives.
Holding ArrivingOver(State state, Loading loading = Loading::kStaged) {
  Holding holding = In(state, loading);
  holding.SnapshotBegins();
  return holding;
}

// A holding in `state` with an unapplied snapshot of generation 9 to offset 20.
Holding UnappliedOver(State state) {
  Holding holding = ArrivingOver(state);
  holding.SnapshotEnds({9, 20});
  return holding;
}

void ExpectSound(const Holding& holding) {
  const absl::Status status =
      client_testing::TestAccess::CheckInvariants(holding);
  EXPECT_TRUE(status.ok()) << status;
}

void ExpectHeld(const Holding& holding, State state,
                const FeedPosition& position,
                Snapshot snapshot = Snapshot::kNone) {
  ExpectSound(holding);
  EXPECT_EQ(holding.state(), state);
  EXPECT_EQ(holding.position(), position);
  EXPECT_EQ(holding.snapshot(), snapshot);
}

TEST(HoldingTest, StartsInTheStateOfItsPosition) {
  ExpectHeld(Holding(kFreshStart), State::kNothing, {0, 0});
  ExpectHeld(Holding({0, 8}), State::kUnknown, {0, 8});
  ExpectHeld(Holding({7, 8}), State::kAt, {7, 8});
  ExpectHeld(Holding({7, 0}), State::kAt, {7, 0});
  for (const State state : kStates) EXPECT_EQ(In(state).state(), state);
}

TEST(HoldingTest, StatesHaveTheirPositions) {
  ExpectHeld(In(State::kNothing), State::kNothing, {0, 0});
  ExpectHeld(In(State::kFresh), State::kFresh, {0, 0});
  ExpectHeld(In(State::kAt), State::kAt, {7, 8});
  ExpectHeld(In(State::kUnknown), State::kUnknown, {0, 8});
  ExpectHeld(In(State::kUnconfirmed), State::kUnconfirmed, {0, 8});
  ExpectHeld(In(State::kDoubtful), State::kDoubtful, {0, 8});
}

// Row LinkUp {0, 0}.
TEST(HoldingTest, LinkUpFromFreshStartLosesTheData) {
  for (const State state : kStates) {
    Holding holding = In(state);
    holding.LinkUp(kFreshStart, Protocol::kV2);
    ExpectHeld(holding, State::kNothing, {0, 0});
    // Offsets of earlier links do not count.
    EXPECT_FALSE(holding.Applied(12));
    EXPECT_TRUE(holding.needs_reset());
  }
}

// Row LinkUp, protocol 2.
TEST(HoldingTest, LinkUpOfProtocol2KeepsTheState) {
  for (const State state : {State::kAt, State::kUnknown, State::kDoubtful}) {
    Holding holding = In(state);
    const FeedPosition position = holding.position();
    holding.LinkUp(holding.start(), Protocol::kV2);
    ExpectHeld(holding, state, position);
  }
}

// Row LinkUp, protocol 1.
TEST(HoldingTest, LinkUpOfProtocol1LeavesTheGenerationUnconfirmed) {
  Holding at = In(State::kAt);
  at.LinkUp({7, 8}, Protocol::kV1);
  ExpectHeld(at, State::kUnconfirmed, {0, 8});
  EXPECT_EQ(at.assumed_generation(), 7u);
  for (const State state : {State::kUnknown, State::kDoubtful}) {
    Holding holding = In(state);
    holding.LinkUp({0, 8}, Protocol::kV1);
    ExpectHeld(holding, state, {0, 8});
  }
}

// Row Reset.
TEST(HoldingTest, ResetStartsAFreshHistory) {
  Holding holding = In(State::kNothing);
  EXPECT_TRUE(holding.needs_reset());
  holding.Reset();
  ExpectHeld(holding, State::kFresh, {0, 0});
  EXPECT_FALSE(holding.needs_reset());
  for (const State state : kStates) {
    if (state == State::kNothing) continue;
    EXPECT_FALSE(In(state).needs_reset());
  }
}

// Row Delivered.
TEST(HoldingTest, FramesMakeAnUnconfirmedGenerationDoubtful) {
  Holding unconfirmed = In(State::kUnconfirmed);
  unconfirmed.Delivered(9);
  ExpectHeld(unconfirmed, State::kDoubtful, {0, 8});
  EXPECT_EQ(unconfirmed.assumed_generation(), 7u);
  for (const State state :
       {State::kFresh, State::kAt, State::kUnknown, State::kDoubtful}) {
    Holding holding = In(state);
    const FeedPosition position = holding.position();
    holding.Delivered(20);
    ExpectHeld(holding, state, position);
    EXPECT_EQ(holding.delivered_end(), 20u);
    EXPECT_TRUE(holding.awaits_applied());
    holding.Delivered(15);  // Known already.
    EXPECT_EQ(holding.delivered_end(), 20u);
  }
}

// Row Applied.
TEST(HoldingTest, AppliedMovesThePositionWithinDeliveredFrames) {
  for (const State state : {State::kAt, State::kUnknown, State::kDoubtful}) {
    Holding holding = In(state);
    const uint64_t generation = holding.position().generation;
    EXPECT_TRUE(holding.Applied(10));
    ExpectHeld(holding, state, {generation, 10});
    EXPECT_FALSE(holding.Applied(10));
    EXPECT_FALSE(holding.Applied(9));
    EXPECT_FALSE(holding.Applied(13));  // Not delivered.
    ExpectHeld(holding, state, {generation, 10});
    EXPECT_TRUE(holding.awaits_applied());
    EXPECT_TRUE(holding.Applied(12));
    EXPECT_FALSE(holding.awaits_applied());
  }
  Holding nothing = In(State::kNothing);
  EXPECT_FALSE(nothing.Applied(0));
  EXPECT_FALSE(nothing.Applied(1));
}

TEST(HoldingTest, AppliedEndsAFreshHistorysStart) {
  Holding untold = In(State::kFresh);
  EXPECT_FALSE(untold.Applied(0));
  EXPECT_TRUE(untold.Applied(5));
  ExpectHeld(untold, State::kUnknown, {0, 5});

  Holding told = In(State::kFresh);
  EXPECT_TRUE(told.Told(7));
  ExpectHeld(told, State::kFresh, {0, 0});  // The reset is not applied yet.
  told.LinkEnds(VoidSnapshot::kMayBeApplied);
  EXPECT_TRUE(told.Applied(5));
  ExpectHeld(told, State::kAt, {7, 5});
}

// Frames of a confirmed link, applied during the next one's unconfirmed start.
TEST(HoldingTest, AppliedLateStaysUnconfirmed) {
  Holding holding = In(State::kAt);
  holding.LinkEnds(VoidSnapshot::kMayBeApplied);
  holding.LinkUp({7, 8}, Protocol::kV1);
  EXPECT_TRUE(holding.Applied(12));
  ExpectHeld(holding, State::kUnconfirmed, {0, 12});
  EXPECT_EQ(holding.start(), (FeedPosition{7, 12}));
}

// Row Told.
TEST(HoldingTest, ToldGenerationConfirmsOrNames) {
  for (const State state :
       {State::kAt, State::kUnknown, State::kUnconfirmed, State::kDoubtful}) {
    Holding holding = In(state);
    EXPECT_TRUE(holding.Told(7));
    ExpectHeld(holding, State::kAt, {7, 8});
  }
  Holding nothing = In(State::kNothing);
  EXPECT_TRUE(nothing.Told(7));
  ExpectHeld(nothing, State::kNothing, {0, 0});
  Holding unknown = In(State::kUnknown);
  EXPECT_TRUE(unknown.Told(9));
  ExpectHeld(unknown, State::kAt, {9, 8});
}

TEST(HoldingTest, ToldAnotherGenerationIsForeign) {
  for (const State state :
       {State::kAt, State::kUnconfirmed, State::kDoubtful}) {
    Holding holding = In(state);
    EXPECT_FALSE(holding.Told(9));
    EXPECT_EQ(holding.assumed_generation(), 7u);
    ExpectSound(holding);
  }
}

// Row ToldNone.
TEST(HoldingTest, ToldNoneGivesAnAssumedGenerationUp) {
  for (const State state : {State::kUnconfirmed, State::kDoubtful}) {
    Holding holding = In(state);
    holding.ToldNone();
    ExpectHeld(holding, State::kUnknown, {0, 8});
    EXPECT_EQ(holding.storable(), (FeedPosition{0, 8}));
    EXPECT_TRUE(holding.Told(9));  // The comparison has ended.
  }
  for (const State state :
       {State::kNothing, State::kFresh, State::kAt, State::kUnknown}) {
    Holding holding = In(state);
    const FeedPosition position = holding.position();
    holding.ToldNone();
    ExpectHeld(holding, state, position);
  }
}

// Row SnapshotBegins.
TEST(HoldingTest, StagedSnapshotKeepsTheDataWhileItArrives) {
  for (const State state : kStates) {
    Holding holding = In(state);
    const FeedPosition position = holding.position();
    holding.SnapshotBegins();
    ExpectHeld(holding, state == State::kFresh ? State::kNothing : state,
               position, Snapshot::kArriving);
    EXPECT_FALSE(holding.needs_reset());
  }
}

TEST(HoldingTest, SnapshotInPlaceLosesTheDataFirst) {
  for (const State state : kStates) {
    Holding holding = ArrivingOver(state, Loading::kInPlace);
    ExpectHeld(holding, State::kNothing, {0, 0}, Snapshot::kArriving);
    EXPECT_EQ(holding.storable(), kFreshStart);
  }
}

TEST(HoldingTest, SecondSnapshotLosesTheFirstUnappliedOne) {
  Holding holding = UnappliedOver(State::kAt);
  holding.SnapshotBegins();
  ExpectHeld(holding, State::kNothing, {0, 0}, Snapshot::kArriving);
  EXPECT_FALSE(holding.Applied(20));
}

// Row SnapshotEnds.
TEST(HoldingTest, SnapshotEndKeepsOnlyDataOfAToldGeneration) {
  for (const State state : kStates) {
    Holding holding = UnappliedOver(state);
    if (state == State::kAt) {
      ExpectHeld(holding, State::kAt, {7, 8}, Snapshot::kUnapplied);
    } else {
      ExpectHeld(holding, State::kNothing, {0, 0}, Snapshot::kUnapplied);
    }
    EXPECT_TRUE(holding.awaits_applied());
    EXPECT_EQ(holding.delivered_end(), 20u);
  }
}

// Row LinkEnds.
TEST(HoldingTest, LinkEndKeepsTheStateAndRestoresAnUnconfirmedOne) {
  for (const State state : kStates) {
    Holding holding = In(state);
    const FeedPosition position = holding.position();
    const uint64_t delivered_end = holding.delivered_end();
    holding.LinkEnds(VoidSnapshot::kMayBeApplied);
    if (state == State::kUnconfirmed) {
      ExpectHeld(holding, State::kAt, {7, 8});
    } else {
      ExpectHeld(holding, state, position);
    }
    EXPECT_EQ(holding.delivered_end(), delivered_end);
  }
}

// Row LeavePrimary.
TEST(HoldingTest, LeavingThePrimaryLosesDoubtfulData) {
  for (const State state : kStates) {
    Holding holding = In(state);
    const FeedPosition position = holding.position();
    holding.LeavePrimary();
    if (state == State::kUnconfirmed) {
      ExpectHeld(holding, State::kAt, {7, 8});
    } else if (state == State::kDoubtful) {
      ExpectHeld(holding, State::kNothing, {0, 0});
    } else {
      ExpectHeld(holding, state, position);
    }
  }
}

// Row Lose.
TEST(HoldingTest, LosingForgetsAll) {
  for (const State state : kStates) {
    Holding holding = In(state);
    holding.Lose();
    ExpectHeld(holding, State::kNothing, {0, 0});
    EXPECT_FALSE(holding.Applied(12));
    EXPECT_EQ(holding.assumed_generation(), 0u);
  }
}

// ---- During a snapshot.

TEST(HoldingTest, ArrivingSnapshotIgnoresAppliedAndTold) {
  for (const State state : kStates) {
    Holding holding = ArrivingOver(state);
    const State before = holding.state();
    const FeedPosition position = holding.position();
    EXPECT_FALSE(holding.Applied(12));
    EXPECT_TRUE(holding.Told(9));
    ExpectHeld(holding, before, position, Snapshot::kArriving);
    EXPECT_FALSE(holding.awaits_applied());
  }
}

TEST(HoldingTest, UnappliedSnapshotIsAppliedFromItsEndOn) {
  Holding holding = UnappliedOver(State::kAt);
  EXPECT_FALSE(holding.Applied(12));  // Of the replaced data.
  EXPECT_FALSE(holding.Applied(19));
  EXPECT_FALSE(holding.Applied(21));  // Not delivered.
  Holding exact = holding;
  EXPECT_TRUE(exact.Applied(20));
  ExpectHeld(exact, State::kAt, {9, 20});
  holding.Delivered(25);
  ExpectHeld(holding, State::kAt, {7, 8}, Snapshot::kUnapplied);
  EXPECT_TRUE(holding.Applied(23));
  ExpectHeld(holding, State::kAt, {9, 23});
  EXPECT_TRUE(holding.Applied(25));
}

TEST(HoldingTest, UnappliedSnapshotTakesTheToldGeneration) {
  Holding holding = ArrivingOver(State::kAt);
  holding.SnapshotEnds({0, 20});
  Holding untold = holding;
  EXPECT_TRUE(untold.Applied(20));
  ExpectHeld(untold, State::kUnknown, {0, 20});
  EXPECT_TRUE(holding.Told(9));
  ExpectHeld(holding, State::kAt, {7, 8}, Snapshot::kUnapplied);
  EXPECT_TRUE(holding.Applied(20));
  ExpectHeld(holding, State::kAt, {9, 20});
}

TEST(HoldingTest, LinkEndMakesAnArrivingSnapshotVoid) {
  for (const State state : kStates) {
    Holding holding = ArrivingOver(state);
    const FeedPosition position = holding.position();
    holding.LinkEnds(VoidSnapshot::kMayBeApplied);
    EXPECT_EQ(holding.snapshot(), Snapshot::kNone);
    EXPECT_EQ(holding.position(),
              state == State::kUnconfirmed ? (FeedPosition{7, 8}) : position);
    // Frames before the snapshot are delivered again.
    EXPECT_FALSE(holding.Applied(12));
    EXPECT_FALSE(holding.awaits_applied());
    ExpectSound(holding);
  }
}

TEST(HoldingTest, LinkEndLosesDataUnderASnapshotThatMayBeApplied) {
  Holding holding = UnappliedOver(State::kAt);
  holding.LinkEnds(VoidSnapshot::kMayBeApplied);
  ExpectHeld(holding, State::kNothing, {0, 0});
  EXPECT_FALSE(holding.Applied(20));
}

TEST(HoldingTest, LinkEndKeepsDataUnderASnapshotThatIsNotApplied) {
  Holding holding = UnappliedOver(State::kAt);
  holding.LinkEnds(VoidSnapshot::kIsNotApplied);
  ExpectHeld(holding, State::kAt, {7, 8});
  EXPECT_FALSE(holding.Applied(20));
}

// ---- The four questions.

TEST(HoldingTest, StartClaimsOnlyACertainGeneration) {
  EXPECT_EQ(In(State::kNothing).start(), kFreshStart);
  EXPECT_EQ(In(State::kFresh).start(), kFreshStart);
  EXPECT_EQ(In(State::kAt).start(), (FeedPosition{7, 8}));
  EXPECT_EQ(In(State::kUnknown).start(), (FeedPosition{0, 8}));
  EXPECT_EQ(In(State::kUnconfirmed).start(), (FeedPosition{7, 8}));
  EXPECT_EQ(In(State::kDoubtful).start(), (FeedPosition{0, 8}));
}

TEST(HoldingTest, NoOffsetIsAcknowledgeableDuringASnapshot) {
  for (const State state : kStates) {
    const Holding holding = In(state);
    EXPECT_EQ(holding.acknowledgeable(), holding.position().next_offset);
    EXPECT_EQ(ArrivingOver(state).acknowledgeable(), std::nullopt);
    EXPECT_EQ(UnappliedOver(state).acknowledgeable(), std::nullopt);
  }
}

TEST(HoldingTest, AssumedGenerationsAreNotStorable) {
  EXPECT_EQ(In(State::kNothing).storable(), kFreshStart);
  EXPECT_EQ(In(State::kFresh).storable(), kFreshStart);
  EXPECT_EQ(In(State::kAt).storable(), (FeedPosition{7, 8}));
  EXPECT_EQ(In(State::kUnknown).storable(), (FeedPosition{0, 8}));
  EXPECT_EQ(In(State::kUnconfirmed).storable(), std::nullopt);
  EXPECT_EQ(In(State::kDoubtful).storable(), std::nullopt);
}

TEST(HoldingTest, LostDataMustBeStoredAtOnce) {
  EXPECT_TRUE(In(State::kNothing).must_store({7, 8}));
  EXPECT_TRUE(In(State::kFresh).must_store({7, 8}));
  EXPECT_FALSE(In(State::kNothing).must_store(kFreshStart));
  for (const State state :
       {State::kAt, State::kUnknown, State::kUnconfirmed, State::kDoubtful}) {
    EXPECT_FALSE(In(state).must_store({7, 3}));
    EXPECT_FALSE(In(state).must_store({0, 3}));
  }
}

TEST(HoldingTest, StoredOffsetOfUnknownGenerationMustNotOutliveASnapshot) {
  const Holding holding = UnappliedOver(State::kAt);
  EXPECT_TRUE(holding.must_store({0, 8}));
  EXPECT_FALSE(holding.must_store({7, 3}));
  EXPECT_FALSE(holding.must_store({7, 8}));
}

TEST(HoldingTest, DataBeyondThePrimarysHistoryIsForeign) {
  for (const State state :
       {State::kAt, State::kUnknown, State::kUnconfirmed, State::kDoubtful}) {
    const Holding holding = In(state);
    const uint64_t generation = holding.position().generation;
    EXPECT_TRUE(holding.reaches_beyond(generation, 7));
    EXPECT_FALSE(holding.reaches_beyond(generation, 8));
    EXPECT_FALSE(holding.reaches_beyond(9, 7));  // A snapshot is due.
    EXPECT_FALSE(ArrivingOver(state).reaches_beyond(generation, 7));
  }
  EXPECT_FALSE(UnappliedOver(State::kAt).reaches_beyond(7, 7));
  EXPECT_FALSE(In(State::kNothing).reaches_beyond(0, 0));
  EXPECT_FALSE(In(State::kFresh).reaches_beyond(0, 0));
}

// ---- Extend(), for readers without a handler.

TEST(HoldingTest, ExtendsOnlyDataOfTheStreamsGeneration) {
  Holding holding({7, 8});
  EXPECT_TRUE(holding.is_extended_by(7, 8));
  EXPECT_FALSE(holding.is_extended_by(7, 9));
  EXPECT_FALSE(holding.is_extended_by(9, 8));
  holding.Extend(10);
  ExpectHeld(holding, State::kAt, {7, 10});
  EXPECT_FALSE(holding.awaits_applied());
  EXPECT_FALSE(In(State::kNothing).is_extended_by(0, 0));
  EXPECT_FALSE(In(State::kFresh).is_extended_by(0, 0));
  EXPECT_FALSE(In(State::kUnconfirmed).is_extended_by(0, 8));
  EXPECT_TRUE(In(State::kUnknown).is_extended_by(0, 8));
  EXPECT_TRUE(In(State::kDoubtful).is_extended_by(0, 8));
  EXPECT_FALSE(ArrivingOver(State::kAt).is_extended_by(7, 8));
}

}  // namespace
}  // namespace kevy_replica
