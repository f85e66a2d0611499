// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/errors.h"

#include <optional>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

struct Row {
  ReplicaErrorKind kind;
  absl::StatusCode code;
  Action action;
};

// The table in errors.h, written out once more.
constexpr Row kTable[] = {
    {ReplicaErrorKind::kHandshakeRejected,
     absl::StatusCode::kFailedPrecondition, Action::kBackOff},
    {ReplicaErrorKind::kAckMalformed, absl::StatusCode::kDataLoss,
     Action::kBackOff},
    {ReplicaErrorKind::kTruncated, absl::StatusCode::kUnavailable,
     Action::kReconnect},
    {ReplicaErrorKind::kFrame, absl::StatusCode::kDataLoss, Action::kReconnect},
    {ReplicaErrorKind::kOffsetGap, absl::StatusCode::kOutOfRange,
     Action::kResync},
    {ReplicaErrorKind::kForeignHistory, absl::StatusCode::kOutOfRange,
     Action::kResync},
    {ReplicaErrorKind::kGenerationChanged, absl::StatusCode::kAborted,
     Action::kReconnect},
    {ReplicaErrorKind::kStalled, absl::StatusCode::kUnavailable,
     Action::kReconnect},
    {ReplicaErrorKind::kNotPrimary, absl::StatusCode::kFailedPrecondition,
     Action::kLocatePrimary},
    {ReplicaErrorKind::kUnexpectedInSnapshot, absl::StatusCode::kDataLoss,
     Action::kReconnect},
    {ReplicaErrorKind::kSnapshotInProgress,
     absl::StatusCode::kFailedPrecondition, Action::kReadEvents},
    {ReplicaErrorKind::kPayload, absl::StatusCode::kDataLoss, Action::kBackOff},
    {ReplicaErrorKind::kIo, absl::StatusCode::kUnavailable, Action::kReconnect},
};

TEST(ErrorsTest, EveryKindHasItsCodeAndAction) {
  for (const Row& row : kTable) {
    const absl::Status status = ReplicaError(row.kind, "why");
    EXPECT_EQ(status.code(), row.code) << row.kind;
    EXPECT_EQ(status.message(), "why");
    EXPECT_EQ(ReplicaErrorKindOf(status), row.kind);
    EXPECT_EQ(RecommendedAction(status), row.action) << row.kind;
    EXPECT_EQ(WireErrorOf(status), std::nullopt);
    EXPECT_FALSE(OffsetGapOf(status).has_value());
    EXPECT_FALSE(ForeignHistoryOf(status).has_value());
  }
}

TEST(ErrorsTest, CopiedStatusKeepsKind) {
  absl::Status status = ReplicaError(ReplicaErrorKind::kTruncated, "why");
  absl::Status passed_on;
  passed_on.Update(status);
  EXPECT_EQ(ReplicaErrorKindOf(passed_on), ReplicaErrorKind::kTruncated);
}

TEST(ErrorsTest, StatusKeepsWireError) {
  const absl::Status status = ReplicaWireError(
      ReplicaErrorKind::kFrame, WireError::kNegativeOffset, "why");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(WireErrorOf(status), WireError::kNegativeOffset);
  EXPECT_EQ(ReplicaErrorKindOf(status), ReplicaErrorKind::kFrame);
}

TEST(ErrorsTest, EveryWireErrorRoundTrips) {
  size_t count = 0;
  for (int i = 0; WireErrorName(static_cast<WireError>(i)) != "unknown"; ++i) {
    const auto error = static_cast<WireError>(i);
    const absl::Status status =
        ReplicaWireError(ReplicaErrorKind::kFrame, error, "why");
    EXPECT_EQ(WireErrorOf(status), error) << WireErrorName(error);
    ++count;
  }
  EXPECT_GT(count, static_cast<size_t>(WireError::kNoSpace));
}

TEST(ErrorsTest, ExceededLimitIsResourceExhausted) {
  const absl::Status status = ReplicaWireError(ReplicaErrorKind::kFrame,
                                               WireError::kBulkTooLong, "why");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RecommendedAction(status), Action::kReconnect);
}

