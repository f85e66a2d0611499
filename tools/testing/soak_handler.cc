// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/soak_handler.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/testing/soak_report.h"
#include "kevy_replica/tools/testing/soak_stream.h"

namespace kevy_replica {
namespace {

bool SameBytes(const ArgvView& got, const std::vector<std::string>& want) {
  return std::equal(got.begin(), got.end(), want.begin(), want.end());
}

std::string HeldText(const std::optional<FeedPosition>& held) {
  return held.has_value() ? ToString(*held) : "nothing";
}

bool IsBefore(const FeedPosition& a, const FeedPosition& b) {
  return FeedPosition::ValueFields(a) < FeedPosition::ValueFields(b);
}

}  // namespace

void SoakHandler::Resume(const FeedPosition& stored) {
  in_snapshot_ = false;
  payload_ = std::string();
  held_.reset();
  if (stored.generation != 0) held_ = stored;
}

absl::Status SoakHandler::OnFrames(absl::Span<const FrameView> frames,
                                   const FeedPosition& position) {
  if (in_snapshot_) return Violation("frames came inside a snapshot");
  if (!held_.has_value()) {
    return Violation(absl::StrCat("the frame at ", frames[0].offset(),
                                  " came onto data that does not count"));
  }
  for (const FrameView& frame : frames) {
    if (frame.offset() != held_->next_offset) {
      return Violation(absl::StrCat("the frame at ", frame.offset(),
                                    " came, but the held data is at ",
                                    ToString(*held_)));
    }
    if (!SameBytes(frame.argv(),
                   SoakCommand(held_->generation, frame.offset()))) {
      return Violation(
          absl::StrCat("the frame at ", ToString(*held_), " has other bytes"));
    }
    ++held_->next_offset;
    ++report_->frames;
  }
  return CheckTold(position);
}

absl::Status SoakHandler::OnReset(const FeedPosition&) {
  return Violation("a reset came: these primaries always send a snapshot");
}

absl::Status SoakHandler::OnSnapshotBegin() {
  if (in_snapshot_) return Violation("a snapshot began inside another one");
  in_snapshot_ = true;
  return absl::OkStatus();
}

absl::Status SoakHandler::OnSnapshotChunk(absl::string_view bytes) {
  if (!in_snapshot_) return Violation("a chunk came outside a snapshot");
  payload_.append(bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::Status SoakHandler::OnSnapshotEnd(const FeedPosition& position) {
  if (!in_snapshot_) return Violation("a snapshot ended that had not begun");
  in_snapshot_ = false;
  const std::string payload = std::move(payload_);
  payload_ = std::string();
  const std::optional<FeedPosition> loaded = PositionOfSoakPayload(payload);
  if (!loaded.has_value() || payload != SoakPayload(*loaded)) {
    return Violation(absl::StrCat("the snapshot of ", payload.size(),
                                  " bytes that ends at ", ToString(position),
                                  " has other bytes"));
  }
  if (held_.has_value() && IsBefore(*loaded, *held_)) {
    return Violation(absl::StrCat("the snapshot at ", ToString(*loaded),
                                  " lies before the held data at ",
                                  ToString(*held_)));
  }
  held_ = loaded;
  ++report_->snapshots;
  return CheckTold(position);
}

absl::Status SoakHandler::OnSnapshotVoid() {
  // The follower applies a snapshot when it ends, so only one that has not
  // ended can be void.
  if (!in_snapshot_) return Violation("a snapshot was void that had ended");
  in_snapshot_ = false;
  payload_ = std::string();
  return absl::OkStatus();
}

void SoakHandler::OnLinkUp(const LinkUp& link) {
  ++report_->links;
  if (link.from.next_offset == 0 && !held_.has_value()) return;
  if (held_ == link.from) return;
  // The follower may not know the generation of the held data yet.
  if (held_.has_value() && link.from.generation == 0 &&
      link.from.next_offset == held_->next_offset) {
    return;
  }
  Violation(absl::StrCat("the link goes on at ", ToString(link.from),
                         ", but the held data is at ", HeldText(held_)))
      .IgnoreError();
}

absl::Status SoakHandler::OnLinkDown(const LinkDown& link) {
  if (link.resync) held_.reset();
  if (!std::exchange(in_snapshot_, false)) return absl::OkStatus();
  return Violation("a link ended inside a snapshot, which was not made void");
}

absl::Status SoakHandler::Violation(absl::string_view text) {
  const std::string message = absl::StrCat("shard ", shard_, ": ", text);
  report_->AddViolation(message);
  return absl::InternalError(message);
}

absl::Status SoakHandler::CheckTold(const FeedPosition& position) {
  if (position.next_offset == held_->next_offset &&
      (position.generation == 0 || position.generation == held_->generation)) {
    return absl::OkStatus();
  }
  return Violation(absl::StrCat("the position ", ToString(position),
                                " was told, but the held data is at ",
                                ToString(*held_)));
}

}  // namespace kevy_replica