TEST(ErrorsTest, GapKeepsBothOffsets) {
  const absl::Status status = OffsetGapError({7, 18446744073709551615u}, "why");
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  ASSERT_TRUE(OffsetGapOf(status).has_value());
  EXPECT_EQ(OffsetGapOf(status)->expected, 7);
  EXPECT_EQ(OffsetGapOf(status)->got, 18446744073709551615u);
  EXPECT_FALSE(ForeignHistoryOf(status).has_value());
}

TEST(ErrorsTest, ForeignHistoryKeepsBothGenerations) {
  const absl::Status status = ForeignHistoryError({7, 9}, ", at byte 3");
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  ASSERT_TRUE(ForeignHistoryOf(status).has_value());
  EXPECT_EQ(ForeignHistoryOf(status)->held, 7);
  EXPECT_EQ(ForeignHistoryOf(status)->primary, 9);
  EXPECT_FALSE(OffsetGapOf(status).has_value());
  EXPECT_EQ(status.message(),
            "the held data is of generation 7, the primary goes on with "
            "generation 9 without a snapshot, at byte 3");
  EXPECT_EQ(ForeignHistoryError({0, 9}, "").message(),
            "the held data is of an unknown generation, the primary goes on "
            "with generation 9 without a snapshot");
}

TEST(ErrorsTest, ShortHistoryNamesBothEnds) {
  const absl::Status status = ShortHistoryError({7, 7}, 50, 3, ", at byte 3");
  EXPECT_EQ(ReplicaErrorKindOf(status), ReplicaErrorKind::kForeignHistory);
  EXPECT_EQ(RecommendedAction(status), Action::kResync);
  EXPECT_EQ(ForeignHistoryOf(status), (ForeignHistory{7, 7}));
  EXPECT_EQ(status.message(),
            "the held data is of generation 7 and reaches offset 50, but the "
            "primary's history ends at offset 3: the primary lost its data, or "
            "another one took its place, at byte 3");
}

TEST(ErrorsTest, OtherStatusesHaveActions) {
  EXPECT_EQ(RecommendedAction(absl::OkStatus()), Action::kNone);
  EXPECT_EQ(RecommendedAction(absl::CancelledError()), Action::kCaller);
  EXPECT_EQ(RecommendedAction(absl::DeadlineExceededError("")),
            Action::kCaller);
  EXPECT_EQ(RecommendedAction(absl::InvalidArgumentError("")), Action::kCaller);
  EXPECT_EQ(RecommendedAction(absl::UnavailableError("")), Action::kReconnect);
  EXPECT_EQ(ReplicaErrorKindOf(absl::UnavailableError("")), std::nullopt);
  EXPECT_EQ(ReplicaErrorKindOf(absl::OkStatus()), std::nullopt);
}

TEST(ErrorsTest, AsIoErrorKeepsCodeAndKnownKind) {
  const absl::Status io = AsIoError(absl::NotFoundError("no such name"));
  EXPECT_EQ(io.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(io.message(), "no such name");
  EXPECT_EQ(ReplicaErrorKindOf(io), ReplicaErrorKind::kIo);
  EXPECT_EQ(RecommendedAction(io), Action::kReconnect);

  EXPECT_EQ(AsIoError(absl::OkStatus()), absl::OkStatus());
  EXPECT_EQ(ReplicaErrorKindOf(AsIoError(absl::CancelledError("x"))),
            std::nullopt);
  EXPECT_EQ(ReplicaErrorKindOf(AsIoError(absl::DeadlineExceededError("x"))),
            std::nullopt);
  EXPECT_EQ(ReplicaErrorKindOf(
                AsIoError(ReplicaError(ReplicaErrorKind::kTruncated, "why"))),
            ReplicaErrorKind::kTruncated);
}

TEST(ErrorsTest, NamesAreDistinctAndLowerCase) {
  EXPECT_EQ(ReplicaErrorKindName(ReplicaErrorKind::kHandshakeRejected),
            "handshake_rejected");
  EXPECT_EQ(ActionName(Action::kBackOff), "back_off");
  EXPECT_EQ(ActionName(Action::kLocatePrimary), "locate_primary");
  for (const Row& a : kTable) {
    for (const Row& b : kTable) {
      if (a.kind != b.kind) {
        EXPECT_NE(ReplicaErrorKindName(a.kind), ReplicaErrorKindName(b.kind));
      }
    }
  }
}

}  // namespace
}  // namespace kevy_replica
